"""The first pass: links from each frame to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link._held import SURE, Held
from napari_cellstate.methods.link._history import History
from napari_cellstate.methods.link._looks import Looks
from napari_cellstate.methods.link._points import Points
from napari_cellstate.methods.link._shift import common_shift
from napari_cellstate.methods.link._spread import Spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANDIDATES = 8
"""Nearest cells of the next frame that are looked at for each cell."""
MOTHERS = 4
"""Nearest cells of the frame before that may be the mother of one that appears."""


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
        return np.asarray(log_density + np.log1p(-np.exp(self.log_end)) - self.log_end - self.log_start)

    def expected(self, history: History) -> Floats:
        """Next step of each cell, less the drift, (N, D)."""
        return np.asarray(np.einsum("ndk,nk->nd", history.ways(), self.weights[history.level()]))


@dataclass
class FirstPass:
    """Links of the first pass, frame by frame, and what the second pass needs.

    Attributes
    ----------
    source, target, gain, sure : links.
    ahead, scale2 : of every cell, the step expected next (with drift) and the squared scale of its spread.
    shift : (T,) by position in `Points.frames`: what all cells did together from it to the next, less the drift.
    mothers : pairs (mother, appearing cell) worth looking at, (M, 2).
    lessons : what learning needs of each link: ways, level and size of the past, and step.
    """

    source: list[Ints] = field(default_factory=list)
    target: list[Ints] = field(default_factory=list)
    gain: list[Floats] = field(default_factory=list)
    sure: list[Floats] = field(default_factory=list)
    ahead: list[Floats] = field(default_factory=list)
    scale2: list[Floats] = field(default_factory=list)
    shift: list[Floats] = field(default_factory=list)
    mothers: list[Ints] = field(default_factory=list)
    lessons: list[tuple[Floats, Ints, Floats, Floats]] = field(default_factory=list)

    def add(self, low: int, high: int, step: _Step, near: float, points: Points, held: Held | None) -> None:
        """Note the links of a frame whose first row is `low` to the next, whose first row is `high`."""
        a, b = step.pairs
        self.source.append(low + a)
        self.target.append(high + b)
        self.gain.append(step.gain[step.chosen])
        self.sure.append(step.sure())
        self.shift.append(step.shift)
        if near > 0:
            after = points.at[high : high + step.shape[1]]
            mothers = step.mothers(after, near) + np.array([low, high])
            self.mothers.append(mothers if held is None else mothers[held.allowed(*mothers.T)])

    def learn(self, step: _Step, history: History) -> None:
        """Note what the links of a frame teach."""
        a, _ = step.pairs
        self.lessons.append((history.ways()[a], history.level()[a], history.size[a], step.moved))


def link_frames(
    points: Points,
    motion: Motion,
    near: float,
    progress: Progress,
    *,
    blocks: range | None = None,
    learn: bool = False,
    held: Held | None = None,
) -> FirstPass:
    """Link each frame to the next.

    Parameters
    ----------
    near : mothers are looked for within this distance of an appearing cell, px.
    progress : called once a frame.
    blocks : positions in `points.frames` to link; all without it.
    learn : keep the lessons.
    held : pins.
    """
    done, history = FirstPass(), History.none(0, points.dims)
    blocks = range(len(points.frames)) if blocks is None else blocks
    follows = points.follows()
    for nth, t in enumerate(blocks):
        progress(nth, len(blocks), "link")
        low, high = points.bounds[t], points.bounds[t + 1]
        if not len(history.steps):
            history = History.none(high - low, points.dims)
        expected = motion.expected(history) + motion.drift
        scale2 = motion.spread.of(history.level(), history.size)
        done.ahead.append(expected)
        done.scale2.append(scale2)
        if t + 1 == blocks.stop or not follows[t]:
            done.shift.append(np.zeros(points.dims))
            history = History.none(0, points.dims)
            continue
        step = _Step(points, t, expected, scale2, motion, held)
        done.add(low, high, step, near, points, held)
        if learn:
            done.learn(step, history)
        a, b = step.pairs
        usual = motion.spread.scale2[history.level()[a]] * points.dims * _mean_square(motion.spread)
        history = history.after(a, b, step.moved, step.square[step.chosen] / usual, step.shape[1])
    progress(len(blocks), len(blocks), "link")
    return done


def _mean_square(spread: Spread) -> float:
    """Expected square of a t variate along an axis, for a scale of 1; bounded where it has none."""
    return spread.tail / (spread.tail - 2) if spread.tail > 3 else 3.0


class _Step:
    """Candidates between two frames, and which were chosen.

    Attributes
    ----------
    row, column, square, gain : candidates, their squared distance from where they are expected, and worth in nats.
    chosen : which of them.
    shift : what all cells did together, less the drift.
    there : where the cells were expected, with the shift.
    """

    def __init__(
        self, points: Points, t: int, expected: Floats, scale2: Floats, motion: Motion, held: Held | None = None
    ) -> None:
        from scipy.spatial import cKDTree

        before, after = points.frame(t), points.frame(t + 1)
        tree, there = cKDTree(after), before + expected
        distance, index = _nearest(tree, there, motion.reach)
        usual = np.sqrt(scale2 * motion.spread.dims)
        self.shift = common_shift(there, after, tree, distance[:, 0], index[:, 0], usual)
        self.there = there + self.shift
        if self.shift.any():
            distance, index = _nearest(tree, self.there, motion.reach)
        self.row, nth = np.nonzero(np.isfinite(distance))
        self.column, self.square = index[self.row, nth], distance[self.row, nth] ** 2
        log_density = motion.spread.log(self.square, scale2[self.row])
        if points.looks.shape[1]:
            low, high = points.bounds[t], points.bounds[t + 1]
            log_density += motion.looks.ratio(points.looks[high + self.column] - points.looks[low + self.row])
        self.gain, self.shape = motion.worth(log_density), (len(before), len(after))
        if held is not None:
            self._hold(held, points.bounds[t], points.bounds[t + 1], after)
        self.chosen = assign(self.row, self.column, self.gain, self.shape)
        a, b = self.pairs
        self.moved = after[b] - before[a] - self.shift - motion.drift

    def _hold(self, held: Held, low: int, high: int, after: Floats) -> None:
        """Leave out the candidates that pins forbid, and put in the pinned links."""
        open_ = held.allowed(low + self.row, high + self.column)
        source = np.flatnonzero(held.next[low:high] >= 0)
        target = held.next[low + source] - high
        square = ((after[target] - self.there[source]) ** 2).sum(axis=1)
        self.row, self.column = np.append(self.row[open_], source), np.append(self.column[open_], target)
        self.square = np.append(self.square[open_], square)
        self.gain = np.append(self.gain[open_], np.full(len(source), SURE))

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """Cells of this and of the next frame that are linked."""
        return self.row[self.chosen], self.column[self.chosen]

    def sure(self) -> Floats:
        """Confidence of each link."""
        return confidence(self.row, self.column, self.gain, self.chosen, self.shape)

    def mothers(self, after: Floats, near: float) -> Ints:
        """Pairs of a linked cell and an appearing one within `near` of where the other was expected, (M, 2)."""
        from scipy.spatial import cKDTree

        linked, taken = self.pairs
        alone = np.ones(len(after), np.bool_)
        alone[taken] = False
        appearing = np.flatnonzero(alone)
        if not len(appearing) or not len(linked):
            return np.empty((0, 2), np.int64)
        tree = cKDTree(self.there[linked])
        k = np.arange(1, min(MOTHERS, tree.n) + 1)
        distance, index = tree.query(after[appearing], k=k, distance_upper_bound=near)
        row, nth = np.nonzero(np.isfinite(distance))
        return np.stack([linked[index[row, nth]], appearing[row]], axis=1)


def _nearest(tree: Any, at: Floats, reach: float) -> tuple[Floats, Ints]:
    k = min(CANDIDATES, tree.n)
    distance, index = tree.query(at, k=np.arange(1, k + 1), distance_upper_bound=reach)
    return distance, index
