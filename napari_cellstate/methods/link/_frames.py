"""The first pass: links from each frame to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link._history import LEVELS, WAYS, History
from napari_cellstate.methods.link._looks import Looks
from napari_cellstate.methods.link._shift import common_shift
from napari_cellstate.methods.link._spread import Spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANDIDATES = 8
"""Nearest cells of the next frame that are looked at for each cell."""
MOTHERS = 4
"""Nearest cells of the frame before that may be the mother of one that appears."""


@dataclass(frozen=True)
class Points:
    """All cells, sorted by frame.

    Attributes
    ----------
    at : (N, D) px.
    looks : (N, F) what `appearance` gives.
    frames : frame numbers that have cells, ascending.
    bounds : (len(frames) + 1,) rows of each.
    """

    at: Floats
    looks: Floats
    frames: Ints
    bounds: Ints

    @property
    def dims(self) -> int:
        """Number of dimensions."""
        return self.at.shape[1]


@dataclass(frozen=True)
class Motion:
    """What is known of the movie's cells.

    Attributes
    ----------
    drift : (D,) usual step of all cells together.
    weights : (LEVELS, WAYS) of past steps in the next.
    spread : law of the distance from the expected position.
    looks : law of the change of appearance.
    log_end : log probability that a cell has no successor in the next frame.
    log_start : log density, per px^D and frame, of cells without predecessor.
    reach : a cell is looked for no farther from where it is expected, px.
    """

    drift: Floats
    weights: Floats
    spread: Spread
    looks: Looks
    log_end: float
    log_start: float
    reach: float

    def worth(self, log_density: Floats) -> Floats:
        """Gain of a link beside an end and a start."""
        return log_density + np.log1p(-np.exp(self.log_end)) - self.log_end - self.log_start

    def expected(self, history: History) -> Floats:
        """Next step of each cell, less the drift, (N, D)."""
        return np.einsum("ndk,nk->nd", history.ways(), self.weights[history.level()])


@dataclass
class FirstPass:
    """Links of the first pass, frame by frame, and what the second pass needs.

    Attributes
    ----------
    source, target, gain, sure : links.
    ahead, scale2 : of every cell, the step expected next (with drift) and the squared scale of its spread.
    shift : (T,) by position in `Points.frames`: what all cells did together from it to the next, less the drift.
    mothers : pairs (mother, appearing cell) worth looking at, (M, 2).
    lessons : what learning needs of each link: ways, level, size, step, squared distance.
    """

    source: list[Ints] = field(default_factory=list)
    target: list[Ints] = field(default_factory=list)
    gain: list[Floats] = field(default_factory=list)
    sure: list[Floats] = field(default_factory=list)
    ahead: list[Floats] = field(default_factory=list)
    scale2: list[Floats] = field(default_factory=list)
    shift: list[Floats] = field(default_factory=list)
    mothers: list[Ints] = field(default_factory=list)
    lessons: list[tuple[Any, ...]] = field(default_factory=list)


def link_frames(
    points: Points, motion: Motion, near: float, progress: Progress, *, blocks: range | None = None, learn: bool = False
) -> FirstPass:
    """Link each frame to the next.

    Parameters
    ----------
    near : mothers are looked for within this distance of an appearing cell, px.
    progress : called once a frame.
    blocks : positions in `points.frames` to link; all without it.
    learn : keep the lessons.
    """
    done, dims = FirstPass(), points.dims
    blocks = blocks or range(len(points.frames))
    history = History.none(0, dims)
    for nth, t in enumerate(blocks):
        progress(nth, len(blocks), "link")
        low, high = points.bounds[t], points.bounds[t + 1]
        if len(history.steps) != high - low:
            history = History.none(high - low, dims)
        level = history.level()
        expected = motion.expected(history) + motion.drift
        scale2 = motion.spread.of(level, history.size)
        done.ahead.append(expected)
        done.scale2.append(scale2)
        follows = t + 1 < blocks.stop and points.frames[t + 1] == points.frames[t] + 1
        if not follows:
            done.shift.append(np.zeros(dims))
            history = History.none(0, dims)
            continue
        end = points.bounds[t + 2]
        before, after = points.at[low:high], points.at[high:end]
        step = _Step(before, expected, scale2, after, points.looks[low:high], points.looks[high:end], motion)
        done.shift.append(step.shift)
        a, b = step.row[step.chosen], step.column[step.chosen]
        done.source.append(low + a)
        done.target.append(high + b)
        done.gain.append(step.gain[step.chosen])
        done.sure.append(confidence(step.row, step.column, step.gain, step.chosen, (len(before), len(after))))
        appearing = np.setdiff1d(np.arange(len(after)), b)
        done.mothers.append(_mothers(before + expected + step.shift, after[appearing], near, a) + 0)
        done.mothers[-1][:, 0] += low
        done.mothers[-1][:, 1] = high + appearing[done.mothers[-1][:, 1]]
        moved = after[b] - before[a] - step.shift - motion.drift
        square = step.square[step.chosen]
        if learn:
            done.lessons.append((history.ways()[a], level[a], history.size[a], moved, square))
        usual = motion.spread.scale2[level[a]] * dims * _mean_square(motion.spread)
        history = history.after(a, b, moved, square / usual, len(after))
    progress(len(blocks), len(blocks), "link")
    return done


def _mean_square(spread: Spread) -> float:
    """Expected square of a t variate along an axis, for a scale of 1; bounded where it has none."""
    return spread.tail / (spread.tail - 2) if spread.tail > 3 else 3.0


class _Step:
    """Candidates between two frames, and which were chosen."""

    def __init__(
        self, before: Floats, expected: Floats, scale2: Floats, after: Floats, old: Floats, new: Floats, motion: Motion
    ) -> None:
        from scipy.spatial import cKDTree

        tree = cKDTree(after)
        there = before + expected
        distance, index = _nearest(tree, there, motion.reach)
        usual = np.sqrt(scale2 * motion.spread.dims)
        self.shift = common_shift(there, after, tree, distance[:, 0], index[:, 0], usual)
        if self.shift.any():
            distance, index = _nearest(tree, there + self.shift, motion.reach)
        row, nth = np.nonzero(np.isfinite(distance))
        column, square = index[row, nth], distance[row, nth] ** 2
        log_density = motion.spread.log(square, scale2[row])
        if old.shape[1]:
            log_density = log_density + motion.looks.ratio(new[column] - old[row])
        self.row, self.column, self.square, self.gain = row, column, square, motion.worth(log_density)
        self.chosen = assign(row, column, self.gain, (len(before), len(after)))


def _nearest(tree: Any, at: Floats, reach: float) -> tuple[Floats, Ints]:
    k = min(CANDIDATES, tree.n)
    distance, index = tree.query(at, k=np.arange(1, k + 1), distance_upper_bound=reach)
    return distance, index


def _mothers(there: Floats, appearing: Floats, near: float, linked: Ints) -> Ints:
    """(mother, appearing) pairs within `near`, of mothers that have a daughter already."""
    from scipy.spatial import cKDTree

    if not len(appearing) or not len(linked):
        return np.empty((0, 2), np.int64)
    tree = cKDTree(there[linked])
    distance, index = tree.query(appearing, k=np.arange(1, min(MOTHERS, tree.n) + 1), distance_upper_bound=near)
    row, nth = np.nonzero(np.isfinite(distance))
    return np.stack([linked[index[row, nth]], row], axis=1)
