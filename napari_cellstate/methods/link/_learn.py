"""How the cells of a movie move, read from the cells themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.methods.link._frames import FirstPass, Motion, Points, link_frames
from napari_cellstate.methods.link._history import LEVELS, WAYS, fit_weights
from napari_cellstate.methods.link._looks import Looks, appearance, fit_looks
from napari_cellstate.methods.link._spread import Spread, fit_spread

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLE = 12_000
"""Cells to learn from; a few thousand links say all that a handful of numbers need."""

_ROUNDS = 3
_LEAST = 1e-3
_FAR = 1.5
_MARGIN = 2.0
_QUANTILE = 0.99
_NO_END = (0.003, 0.3)


def points_of(cells: pd.DataFrame) -> tuple[Points, Ints]:
    """Cells in an order that does not depend on their labels, and the rows they came from."""
    axes = [name for name in ("z", "y", "x") if name in cells.columns]
    at, frame = cells[axes].to_numpy(np.float64), cells["frame"].to_numpy(np.int64)
    looks = appearance(cells)
    order = np.lexsort((*looks.T, *at.T, frame))
    frames, first = np.unique(frame[order], return_index=True)
    return Points(at[order], looks[order], frames, np.append(first, len(frame))), order


def learn(points: Points, search_range: float, progress: Progress = silent) -> Motion:
    """Learn drift, motion, spread, looks and rates of ends and starts from a run of frames in the middle."""
    motion, blocks = _first_guess(points, search_range), _sample(points)
    if len(blocks) < 2:
        return motion
    for _ in range(_ROUNDS):
        found = link_frames(points, motion, 0.0, silent, blocks=blocks, learn=True)
        progress(0, 1, "learn")
        lessons = [np.concatenate(part) for part in zip(*found.lessons, strict=True)] if found.lessons else []
        if not lessons or len(lessons[1]) < 3:
            return motion
        motion = _better(points, motion, found, lessons, blocks, search_range)
    return motion


def _sample(points: Points) -> range:
    """Frames in the middle with together about `SAMPLE` cells."""
    n = len(points.frames)
    if n < 2:
        return range(0)
    mean = max(points.bounds[-1] / n, 1.0)
    frames = int(np.clip(SAMPLE / mean, 4, n)) if n > 4 else n
    start = (n - frames) // 2
    return range(start, start + frames)


def _first_guess(points: Points, search_range: float) -> Motion:
    """From cells that are each other's nearest in successive frames."""
    blocks, dims = _sample(points), points.dims
    moved = [_mutual(*pair) for pair in pairwise([_frame(points, t) for t in blocks])]
    together = np.concatenate(moved) if moved else np.empty((0, dims))
    gap = spacing(points)
    drift = np.median(together, axis=0) if len(together) > 20 else np.zeros(dims)
    square = ((together - drift) ** 2).sum(axis=1)
    usual = float(np.median(square)) / dims if len(square) else (gap / 4) ** 2 / dims
    scale2 = np.full(LEVELS, max(usual * 1.4, _LEAST**2, (gap / 50) ** 2 / dims))
    spread = Spread(scale2, 4.0, 0.0, dims)
    start = np.log(0.05) - dims * np.log(max(2 * gap, _LEAST))
    rough = Motion(
        drift, np.zeros((LEVELS, WAYS)), spread, Looks.unknown(points.looks.shape[1]), np.log(0.05), start, 1.0
    )
    return replace(rough, reach=_reach(rough, gap, search_range))


def spacing(points: Points) -> float:
    """Median distance of a cell to the nearest of its frame; the size of the scene where every frame has one."""
    from scipy.spatial import cKDTree

    parts = []
    for t in _sample(points) or range(len(points.frames)):
        at = _frame(points, t)
        if len(at) > 1:
            parts.append(cKDTree(at).query(at, 2)[0][:, 1])
    if parts:
        return max(float(np.median(np.concatenate(parts))), _LEAST)
    widest = float(np.ptp(points.at, axis=0).max()) if len(points.at) else 0.0
    return max(widest, 1.0)


def _reach(motion: Motion, gap: float, search_range: float, seen: float = np.inf) -> float:
    """Distance beyond which no link is worth making, at most a few spacings.

    Nor is the law of the spread trusted beyond twice the distance that 99 in 100 links stay below (`seen`).
    """
    if search_range > 0:
        return search_range
    lowest = motion.log_end + motion.log_start - np.log1p(-np.exp(motion.log_end))
    usual = motion.spread.reach(np.full(1, lowest), motion.spread.scale2[1:].max(keepdims=True))[0]
    return float(np.clip(min(usual, _MARGIN * seen), gap / 4, _FAR * gap))


def _better(
    points: Points, motion: Motion, found: FirstPass, lessons: list[Floats], blocks: range, search_range: float
) -> Motion:
    ways, level, size, moved, _ = lessons
    level = level.astype(np.int64)
    drift = motion.drift
    if len(moved) > 20:
        drift = drift + np.median(moved, axis=0)
    step = moved - (drift - motion.drift)
    ways = np.where((level > 0)[:, None, None], ways, 0.0)
    usual = max(float(np.median((step**2).sum(axis=1))) / points.dims, _LEAST**2)
    weights = fit_weights(ways, level, step, usual)
    left = step - np.einsum("ndk,nk->nd", ways, weights[level])
    square = (left**2).sum(axis=1) + _LEAST**2
    gap = spacing(points)
    spread = fit_spread(square, level, size, LEVELS, points.dims, max(motion.reach, 1.01 * float(np.sqrt(square.max()))))
    log_end, log_start = _rates(points, found, blocks)
    looks = _fit_looks(points, found, blocks)
    new = Motion(drift, weights, spread, looks, log_end, log_start, motion.reach)
    return replace(new, reach=_reach(new, gap, search_range, seen=float(np.quantile(np.sqrt(square), _QUANTILE))))


def _rates(points: Points, found: FirstPass, blocks: range) -> tuple[float, float]:
    linked = sum(map(len, found.source))
    pairs = [t for t in blocks[:-1] if points.frames[t + 1] == points.frames[t] + 1]
    sizes = np.diff(points.bounds)
    sources, targets = sum(sizes[t] for t in pairs), sum(sizes[t + 1] for t in pairs)
    ends = (sources - linked + 1.0) / (sources + 20.0)
    starts = (targets - linked + 1.0) / (targets + 20.0) * targets / max(len(pairs), 1)
    low, high = _NO_END
    mean = targets / max(len(pairs), 1)
    starts = np.clip(starts, low * mean, high * mean)
    return float(np.log(np.clip(ends, low, high))), float(np.log(starts) - _log_volume(points))


def _log_volume(points: Points) -> float:
    """Log volume of the box that holds all cells."""
    gap = spacing(points)
    return float(np.log(np.ptp(points.at, axis=0) + gap).sum())


def _fit_looks(points: Points, found: FirstPass, blocks: range) -> Looks:
    from scipy.spatial import cKDTree

    if not points.looks.shape[1]:
        return Looks.unknown(0)
    other = []
    for t in blocks:
        at = _frame(points, t)
        if len(at) > 1:
            nearest = cKDTree(at).query(at, 2)[1][:, 1]
            here = points.looks[points.bounds[t] : points.bounds[t + 1]]
            other.append(here[nearest] - here)
    if not other:
        return Looks.unknown(points.looks.shape[1])
    source, target = np.concatenate(found.source), np.concatenate(found.target)
    return fit_looks(points.looks[target] - points.looks[source], np.concatenate(other))


def _frame(points: Points, t: int) -> Floats:
    return points.at[points.bounds[t] : points.bounds[t + 1]]


def _mutual(before: Floats, after: Floats) -> Floats:
    """Displacements of the pairs in which each is the other's nearest."""
    from scipy.spatial import cKDTree

    _, there = cKDTree(after).query(before)
    _, back = cKDTree(before).query(after)
    mine = np.flatnonzero(back[there] == np.arange(len(before)))
    return np.asarray(after[there[mine]] - before[mine])
