"""The second pass: ends of tracks to later starts, and appearing cells to their mothers, in one exact assignment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link._families import Families, alike, choose_orphans, learn_division, orphans
from napari_cellstate.methods.link._frames import FirstPass, Motion
from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._joined import Joined, uncross
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._merges import Merges, choose_whole, half_merged, whole_gain, whole_merged
from napari_cellstate.methods.link._points import Points
from napari_cellstate.methods.link._spread import log_ball
from napari_cellstate.methods.link._tracks import Scene, links_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 3
_CANDIDATES = 6
_GAP = 0.2
_MERGE = 1
"""Kind of a merge: it joins an end to a cell one frame later."""


@dataclass(frozen=True)
class _Pairs:
    """Candidates: an end or a mother, a start (of a merge: a linked cell), log density (log odds), and the kind.

    The kind is how many frames apart, 0 for a division, 1 for a merge.
    """

    row: Ints
    column: Ints
    log: Floats
    kind: Ints

    @classmethod
    def joined(cls, parts: list[_Pairs]) -> _Pairs:
        no = np.empty(0, np.int64)
        names = ("row", "column", "log", "kind")
        return cls(*(np.concatenate([getattr(part, name) for part in [cls(no, no, np.empty(0), no), *parts]])
                     for name in names))  # fmt: skip

    def keep(self, which: NDArray[np.bool_] | Ints) -> _Pairs:
        return _Pairs(self.row[which], self.column[which], self.log[which], self.kind[which])

    def once(self) -> _Pairs:
        """Of candidates that are there twice, as gaps that look alike in two ways, the likelier."""
        code = self.row * (int(self.column.max(initial=0)) + 1) + self.column
        order = np.lexsort((-self.log, code))
        first = np.diff(code[order], prepend=-1) > 0
        return self if first.all() else self.keep(np.sort(order[first]))

    def left(self, used: NDArray[np.bool_]) -> _Pairs:
        """Candidates of ends and starts that are not used yet; a mother may have a daughter more."""
        return self.keep(~(used[self.row] & (self.kind > 0)) & ~used[self.column])

    def gain(self, births: float) -> Floats:
        """Worth beside a start, of those that explain one; a merge explains none."""
        return np.asarray(self.log - np.where(self.kind == _MERGE, 0.0, births))

    def rival(self, births: float, n: int) -> tuple[Floats, Floats]:
        """The most that any is worth for each cell as an end, and as a start, (n,) each."""
        gain, end, start = self.gain(births) + np.log(_GAP) * (self.kind > 0), np.zeros(n), np.zeros(n)
        np.maximum.at(start, self.column, gain)
        np.maximum.at(end, self.row, np.where(self.kind > 0, gain, 0.0))
        return end, start


@dataclass(frozen=True)
class Found:
    """What both passes found.

    Attributes
    ----------
    links : all links.
    merges : marks: a cell that ends, and the cell of the next frame that it seems to have become one with.
    """

    links: Links
    merges: Links


def second_pass(
    points: Points,
    first: FirstPass,
    motion: Motion,
    near: float,
    max_gap: int,
    progress: Progress,
    *,
    divisions: bool = True,
    merges: bool = False,
    held: Held | None = None,
) -> Found:
    """All links: those of the first pass, those over gaps, and those to second daughters; and marks of merges.

    Parameters
    ----------
    near : daughters are looked for within this distance of where their mother was expected, px; so are fused cells.
    max_gap : the most missing frames in a row.
    divisions, merges : look for them.
    held : pins.
    """
    one = links_of(first) if held is None else Links.joined([links_of(first), held.links()])
    scene = Scene.of(points, first, links_of(first), held)
    if not len(scene.starts) and not merges:
        return Found(one, Links.joined([]))
    births = float(np.log(max(len(scene.starts), 1) / len(points.frames)) - points.log_volume)
    half = Merges.of(points, scene, motion, near, half_merged(points, scene, near), linked=True)
    mothers = np.concatenate([*first.mothers, np.empty((0, 2), np.int64)])
    joined = Joined.of(points, scene, half)
    parting = joined.partings(points, scene, mothers, held)
    crossed = joined.crossed(points, parting)
    one, scene, mothers = uncross(one, scene, mothers, parting[crossed])
    parting[crossed] = parting[crossed][:, [0, 2, 1]]
    case = _Case(points, scene, motion, near, births, max_gap, held)
    open_ = _Pairs.joined([_gaps(case, gap + 1) for gap in range(1, max_gap + 1)])
    progress(0, 2, "close gaps")
    sure, marks = [one], Links.joined([])
    if divisions and len(scene.starts):
        open_ = _Pairs.joined([open_, _partings(case, joined, parting)]).once()
        twins, open_ = _with_divisions(case, mothers[joined.ended[mothers[:, 0]] < 0], open_, len(one.source))
        sure.append(twins)
        progress(1, 2, "close gaps")
    if merges:
        links, marks, open_ = _with_merges(case, open_, half)
        sure.append(links)
    if divisions:
        progress(2, 2, "close gaps")
    chosen, kind = _choose(case, open_)
    fused = kind == _MERGE
    return Found(Links.joined([*sure, chosen.only(~fused)]), Links.joined([marks, chosen.only(fused)]))


@dataclass(frozen=True)
class _Case:
    """What all candidates are measured with; `births` is the log density of starts."""

    points: Points
    scene: Scene
    motion: Motion
    near: float
    births: float
    max_gap: int
    held: Held | None


def _with_divisions(case: _Case, mothers: Ints, pairs: _Pairs, chances: int) -> tuple[Links, _Pairs]:
    """Links of divisions of mothers without any, and the candidates that are left, with those of second daughters."""
    points, scene, motion, births = case.points, case.scene, case.motion, case.births
    trio = alike(points, np.column_stack([mothers[:, 0], scene.sister[mothers[:, 0]], mothers[:, 1]]))
    half = Families.of(points, scene, motion, trio, births, linked=True)
    rest = alike(points, orphans(points, scene, case.near, case.held))
    whole = Families.of(points, scene, motion, rest, births, linked=False)
    law = learn_division([half, whole], motion, chances)
    half_log = half.gain(law, motion) + births
    pairs = _Pairs.joined([pairs, _Pairs(half.mother, half.daughter, half_log, np.zeros(len(trio), np.int64))])
    twins, used = choose_orphans(whole, whole.gain(law, motion), pairs.rival(births, len(points.at))[1])
    return twins, pairs.left(used)


def _partings(case: _Case, joined: Joined, parting: Ints) -> _Pairs:
    """The cell that was joined, and where it is there again: anywhere near, and looking like itself."""
    points, (mother, _, start) = case.points, parting.T
    ended, frame = joined.ended[mother], points.frames[case.scene.block]
    dt = frame[start] - frame[ended]
    log = joined.log[mother] + case.motion.looks.ratio(points.looks[start] - points.looks[ended])
    found = _Pairs(ended, start, log - log_ball(case.near, points.dims), dt).keep(dt <= case.max_gap + 1)
    return found if case.held is None else found.keep(case.held.allowed(found.row, found.column))


def _with_merges(case: _Case, pairs: _Pairs, half: Merges) -> tuple[Links, Links, _Pairs]:
    """Links to cells that two ends became, their marks, and the candidates left, with those of other merges."""
    points, scene, motion, births = case.points, case.scene, case.motion, case.births
    trio = whole_merged(points, scene, case.near, case.held)
    whole = Merges.of(points, scene, motion, case.near, trio, linked=False)
    closed = (pairs.kind > _MERGE) & (pairs.gain(births) + np.log(_GAP * 0.5**pairs.kind) > 0)
    one = half.of_end(len(points.at))[pairs.row]  # a gap that would be closed: outlines were one for a while, or not
    pairs = replace(pairs, log=pairs.log + np.where(closed, one, 0.0))
    pairs = _Pairs.joined([pairs, _Pairs(half.ended, half.fused, half.log, np.full(len(half.log), _MERGE))])
    of_end, of_start = pairs.rival(births, len(points.at))
    links, marks, used = choose_whole(whole, whole_gain(whole, motion, births), np.maximum(of_end, of_start))
    return links, marks, pairs.left(used)


def _gaps(case: _Case, dt: int) -> _Pairs:
    """Ends, and starts `dt` frames later near where each would be by then."""
    from scipy.spatial import cKDTree

    points, scene, motion = case.points, case.scene, case.motion
    ends, starts, frame = scene.ends, scene.starts, points.frames[scene.block]
    if not len(starts):
        return _Pairs.joined([])
    persists = float(np.clip(motion.weights[-1].sum(), 0, 1))
    wide = scene.scale2[ends] * dt * (1 + persists**2 * (dt - 1))
    own = (scene.ahead[ends] - motion.drift) * sum(persists**k for k in range(dt))
    there = points.at[ends] - scene.moved[scene.block[ends]] + motion.drift * dt + own
    here = points.at[starts] - scene.moved[scene.block[starts]]
    apart = scene.apart + 10 * dt * (motion.reach + float(np.abs(scene.ahead).max(initial=0)))
    tree = cKDTree(np.column_stack([here, frame[starts] * apart]))
    query = np.column_stack([there, (frame[ends] + dt) * apart])
    k = np.arange(1, min(_CANDIDATES, tree.n) + 1)
    distance, index = tree.query(query, k=k, distance_upper_bound=motion.reach * np.sqrt(dt))
    a, nth = np.nonzero(np.isfinite(distance))
    b = starts[index[a, nth]]
    log = motion.spread.log(distance[a, nth] ** 2, wide[a]) + motion.looks.ratio(
        points.looks[b] - points.looks[ends[a]]
    )
    found = _Pairs(ends[a], b, log, np.full(len(a), dt))
    return found if case.held is None else found.keep(case.held.allowed(found.row, found.column))


def _choose(case: _Case, pairs: _Pairs) -> tuple[Links, Ints]:
    """Assign, and again with the shares of gaps of each length, of merges, and of cells that are new, as found.

    Returns
    -------
    Pairs and the kind of each.
    """
    points, scene, births, max_gap = case.points, case.scene, case.births, case.max_gap
    shape, share = (len(points.at),) * 2, _GAP * 0.5 ** np.arange(max_gap + 2)
    for _ in range(_ROUNDS):
        gain = pairs.gain(births) + np.where(pairs.kind > 0, np.log(share[pairs.kind]), 0.0)
        chosen = assign(pairs.row, pairs.column, gain, shape)
        count = np.bincount(pairs.kind[chosen], minlength=max_gap + 2)
        share = (count + 0.5 * share) / (len(scene.ends) + 2)
        explained = len(chosen) - count[_MERGE]
        births = float(np.log((len(scene.starts) - explained + 1) / len(points.frames)) - points.log_volume)
    sure = confidence(pairs.row, pairs.column, gain, chosen, shape)
    return Links(pairs.row[chosen], pairs.column[chosen], gain[chosen], sure), pairs.kind[chosen]
