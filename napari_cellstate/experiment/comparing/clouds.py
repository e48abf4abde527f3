"""How different: distance, classifier and emissions between clouds of windows, and descriptions without a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design, Samples
from napari_cellstate.compare.discriminate import tell_apart
from napari_cellstate.compare.emissions import compare_emissions
from napari_cellstate.compare.finding import Finding, permutation_finding
from napari_cellstate.compare.transport import Transport, compare_clouds
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.comparing.comparison import number
from napari_cellstate.experiment.observations import Observations

Floats = NDArray[np.float64]
LEAST = 4
"""Rows of each replicate below which a cloud is not compared."""
EMISSION_DIMENSIONS = 10
STATE_DRAWS, STATE_RELABEL_DRAWS = 50, 5


@dataclass(frozen=True)
class Clouds:
    """How clouds are compared.

    Attributes
    ----------
    points : drawn of each side.
    draws : random samples of so many points; `relabel_draws` for each relabeling of the replicates.
    """

    points: int = 100
    draws: int = 200
    relabel_draws: int = 20
    seed: int = 0


def find_distances(
    seen: Observations, design: Design, settings: Clouds, progress: Progress = silent
) -> tuple[list[Finding], dict[str, Any]]:
    """Findings whose test is a permutation of replicates, not yet corrected, and what was drawn."""
    known = seen.placed
    if not seen.features or not _enough(seen, design, known):
        return [], {}
    whole = _distance(seen, design, known, settings, progress)
    findings, details = [_finding("distance", design, whole, seen)], {"distance": _drawn(whole)}
    few = Clouds(settings.points, STATE_DRAWS, STATE_RELABEL_DRAWS, settings.seed)
    for nth, name in enumerate(seen.states):
        here = known & (seen.state == nth + 1)
        if _enough(seen, design, here):
            found = _distance(seen, design, here, few, progress)
            findings.append(_finding(f"distance {name}", design, found, seen))
            details[f"distance {name}"] = _drawn(found)
    details["by_feature"] = _by_feature(seen, design, few)
    findings.append(_classifier(seen, design, known, settings))
    if seen.states:
        findings.append(_emissions(seen, design, known, settings))
    return findings, details


def _enough(seen: Observations, design: Design, rows: NDArray[np.bool_]) -> bool:
    counted = np.bincount(seen.sample[rows], minlength=len(seen.samples.condition))
    return bool((counted[np.concatenate([design.a, design.b])] >= LEAST).all())


def _cloud(seen: Observations, rows: NDArray[np.bool_]) -> tuple[Floats, Samples]:
    """Points and the sample of each: samples whose "movies" are the rows."""
    return seen.space[rows], Samples(seen.samples.condition, seen.samples.replicate, seen.sample[rows])


def _distance(
    seen: Observations, design: Design, rows: NDArray[np.bool_], settings: Clouds, progress: Progress
) -> Transport:
    points, samples = _cloud(seen, rows)
    return compare_clouds(
        points,
        samples,
        design,
        n=settings.points,
        draws=settings.draws,
        relabel_draws=settings.relabel_draws,
        seed=settings.seed,
        progress=progress,
    )


def _by_feature(seen: Observations, design: Design, settings: Clouds) -> dict[str, float | None]:
    """Distance of each feature by itself over that within a condition, without a test; None where it is not known."""
    found: dict[str, float | None] = {}
    for nth, name in enumerate(seen.features):
        column = seen.scaled[:, nth : nth + 1]
        rows = np.isfinite(column[:, 0])
        if not _enough(seen, design, rows):
            found[name] = None
            continue
        samples = Samples(seen.samples.condition, seen.samples.replicate, seen.sample[rows])
        one = compare_clouds(column[rows], samples, design, n=settings.points, draws=settings.draws, relabel_draws=1)
        found[name] = number(one.ratio)
    return found


def _finding(name: str, design: Design, found: Transport, seen: Observations) -> Finding:
    return permutation_finding(
        "distance",
        name,
        design,
        unit=f"distance in {seen.space_name} over that within a condition",
        quantity="optimal-transport distance",
        estimate=found.ratio,
        bounds=found.spread(),
        p=found.p,
        smallest_p=found.smallest_p,
        note=f"{found.n} windows a side; interval over draws of windows, not over replicates",
    )


def _drawn(found: Transport) -> dict[str, Any]:
    """What a figure needs."""
    return {
        "n": found.n,
        "distance": found.distance,
        "null": float(found.null.mean()) if len(found.null) else None,
        "excess": found.excess if np.isfinite(found.excess) else None,
    }


def _classifier(seen: Observations, design: Design, rows: NDArray[np.bool_], settings: Clouds) -> Finding:
    points, samples = _cloud(seen, rows)
    found = tell_apart(points, samples, design, seed=settings.seed)
    return permutation_finding(
        "classifier",
        "windows told apart",
        design,
        unit="share of windows of left out replicates given to their condition (0.5: chance)",
        quantity="held-out accuracy",
        estimate=found.mean,
        bounds=(float(found.accuracy.min()), float(found.accuracy.max())),
        p=found.p,
        smallest_p=found.smallest_p,
        note="low and high are the worst and the best told replicate",
    )


def _emissions(seen: Observations, design: Design, rows: NDArray[np.bool_], settings: Clouds) -> Finding:
    points = seen.space[rows]
    if points.shape[1] > EMISSION_DIMENSIONS:
        order = np.argsort(-points.var(axis=0), kind="stable")[:EMISSION_DIMENSIONS]
        points = points[:, np.sort(order)]
    found = compare_emissions(
        points, seen.state[rows], seen.sample[rows], design, states=len(seen.states), seed=settings.seed
    )
    gain = found.gain[np.isfinite(found.gain)]
    return permutation_finding(
        "emissions",
        "separate states",
        design,
        unit="gain of separate over shared states, nats a window of left out replicates",
        quantity="held-out log likelihood",
        estimate=found.mean,
        bounds=(float(gain.min()), float(gain.max())) if len(gain) else (float("nan"), float("nan")),
        p=found.p,
        smallest_p=found.smallest_p,
        note="below 0 shared states foretell new replicates better; low and high are over replicates",
    )
