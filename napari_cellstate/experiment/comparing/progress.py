"""Different paths or different speeds along one path: pseudotime, steps back, and where observed movements lead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.means import compare_features
from napari_cellstate.compare.steps import backward_counts, compare_backward
from napari_cellstate.compare.verdict import Margins
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.field import find_steps
from napari_cellstate.dynamics.pairs import row_pairs
from napari_cellstate.dynamics.phase import simulate_phase
from napari_cellstate.dynamics.pseudotime import diffusion_pseudotime, root_of_state
from napari_cellstate.experiment.comparing.comparison import number
from napari_cellstate.experiment.observations import Observations

Floats = NDArray[np.float64]

STARTS, TIMES, NEIGHBOURS, NEAREST = 60, 50, 100, 15
"""Points that drift, their steps, observed steps that each asks, and rows that tell its pseudotime."""


@dataclass(frozen=True, eq=False)
class Along:
    """Pseudotime of the rows, and how far each replicate's movements lead.

    Attributes
    ----------
    pseudotime : (N,), NaN where a row has no place in the space.
    mean : (S,) of each sample. drifted : (S,) mean pseudotime over the whole phase simulation, which at its end may
        have reached the end of the cloud everywhere.
    backward : (S, 2) steps that go back, and that do not.
    curves : (S, TIMES + 1) mean pseudotime in the course of the phase simulation.
    """

    pseudotime: Floats
    mean: Floats
    drifted: Floats
    backward: NDArray[np.int64]
    curves: Floats


def follow(seen: Observations, root: str, progress: Progress = silent) -> Along:
    """Order all rows from the middle of a state, and let the same points drift with the movements of each replicate.

    Parameters
    ----------
    root : name of the state to begin from; the order is made from all conditions together.

    Raises
    ------
    InputError
        No states, no features, or no such state.
    """
    if not seen.features or root not in seen.states:
        raise InputError(
            f"--root {root!r}: expected features and one of the states {', '.join(seen.states) or '(none)'}"
        )
    rows = np.flatnonzero(seen.placed)
    points, sample = seen.space[rows], seen.sample[rows]
    first = root_of_state(points, seen.state[rows], seen.states.index(root) + 1)
    known = diffusion_pseudotime(points, first)
    pseudotime = np.full(len(seen.movie), np.nan)
    pseudotime[rows] = known
    size = len(seen.samples.condition)
    mean = np.bincount(sample, known, size) / np.maximum(np.bincount(sample, minlength=size), 1)
    pairs = row_pairs(seen.run, seen.frame, seen.lag)
    backward = backward_counts(pseudotime, pairs, seen.sample, samples=size)
    curves = _drift(seen, rows, known, progress)
    return Along(pseudotime, mean, curves.mean(axis=1), backward, curves)


def _drift(seen: Observations, rows: NDArray[np.int64], known: Floats, progress: Progress) -> Floats:
    """Mean pseudotime of points that begin at the same early places, sample by sample."""
    from scipy.spatial import cKDTree

    points, sample = seen.space[rows], seen.sample[rows]
    early = np.argsort(known, kind="stable")[: max(len(known) // 4, 1)]
    start = points[early[:: max(1, len(early) // STARTS)]][:STARTS]
    tree = cKDTree(points)
    curves = np.full((len(seen.samples.condition), TIMES + 1), np.nan)
    for nth in range(len(curves)):
        progress(nth, len(curves), "phase simulation of each replicate")
        mine = sample == nth
        run, frame, track = seen.run[rows][mine], seen.frame[rows][mine], seen.track[rows][mine]
        steps = find_steps(points[mine], run, frame, seen.lag, track=track)
        if len(steps.start) < NEAREST:
            continue
        paths = simulate_phase(steps, start, times=TIMES, neighbours=NEIGHBOURS, step=float(seen.lag)).paths
        _, near = tree.query(paths.reshape(-1, points.shape[1]), k=min(NEAREST, len(points)))
        curves[nth] = known[near].reshape(len(start), TIMES + 1, -1).mean(axis=(0, 2))
    return curves


def find_progress(seen: Observations, along: Along, design: Design, margins: Margins) -> list[Finding]:
    """Share of steps back, mean pseudotime, and progress in the phase simulation; not yet corrected."""
    sd = float(np.nanstd(along.pseudotime)) or 1.0
    findings = compare_backward(along.backward, design, margin=margins.occupancy)
    for name, values in (("pseudotime", along.mean), ("phase progress", along.drifted)):
        found = compare_features(values[:, None], design, features=[name], sd=np.array([sd]), margin=margins.mean_sd)
        findings += [replace(one, question="progress", name=name, unit="sd of pseudotime of rows") for one in found]
    return findings


def describe_progress(seen: Observations, along: Along, root: str) -> dict[str, Any]:
    """Curves of the phase simulation, the mean of the replicates of each condition."""
    curves = {}
    for condition in seen.conditions:
        mine = along.curves[seen.samples.condition == condition]
        there = mine[np.isfinite(mine).all(axis=1)]
        curves[condition] = [number(one) for one in there.mean(axis=0).tolist()] if len(there) else []
    return {"root": root, "steps": TIMES, "pseudotime": curves}
