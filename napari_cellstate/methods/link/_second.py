"""The second pass: ends of tracks to later starts, and appearing cells to their mothers, in one exact assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link._families import Families, alike, choose_orphans, learn_division, orphans
from napari_cellstate.methods.link._frames import FirstPass, Motion
from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._points import Points
from napari_cellstate.methods.link._tracks import Scene, links_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 3
_CANDIDATES = 6
_GAP = 0.2


@dataclass(frozen=True)
class _Pairs:
    """Candidates: an end or a mother, a start, log density, and the kind: frames apart, or 0 for a division."""

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

    def keep(self, which: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.row[which], self.column[which], self.log[which], self.kind[which])


def second_pass(
    points: Points,
    first: FirstPass,
    motion: Motion,
    near: float,
    max_gap: int,
    progress: Progress,
    *,
    divisions: bool = True,
    held: Held | None = None,
) -> Links:
    """All links: those of the first pass, those over gaps, and those to second daughters.

    Parameters
    ----------
    near : daughters are looked for within this distance of where their mother was expected, px.
    max_gap : the most missing frames in a row.
    held : pins.
    """
    one = links_of(first) if held is None else Links.joined([links_of(first), held.links()])
    scene = Scene.of(points, first, links_of(first), held)
    if not len(scene.starts):
        return one
    births = float(np.log(len(scene.starts) / len(points.frames)) - points.log_volume)
    pairs = [_gaps(points, scene, motion, gap + 1, held) for gap in range(1, max_gap + 1)]
    progress(0, 2, "close gaps")
    if not divisions:
        return Links.joined([one, _choose(points, scene, _Pairs.joined(pairs), births, max_gap)])
    seen = np.concatenate([*first.mothers, np.empty((0, 2), np.int64)])
    trio = alike(points, np.column_stack([seen[:, 0], scene.sister[seen[:, 0]], seen[:, 1]]))
    half = Families.of(points, scene, motion, trio, births, linked=True)
    whole = Families.of(points, scene, motion, alike(points, orphans(points, scene, near, held)), births, linked=False)
    law = learn_division([half, whole], motion, len(one.source))
    progress(1, 2, "close gaps")
    half_log = half.gain(law, motion) + births
    everything = _Pairs.joined([*pairs, _Pairs(half.mother, half.daughter, half_log, np.zeros(len(trio), np.int64))])
    rival = np.zeros(len(points.at))
    np.maximum.at(rival, everything.column, everything.log - births + np.log(_GAP) * (everything.kind > 0))
    twins, used = choose_orphans(whole, whole.gain(law, motion), rival)
    left = everything.keep(~(used[everything.row] & (everything.kind > 0)) & ~used[everything.column])
    progress(2, 2, "close gaps")
    return Links.joined([one, twins, _choose(points, scene, left, births, max_gap)])


def _gaps(points: Points, scene: Scene, motion: Motion, dt: int, held: Held | None) -> _Pairs:
    """Ends, and starts `dt` frames later near where each would be by then."""
    from scipy.spatial import cKDTree

    ends, starts, frame = scene.ends, scene.starts, points.frames[scene.block]
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
    return found if held is None else found.keep(held.allowed(found.row, found.column))


def _choose(points: Points, scene: Scene, pairs: _Pairs, births: float, max_gap: int) -> Links:
    """Assign, and again with the shares of gaps of each length, and of cells that are new, as they were found."""
    shape, share = (len(points.at),) * 2, _GAP * 0.5 ** np.arange(max_gap + 2)
    for _ in range(_ROUNDS):
        gain = pairs.log - births + np.where(pairs.kind > 0, np.log(share[pairs.kind]), 0.0)
        chosen = assign(pairs.row, pairs.column, gain, shape)
        count = np.bincount(pairs.kind[chosen], minlength=max_gap + 2)
        share = (count + 0.5 * share) / (len(scene.ends) + 2)
        births = float(np.log((len(scene.starts) - len(chosen) + 1) / len(points.frames)) - points.log_volume)
    sure = confidence(pairs.row, pairs.column, gain, chosen, shape)
    return Links(pairs.row[chosen], pairs.column[chosen], gain[chosen], sure)
