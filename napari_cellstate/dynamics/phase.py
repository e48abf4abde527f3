"""Phase simulation: points that drift through an embedding as the cells around them did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.field import Steps

Floats = NDArray[np.float64]

Kind = Literal["deterministic", "stochastic"]
Boundary = Literal["fence", "neighbours", "none"]


@dataclass(frozen=True, eq=False)
class Phase:
    """Simulated paths.

    Attributes
    ----------
    paths : (P, T + 1, D), places of each point; the first are where they began.
    kind, boundary : as asked for.
    neighbours : observed steps that a velocity rests on.

    Notes
    -----
    It shows where observed movements lead if each depends on the place alone: cells with a memory, and the mean
    towards the middle that any cloud has, make it go elsewhere than cells do. Compare conditions under one setting.
    """

    paths: Floats
    kind: Kind
    boundary: Boundary
    neighbours: int


def simulate_phase(
    steps: Steps,
    start: Floats,
    *,
    times: int = 1000,
    kind: Kind = "deterministic",
    neighbours: int = 100,
    noise: float = 1.0,
    boundary: Boundary = "fence",
    step: float = 1.0,
    seed: int = 0,
    progress: Progress = silent,
) -> Phase:
    """Let points drift.

    Parameters
    ----------
    steps : observed movements, from `find_steps`.
    start : (P, D), where points begin.
    times : steps in time.
    kind : deterministic follows the mean velocity of the nearest steps; stochastic adds noise with their covariance, so
        that each step is drawn as they vary.
    neighbours : nearest observed steps asked.
    noise : multiplies the standard deviation of a stochastic step.
    boundary : fence keeps points within the least and largest place observed on each axis; neighbours takes back a step
        that ends farther from the observed starts than 95 % of these are from each other; none lets them go.
    step : time of one step, in the unit of the velocities; the variance of the noise grows with it, so that over the
        time between two rows it is that of the steps observed.
    seed : of the noise.

    Returns
    -------
    Phase

    Notes
    -----
    The idea is that of Kimmel et al. 2021 (Cell Reports 35:109046): there velocities were
    inferred from RNA, here they are seen.
    """
    _check(steps, start, times, neighbours, step, noise)
    from scipy.spatial import cKDTree

    tree, count = cKDTree(steps.start), min(neighbours, len(steps.start))
    farthest = _farthest(tree, steps.start) if boundary == "neighbours" else np.inf
    low, high = steps.start.min(axis=0), steps.start.max(axis=0)
    rng = np.random.default_rng([seed, 5])
    paths = np.empty((len(start), times + 1, start.shape[1]))
    paths[:, 0] = start
    for t in range(times):
        if t % 50 == 0:
            progress(t, times, "phase simulation")
        here = paths[:, t]
        velocity = _velocity(tree, steps.velocity, here, count, kind, noise * np.sqrt(steps.time / step), rng)
        after = here + step * velocity
        if boundary == "fence":
            after = np.clip(after, low, high)
        elif boundary == "neighbours":
            out = tree.query(after)[0] > farthest
            after = np.where(out[:, None], here, after)
        paths[:, t + 1] = after
    progress(times, times, "phase simulation")
    return Phase(paths, kind, boundary, count)


def _check(steps: Steps, start: Floats, times: int, neighbours: int, step: float, noise: float) -> None:
    if not len(steps.start) or start.ndim != 2 or start.shape[1] != steps.start.shape[1]:
        raise InputError(
            f"phase simulation: {len(steps.start)} observed steps of shape {steps.start.shape[1:]}, points of shape "
            f"{start.shape}; expected at least one step and points with as many coordinates"
        )
    if times < 1 or neighbours < 1 or step <= 0 or noise < 0:
        raise InputError(
            f"phase simulation: {times} times, {neighbours} neighbours, step {step:g}, noise {noise:g}; expected at "
            "least 1, 1, more than 0, at least 0"
        )


def _velocity(
    tree: object, velocity: Floats, here: Floats, count: int, kind: Kind, noise: float, rng: np.random.Generator
) -> Floats:
    """Mean of the nearest steps' velocities, with noise of their covariance if stochastic, (P, D)."""
    nearest = tree.query(here, k=count)[1].reshape(len(here), count)  # type: ignore[attr-defined]
    around = velocity[nearest]
    mean = around.mean(axis=1)
    if kind == "deterministic" or count < 2:
        return np.asarray(mean)
    away = around - mean[:, None]
    weights = rng.standard_normal((len(here), count)) / np.sqrt(count - 1)  # their covariance without a root of it
    return np.asarray(mean + noise * np.einsum("pk,pkd->pd", weights, away))


def _farthest(tree: object, places: Floats) -> float:
    """The distance to the nearest other place that 95 % of the places observed stay below."""
    if len(places) < 2:
        return 0.0
    return float(np.quantile(tree.query(places, k=2)[0][:, 1], 0.95))  # type: ignore[attr-defined]
