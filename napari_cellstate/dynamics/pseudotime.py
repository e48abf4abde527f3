"""Pseudotime: how far along a cloud of points each lies, from a root; and how often cells go back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.intervals import share_intervals
from napari_cellstate.dynamics.pairs import row_pairs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLE = 2000
"""Points that the map is made from; the others take the value of those next to them."""


def diffusion_pseudotime(
    points: Floats, root: int, *, neighbours: int = 15, components: int = 10, seed: int = 0
) -> Floats:
    """Diffusion pseudotime of each point from a root, (N,), 0 at the root, 1 at the farthest.

    Parameters
    ----------
    points : (N, D), finite.
    root : number of the point to begin from, chosen by click or as the middle of a state.
    neighbours : whose distance sets each point's own scale.
    components : eigenvectors taken.
    seed : of the sample where there are more than `SAMPLE` points.

    Notes
    -----
    Haghverdi et al. 2016, Nat. Methods 13:845: distance between points, summed over all lengths of random walks among
    them. An order along a cloud and not time: it says nothing about direction, and of a cloud without a path in it
    nothing at all. Parts without a way between them are as far as 1.
    """
    _check(points, root)
    chosen = _sample(len(points), root, seed)
    some = points[chosen]
    value, vector = _walk(some, min(neighbours, max(len(some) - 1, 1)), components)
    weight = value / np.maximum(1.0 - value, 1e-9)
    coordinates = vector * weight
    distance = np.linalg.norm(coordinates - coordinates[np.flatnonzero(chosen == root)[0]], axis=1)
    top = float(distance.max())
    return _spread(some, distance / top if top > 0 else distance, points)


def _check(points: Floats, root: int) -> None:
    if points.ndim != 2 or len(points) < 3 or not 0 <= root < len(points):
        raise InputError(f"pseudotime: points {points.shape}, root {root}; expected three points or more, one the root")


def _sample(rows: int, root: int, seed: int) -> Ints:
    if rows <= SAMPLE:
        return np.arange(rows)
    chosen = np.random.default_rng([seed, 6]).choice(rows, SAMPLE, replace=False)
    return np.unique(np.append(chosen, root))


def _walk(points: Floats, neighbours: int, components: int) -> tuple[Floats, Floats]:
    """Eigenvalues and right eigenvectors of a random walk among the points, without the first (which is constant)."""
    from scipy.spatial.distance import cdist
    from threadpoolctl import threadpool_limits

    square = cdist(points, points, "sqeuclidean")
    scale = np.sqrt(np.partition(square, neighbours, axis=1)[:, neighbours])
    scale = np.maximum(scale, np.median(scale) * 1e-3 + 1e-300)
    kernel = np.exp(-square / (2 * scale[:, None] * scale))
    density = kernel.sum(axis=1)
    kernel /= density[:, None] * density
    root = np.sqrt(kernel.sum(axis=1))
    count = min(components + 1, len(points))
    with threadpool_limits(1):  # sums in one order on every machine
        value, vector = _largest(kernel / (root[:, None] * root), count)
    value, vector = value[1:], vector[:, 1:]
    return np.clip(value, 0.0, 1.0), vector / root[:, None] * np.linalg.norm(root)


def _largest(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    """The largest eigenvalues of a symmetric matrix and their vectors, largest first."""
    from scipy.sparse.linalg import eigsh

    if count > len(matrix) // 3:
        value, vector = np.linalg.eigh(matrix)
    else:
        value, vector = eigsh(matrix, k=count, which="LA", v0=np.ones(len(matrix)))
    order = np.argsort(-value, kind="stable")[:count]
    return value[order], vector[:, order]


def _spread(known: Floats, values: Floats, points: Floats, neighbours: int = 5) -> Floats:
    """Values of all points from the nearest ones that have a value, weighted by nearness."""
    from scipy.spatial import cKDTree

    if len(known) == len(points):
        return values
    distance, nearest = cKDTree(known).query(points, k=min(neighbours, len(known)))
    weight = 1.0 / np.maximum(distance, 1e-12)
    return np.asarray((weight * values[nearest]).sum(axis=1) / weight.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Curve:
    """A smooth curve through the middle of a cloud.

    Attributes
    ----------
    nodes : (M, D), along it.
    along : (N,), how far along the curve each point lies, from 0 to the length of the curve.
    away : (N,), distance of each point from it.
    """

    nodes: Floats
    along: Floats
    away: Floats


def principal_curve(
    points: Floats, *, root: int = -1, nodes: int = 50, smooth: float = 0.1, iterations: int = 30
) -> Curve:
    """A principal curve, begun along the first principal axis.

    Parameters
    ----------
    points : (N, D), finite.
    root : a point at whose end the curve begins; -1 leaves the direction as it falls.
    nodes : of the curve.
    smooth : share of the length of the curve over which points are averaged; more makes it straighter.
    iterations : at most; it stops when points no longer move along it.

    Notes
    -----
    Hastie and Stuetzle 1989, J. Am. Stat. Assoc. 84:502: each node is the mean of the points that lie near it along the
    curve. Its ends are pulled inwards, and a cloud with branches or a ring is no curve.
    """
    _check(points, max(root, 0))
    centred = points - points.mean(axis=0)
    axis = np.linalg.svd(centred[:SAMPLE], full_matrices=False)[2][0]
    along = centred @ axis
    curve, away = points[:1], along
    for _ in range(iterations):
        curve = _middle(points, along, nodes, smooth)
        moved, away = _project(points, curve)
        change = np.abs(np.argsort(np.argsort(moved)) - np.argsort(np.argsort(along))).mean() / len(points)
        along = moved
        if change < 1e-4:
            break
    if root >= 0 and along[root] > along.max() / 2:
        curve, along = curve[::-1], along.max() - along
    return Curve(curve, along - along.min(), away)


def _middle(points: Floats, along: Floats, nodes: int, smooth: float) -> Floats:
    """Mean of the points near each node, by a local line over their rank along the curve."""
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable") / max(len(along) - 1, 1)
    at = np.linspace(0, 1, nodes)
    curve = np.empty((nodes, points.shape[1]))
    for nth, one in enumerate(at):
        away = (rank - one) / smooth
        weight = np.exp(-0.5 * np.square(away))
        design = np.column_stack([np.ones(len(away)), away])
        curve[nth] = (np.linalg.pinv((design * weight[:, None]).T @ design) @ ((design * weight[:, None]).T @ points))[
            0
        ]
    return curve


def _project(points: Floats, curve: Floats) -> tuple[Floats, Floats]:
    """How far along a polygon the nearest place of each point is, and how far away."""
    part, length = np.diff(curve, axis=0), np.linalg.norm(np.diff(curve, axis=0), axis=1)
    upto = np.append(0.0, np.cumsum(length))
    best, along = np.full(len(points), np.inf), np.zeros(len(points))
    for nth in range(len(part)):
        share = np.clip((points - curve[nth]) @ part[nth] / max(float(length[nth]) ** 2, 1e-300), 0, 1)
        away = np.linalg.norm(points - curve[nth] - share[:, None] * part[nth], axis=1)
        nearer = away < best
        best[nearer], along[nearer] = away[nearer], (upto[nth] + share * length[nth])[nearer]
    return along, best


def backward_share(
    pseudotime: Floats, run: Ints, frame: Ints, lag: int, *, track: Ints, bins: int = 10, still: float = 0.0
) -> pd.DataFrame:
    """Share of steps that go back along pseudotime, in bins of it and over all.

    Parameters
    ----------
    pseudotime : (N,). run, frame : (N,), as for `count_transitions`. lag : frames.
    track : (N,), unique over movies; what intervals are over.
    bins : with as many steps each.
    still : steps that change pseudotime by no more than this are neither.

    Returns
    -------
    One row a bin, then one over all: start, end (of pseudotime), n, n_tracks, backward, low, high (95 %).

    Notes
    -----
    Noise alone makes half of the steps go back, and steps from a bin at the end go back as they cannot go on: compare
    with what a shuffled order gives, or between conditions.
    """
    import pandas as pd

    pairs = row_pairs(run, frame, lag)
    change = pseudotime[pairs[:, 1]] - pseudotime[pairs[:, 0]]
    moved = np.abs(change) > still
    at, back, of = pseudotime[pairs[moved, 0]], change[moved] < 0, np.asarray(track)[pairs[moved, 0]]
    edges = np.unique(np.quantile(at, np.linspace(0, 1, bins + 1))) if len(at) else np.array([0.0, 1.0])
    rows = []
    for low, high in [*itertools.pairwise(edges), (edges[0], edges[-1])]:
        mine = (at >= low) & ((at < high) | (high == edges[-1]))
        units, number = np.unique(of[mine], return_inverse=True)
        counts = np.zeros((len(units), 2), np.int64)
        np.add.at(counts, (number, back[mine].astype(np.int64)), 1)
        bounds = share_intervals(counts, over_movies=False)
        share = back[mine].mean() if mine.any() else np.nan
        rows.append((low, high, int(mine.sum()), len(units), share, bounds[0][1], bounds[1][1]))
    return pd.DataFrame(rows, columns=["start", "end", "n", "n_tracks", "backward", "low", "high"])


def root_of_state(points: Floats, state: Ints, wanted: int) -> int:
    """Number of the row of a state that lies in its middle."""
    mine = np.flatnonzero(state == wanted)
    if not len(mine):
        raise InputError(f"pseudotime: no row in state {wanted}; expected one of {sorted(set(state.tolist()))}")
    return int(mine[np.square(points[mine] - np.median(points[mine], axis=0)).sum(axis=1).argmin()])
