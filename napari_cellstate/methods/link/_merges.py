"""Candidate merges: a cell that ends, and one of the next frame that is as large as it and its neighbour together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._families import two_near
from napari_cellstate.methods.link._frames import MOTHERS, Motion
from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._points import Points
from napari_cellstate.methods.link._spread import Spread, log_ball, log_t
from napari_cellstate.methods.link._tracks import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARE = 0.1
"""Of ends that are merges, before any was seen."""
_TORN = 0.05
"""Share of outlines whose size and middle say nothing."""
_TAIL = 4.0
_RIM = 0.1
"""Outlines that became one are known no better than this, as a logarithm of the area: their rims were touching."""
_CHANCE = 1.0
"""Spread of the logarithm of an area that says nothing."""


@dataclass(frozen=True)
class Merges:
    """Candidates, of one kind: the partner is linked to the fused cell already, or none is.

    Attributes
    ----------
    ended, partner, fused : (K,) rows: two cells of one frame, and one of the next.
    log : (K,) log of how much likelier place and size of the fused cell are if both became it than if the partner alone
        did, or, where none is linked, log density that both became it.
    """

    ended: Ints
    partner: Ints
    fused: Ints
    log: Floats

    @classmethod
    def of(cls, points: Points, scene: Scene, motion: Motion, near: float, trio: Ints, *, linked: bool) -> Merges:
        """Measure (ended, partner, fused), (K, 3); those whose area speaks against it are left out."""
        ended, partner, fused = trio.T
        area, own = points.area, _growth(points, scene)
        joint = np.log(area[fused] / (area[ended] + area[partner]))
        both = log_t(joint**2, max(own, _RIM) ** 2, _TAIL, 1)
        grown = np.log(area[fused] / area[partner])
        alone = np.logaddexp(
            np.log1p(-_TORN) + log_t(grown**2, own**2, _TAIL, 1), np.log(_TORN) + log_t(grown**2, _CHANCE**2, _TAIL, 1)
        )
        share = (area[ended] / (area[ended] + area[partner]))[:, None]
        middle = share * scene.there[ended] + (1 - share) * scene.there[partner]
        scale2 = np.maximum(scene.scale2[ended], scene.scale2[partner])
        log = both - alone + _place(points.at[fused] - middle, motion.spread, scale2, near)
        if linked:
            log -= _place(points.at[fused] - scene.there[partner], motion.spread, scene.scale2[partner], near)
        some = both > alone  # of cells without area this is never so
        rivals = np.bincount(ended[some], minlength=len(area))[ended]
        return cls(ended[some], partner[some], fused[some], (log - np.log(np.maximum(rivals, 1)))[some])

    def of_end(self, n: int) -> Floats:
        """How much speaks for each cell that ended having merged with any other, at least 0, (n,)."""
        best = np.zeros(n)
        np.maximum.at(best, self.ended, self.log)
        return best


def half_merged(points: Points, scene: Scene, near: float) -> Ints:
    """Ends of tracks, and linked cells of the next frame near where each was expected, (K, 3)."""
    from scipy.spatial import cKDTree

    before = np.full(len(points.at), -1)
    linked = np.flatnonzero(scene.sister >= 0)
    before[scene.sister[linked]] = linked
    ends, later = _followed(points, scene), np.flatnonzero(before >= 0)
    if not len(ends) or not len(later):
        return np.empty((0, 3), np.int64)
    apart = scene.apart + 2 * near
    tree = cKDTree(np.column_stack([points.at[later], scene.block[later] * apart]))
    query = np.column_stack([scene.there[ends], (scene.block[ends] + 1) * apart])
    k = np.arange(1, min(MOTHERS, tree.n) + 1)
    distance, index = tree.query(query, k=k, distance_upper_bound=near)
    row, nth = np.nonzero(np.isfinite(distance))
    fused = later[index[row, nth]]
    return np.stack([ends[row], before[fused], fused], axis=1)


def whole_merged(points: Points, scene: Scene, near: float, held: Held | None = None) -> Ints:
    """Starts of tracks, with two ends of the frame before near which each is, (K, 3); the larger is the partner."""
    ends, starts = _followed(points, scene), scene.starts
    at, pair = two_near(
        (scene.there[ends], scene.block[ends] + 1), (points.at[starts], scene.block[starts]), near, scene.apart
    )
    pair, fused = np.sort(ends[pair], axis=1), starts[at]
    first = points.area[pair[:, 0]] >= points.area[pair[:, 1]]
    ended, partner = np.where(first, pair[:, 1], pair[:, 0]), np.where(first, pair[:, 0], pair[:, 1])
    trio = np.stack([ended, partner, fused], axis=1)
    return trio if held is None else trio[held.allowed(partner, fused)]


def choose_whole(of: Merges, gain: Floats, rival: Floats) -> tuple[Links, Links, NDArray[np.bool_]]:
    """Merges of two ends into a start, the clearest first, where no other explanation is better.

    Parameters
    ----------
    gain : (K,) worth of each beside two ends and a start, nats.
    rival : (N,) for each cell, the most that another explanation of its end or start is worth.

    Returns
    -------
    Links to the fused cells, marks, and which cells they use, (N,).
    """
    margin = gain - rival[of.ended] - rival[of.partner] - rival[of.fused]
    used, taken = np.zeros(len(rival), np.bool_), []
    for at in np.lexsort((of.fused, of.partner, of.ended, -margin)).tolist():
        cells = [of.ended[at], of.partner[at], of.fused[at]]
        if margin[at] > 0 and not used[cells].any():
            used[cells] = True
            taken.append(at)
    chosen = np.array(taken, np.int64)
    sure = 1 / (1 + np.exp(-margin[chosen]))
    fused = of.fused[chosen]
    return (
        Links(of.partner[chosen], fused, gain[chosen], sure),
        Links(of.ended[chosen], fused, gain[chosen], sure),
        used,
    )


def whole_gain(of: Merges, motion: Motion, births: float) -> Floats:
    """Worth of merges of two ends beside the ends and a start that they explain."""
    return np.asarray(of.log + np.log(SHARE) - motion.log_end - births)


def _followed(points: Points, scene: Scene) -> Ints:
    """Ends whose next frame has cells, of known area."""
    ends = scene.ends
    return ends[points.follows()[scene.block[ends]] & (points.area[ends] > 0)]


def _growth(points: Points, scene: Scene) -> float:
    """Usual change of the logarithm of the area in the links of the first pass (a robust standard deviation)."""
    source = np.flatnonzero(scene.sister >= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(points.area[scene.sister[source]] / points.area[source])
    change = np.abs(change[np.isfinite(change)])
    return max(1.4826 * float(np.median(change)), _RIM / 4) if len(change) else _RIM


def _place(off: Floats, spread: Spread, scale2: Floats, near: float) -> Floats:
    """Log density of a place; a share is anywhere within `near`: outlines that are torn have another middle."""
    flat = -log_ball(near, spread.dims)
    return np.asarray(np.logaddexp(np.log1p(-_TORN) + spread.log((off**2).sum(axis=1), scale2), np.log(_TORN) + flat))
