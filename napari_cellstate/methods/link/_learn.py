"""How the cells of a movie move, read from the cells themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import silent
from napari_cellstate.methods.link._frames import FirstPass, Motion, link_frames
from napari_cellstate.methods.link._history import LEVELS, WAYS, fit_weights
from napari_cellstate.methods.link._looks import Looks, fit_looks
from napari_cellstate.methods.link._points import LEAST, Points
from napari_cellstate.methods.link._spread import Spread, fit_spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 3
_ENOUGH = 20
_FAR = 1.5
_MARGIN = 2.0
_QUANTILE = 0.99
_FIRST_TAIL = 4.0
_FIRST_END = 0.05
_ENDS = (0.003, 0.3)


def learn(points: Points, search_range: float = 0.0) -> Motion:
    """Learn drift, motion, spread, looks and rates of ends and starts from a run of frames in the middle.

    The frames are linked by a first guess, the links are learned from, and the frames are linked again.

    Parameters
    ----------
    search_range : px, or 0 to learn it too.
    """
    motion, blocks = _first_guess(points, search_range), points.sample()
    for _ in range(_ROUNDS):
        found = link_frames(points, motion, 0.0, silent, blocks=blocks, learn=True)
        if sum(map(len, found.source)) < 3:
            break
        motion = _better(points, motion, found, blocks, search_range)
    return motion


def _first_guess(points: Points, search_range: float) -> Motion:
    """From cells that are each other's nearest in successive frames."""
    dims, gap = points.dims, points.spacing
    moved = [_mutual(*pair) for pair in pairwise([points.frame(t) for t in points.sample()])]
    together = np.concatenate([*moved, np.empty((0, dims))])
    drift = np.median(together, axis=0) if len(together) > _ENOUGH else np.zeros(dims)
    square = ((together - drift) ** 2).sum(axis=1)
    middle, wild = np.quantile(square, [0.5, 0.95]) if len(square) else ((gap / 4) ** 2,) * 2
    usual = max(1.4 * float(middle), float(wild) / 3) / dims  # in a plane a Gaussian has both quantiles there
    scale2 = np.full(LEVELS, max(usual, LEAST**2, (gap / 50) ** 2 / dims))
    rough = Motion(
        drift=drift,
        weights=np.zeros((LEVELS, WAYS)),
        spread=Spread(scale2, _FIRST_TAIL, 0.0, dims),
        looks=Looks.unknown(points.looks.shape[1]),
        log_end=float(np.log(_FIRST_END)),
        log_start=float(np.log(_FIRST_END) - dims * np.log(2 * gap)),
        reach=1.0,
    )
    return replace(rough, reach=search_range or _reach(rough, gap))


def _reach(motion: Motion, gap: float, seen: float = np.inf) -> float:
    """Distance beyond which no link is worth making.

    It is at most 1.5 spacings, beyond which any link would do, and the law of the spread is not trusted farther than
    twice the distance that 99 in 100 links stay below (`seen`); up to a quarter of the spacing nothing is in doubt.
    """
    least = motion.log_end + motion.log_start - np.log1p(-np.exp(motion.log_end))
    worth = motion.spread.reach(float(least), float(motion.spread.scale2[1:].max()))
    return float(np.clip(min(worth, _MARGIN * seen), gap / 4, _FAR * gap))


def _better(points: Points, motion: Motion, found: FirstPass, blocks: range, search_range: float) -> Motion:
    """Learn from links."""
    lessons = [np.concatenate(part) for part in zip(*found.lessons, strict=True)]
    ways, level, size, moved = lessons
    drift = motion.drift + (np.median(moved, axis=0) if len(moved) > _ENOUGH else 0.0)
    step = moved - (drift - motion.drift)
    usual = max(float(np.median((step**2).sum(axis=1))) / points.dims, LEAST**2)
    weights = fit_weights(ways, level, step, usual)
    told = np.einsum("ndk,nk->nd", ways, weights[level])
    square = ((step - told) ** 2).sum(axis=1) + LEAST**2
    far = max(motion.reach, 1.01 * float(np.sqrt(square.max())))
    log_end, log_start = _rates(points, found, blocks)
    new = Motion(
        drift=drift,
        weights=weights,
        spread=_with_first_steps(fit_spread(square, level, size, LEVELS, points.dims, far), told[level > 0], points),
        looks=_fit_looks(points, found, blocks),
        log_end=log_end,
        log_start=log_start,
        reach=motion.reach,
    )
    seen = float(np.quantile(np.sqrt(square), _QUANTILE))
    return replace(new, reach=search_range or _reach(new, points.spacing, seen))


def _with_first_steps(spread: Spread, told: Floats, points: Points) -> Spread:
    """Cells without a past differ from the drift by what the past would have told too, and few show by how much.

    Nor is any cell's place known better than to a fiftieth of the spacing: steps as even as those of a grid would
    otherwise leave no room for the first that is not.
    """
    scale2 = np.maximum(spread.scale2, (points.spacing / 50) ** 2 / points.dims)
    if len(told):
        scale2[0] = max(scale2[0], scale2[1:].mean() + float((told**2).sum(axis=1).mean()) / points.dims)
    return replace(spread, scale2=scale2)


def _rates(points: Points, found: FirstPass, blocks: range) -> tuple[float, float]:
    """Log probability of an end, and log density of starts, between two frames."""
    linked, sizes, follows = sum(map(len, found.source)), np.diff(points.bounds), points.follows()
    pairs = [t for t in blocks[:-1] if follows[t]]
    sources, targets = sum(sizes[t] for t in pairs), sum(sizes[t + 1] for t in pairs)
    ends = np.clip((sources - linked + 1) / (sources + 20), *_ENDS)
    starts = np.clip((targets - linked + 1) / (targets + 20), *_ENDS) * targets / len(pairs)
    return float(np.log(ends)), float(np.log(starts) - points.log_volume)


def _fit_looks(points: Points, found: FirstPass, blocks: range) -> Looks:
    from scipy.spatial import cKDTree

    other = [np.empty((0, points.looks.shape[1]))]
    for t in blocks if points.looks.shape[1] else ():
        at = points.frame(t)
        if len(at) > 1:
            here = points.looks[points.bounds[t] : points.bounds[t + 1]]
            other.append(here[cKDTree(at).query(at, 2)[1][:, 1]] - here)
    source, target = np.concatenate(found.source), np.concatenate(found.target)
    return fit_looks(points.looks[target] - points.looks[source], np.concatenate(other))


def _mutual(before: Floats, after: Floats) -> Floats:
    """Displacements of the pairs in which each is the other's nearest."""
    from scipy.spatial import cKDTree

    _, there = cKDTree(after).query(before)
    _, back = cKDTree(before).query(after)
    mine = np.flatnonzero(back[there] == np.arange(len(before)))
    return np.asarray(after[there[mine]] - before[mine])
