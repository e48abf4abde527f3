"""How far apart two clouds of points are: optimal transport, with a null made of whole replicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import MINIMUM, Design, Samples
from napari_cellstate.compare.permutation import groupings
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def transport_distance(x: NDArray[Any], y: NDArray[Any], *, order: int = 1) -> float:
    """Wasserstein distance between two clouds of as many points.

    Parameters
    ----------
    x, y : (n, D).
    order : 1: the mean distance that points are moved in the best assignment; 2: the root of the mean square.

    Raises
    ------
    InputError
        Different shapes, or no points.

    Notes
    -----
    With equal weights the optimal plan is an assignment, which is found exactly. Two samples of one law are never at
    distance 0 (about n^(-1/D) for D above 2): compare distances only at the same n, or use `compare_clouds`.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    x, y = _clouds(x, y)
    if x.shape[1] == 1:  # on a line the best assignment keeps the order
        moved = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0]))
        return float(moved.mean() if order == 1 else np.sqrt((moved**2).mean()))
    cost = cdist(x, y, "euclidean" if order == 1 else "sqeuclidean")
    mean = cost[linear_sum_assignment(cost)].mean()
    return float(mean if order == 1 else np.sqrt(mean))


def sliced_distance(
    x: NDArray[Any], y: NDArray[Any], *, order: int = 1, projections: int = 200, seed: int = 0
) -> float:
    """Sliced Wasserstein distance: the mean over random directions of the distance of the projections.

    Parameters
    ----------
    x, y : (n, D).
    order : 1, or 2 for the root of the mean square.

    Notes
    -----
    Bonneel et al. 2015, J Math Imaging Vis 51:22. It is smaller than `transport_distance` (a shift d in D dimensions
    gives about |d| times the mean of |cos|), costs n log n, and serves for clouds too large for an assignment.
    """
    x, y = _clouds(x, y)
    directions = np.random.default_rng(seed).normal(size=(x.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    moved = np.abs(np.sort(x @ directions, axis=0) - np.sort(y @ directions, axis=0))
    return float(moved.mean() if order == 1 else np.sqrt((moved**2).mean()))


@dataclass(frozen=True, eq=False)
class Transport:
    """Distance between two conditions beside the distance within them.

    Attributes
    ----------
    distances : (draws,) between the conditions, each of another random sample of n points a side.
    null_reference, null_other : (draws,) between halves of one condition made of whole replicates, at the same n;
        empty with one replicate.
    n : points of each side in each draw.
    p : how often relabeled replicates are as far apart; NaN with fewer than three replicates a condition or pairs.
    smallest_p : the smallest p that so many replicates can give.
    replicates : of the reference and of the other condition.

    Notes
    -----
    The ratio compares with the larger of the two nulls. `spread` is that of the draws: it says how well the distance
    of these replicates is known, not what other animals would give; for that there is p, in which n is replicates.
    Halves hold half of the replicates, so with few of them the null is a little too large and the ratio of two
    alike conditions a little below 1. Where one condition is only wider than the other, its own null is the larger
    one and in many dimensions swallows the difference: then `excess` and p see it, and the ratio does not. A
    distance has no direction: see `vectors`.
    """

    distances: Floats
    null_reference: Floats
    null_other: Floats
    n: int
    p: float
    smallest_p: float
    replicates: tuple[int, int]

    @property
    def distance(self) -> float:
        """Mean distance between the conditions."""
        return float(self.distances.mean())

    @property
    def null(self) -> Floats:
        """Draws of the larger null; empty where neither condition has two replicates."""
        nulls = [null for null in (self.null_reference, self.null_other) if len(null)]
        return max(nulls, key=lambda null: float(null.mean())) if nulls else np.empty(0)

    @property
    def ratio(self) -> float:
        """Distance over the larger null; NaN without a null."""
        return self.distance / float(self.null.mean()) if len(self.null) else float(np.nan)

    @property
    def excess(self) -> float:
        """Distance less the mean of both nulls: about 0 for one law, above 0 for any two; NaN without both nulls."""
        if not (len(self.null_reference) and len(self.null_other)):
            return float(np.nan)
        return self.distance - float(self.null_reference.mean() + self.null_other.mean()) / 2

    def spread(self, level: float = 0.95) -> tuple[float, float]:
        """Range of the ratio over draws."""
        if not len(self.null):
            return float(np.nan), float(np.nan)
        low, high = np.quantile(self.distances / self.null, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def compare_clouds(
    points: NDArray[Any],
    samples: Samples,
    design: Design,
    *,
    n: int = 300,
    draws: int = 200,
    relabel_draws: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> Transport:
    """Distance between two conditions, its null and its p.

    Parameters
    ----------
    points : (N, D) finite, in one scaling for all; `samples.of` gives the sample of each.
    n : points of each side; fewer where half of a condition has fewer.
    draws : random samples; each takes as evenly from the replicates as they allow, without replacement.
    relabel_draws : samples for each relabeling of the replicates, of which there are all, or 200 at random.

    Raises
    ------
    InputError
        Points without a sample, not finite, or a replicate without points.

    Notes
    -----
    The embedding must not know the conditions. Windows are drawn as points but are never n: n is replicates.
    """
    points = np.asarray(points, np.float64)
    if len(points) != len(samples.of) or not np.isfinite(points).all():
        raise InputError(f"compare: {len(points)} points, {len(samples.of)} samples; expected one each, all finite")
    rows = {int(one): np.flatnonzero(samples.of == one) for one in (*design.a, *design.b)}
    rng = np.random.default_rng(seed)
    sides = [list(map(int, side)) for side in (design.a, design.b)]
    n = _common_size(rows, sides, n)
    between, nulls = np.empty(draws), [np.empty(draws if len(side) > 1 else 0) for side in sides]
    for draw in range(draws):
        progress(draw, draws, "distance between conditions")
        between[draw] = _draw_distance(points, rows, sides[0], sides[1], n, rng)
        for side, null in zip(sides, nulls, strict=True):
            if len(null):
                mixed = rng.permutation(side).tolist()
                half = len(side) // 2
                null[draw] = _draw_distance(points, rows, mixed[:half], mixed[half:], n, rng)
    p, smallest = _relabel(points, rows, design, n, relabel_draws, rng, progress)
    return Transport(between, nulls[0], nulls[1], n, p, smallest, design.n)


def _relabel(
    points: Floats,
    rows: dict[int, Ints],
    design: Design,
    n: int,
    draws: int,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[float, float]:
    """Give p of the mean distance over all relabelings of replicates, the real one among them, and the smallest p."""
    groups = groupings(design, int(rng.integers(2**31)))
    if not design.enough:
        return float(np.nan), 1 / len(groups)
    found = np.empty(len(groups))
    for nth, (first, second) in enumerate(groups):
        progress(nth, len(groups), "distance between relabeled replicates")
        found[nth] = np.mean([_draw_distance(points, rows, first, second, n, rng) for _ in range(draws)])
    return float(np.mean(found >= found[0])), 1 / len(groups)


def _draw_distance(
    points: Floats, rows: dict[int, Ints], first: Sequence[int], second: Sequence[int], n: int, rng: np.random.Generator
) -> float:
    return transport_distance(points[_draw(rows, first, n, rng)], points[_draw(rows, second, n, rng)])


def _draw(rows: dict[int, Ints], replicates: Sequence[int], n: int, rng: np.random.Generator) -> Ints:
    """`n` rows without replacement, as evenly from the replicates as they allow."""
    order = sorted(rng.permutation(replicates).tolist(), key=lambda one: len(rows[one]))
    chosen, left = [], n
    for nth, replicate in enumerate(order):  # the smallest first: what it lacks, the others give
        quota = min(len(rows[replicate]), -(-left // (len(order) - nth)))
        chosen.append(rng.choice(rows[replicate], quota, replace=False))
        left -= quota
    return np.concatenate(chosen)


def _common_size(rows: dict[int, Ints], sides: Sequence[Sequence[int]], n: int) -> int:
    """Points that every side of every comparison has, at most `n`."""
    most = n
    for side in sides:
        sizes = sorted(len(rows[one]) for one in side)
        half = max(len(side) // 2, 1)
        most = min(most, sum(sizes[:half]))
    if min(map(len, sides)) >= MINIMUM:  # relabeled replicates: the smallest of all may come together
        everyone = sorted(len(rows[one]) for side in sides for one in side)
        most = min(most, sum(everyone[: min(map(len, sides))]))
    if most < 2:
        raise InputError("compare: a replicate without points; expected some rows in each")
    return most


def _clouds(x: NDArray[Any], y: NDArray[Any]) -> tuple[Floats, Floats]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or x.shape != y.shape or not len(x):
        raise InputError(f"compare: clouds of shapes {x.shape} and {y.shape}; expected as many points in each, (n, D)")
    return x, y
