"""Two cells whose outlines are one for some frames: when these part, nothing divided."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._merges import SHARE, Merges
from napari_cellstate.methods.link._points import Points
from napari_cellstate.methods.link._tracks import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Joined:
    """Outlines that are two cells.

    Attributes
    ----------
    ended, partner : (N,) the two cells that became each, when they last had outlines of their own, -1 for none.
    log : (N,) how much speaks for it, nats.
    """

    ended: Ints
    partner: Ints
    log: Floats

    @classmethod
    def of(cls, points: Points, scene: Scene, half: Merges) -> Joined:
        """From cells that merged, on along their tracks as long as they are nearer to the size of both than of one."""
        n = len(points.at)
        ended, partner, log = np.full(n, -1), np.full(n, -1), np.zeros(n)
        likely = np.flatnonzero(half.log + np.log(SHARE) > 0)
        order = likely[np.argsort(half.log[likely], kind="stable")]  # of two into one the clearer stays
        here, alone = half.fused[order], points.area[half.partner[order]]
        least = np.sqrt(alone * (alone + points.area[half.ended[order]]))
        while len(here):
            ended[here], partner[here], log[here] = half.ended[order], half.partner[order], half.log[order]
            here = scene.sister[here]
            on = (here >= 0) & (points.area[here] > least)
            order, here, least = order[on], here[on], least[on]
        return cls(ended, partner, log)

    def partings(self, points: Points, scene: Scene, mothers: Ints, held: Held | None) -> Ints:
        """Outlines that part: (joined, where its link goes, where a cell appears beside), (K, 3), one a joined outline.

        Parameters
        ----------
        mothers : pairs of a linked cell and one that appears near it, (M, 2).
        """
        trio = np.column_stack([mothers[:, 0], scene.sister[mothers[:, 0]], mothers[:, 1]])
        trio = trio[self.ended[trio[:, 0]] >= 0]
        if held is not None:
            trio = trio[held.allowed(trio[:, 0], trio[:, 1]) & held.allowed(trio[:, 0], trio[:, 2])]
        area = points.area[trio]
        both, alone = (np.abs(np.log(area[:, 0] / part)) for part in (area[:, 1] + area[:, 2], area[:, 1]))
        trio, both = trio[both < alone], both[both < alone]
        order = np.lexsort((both, trio[:, 0]))
        best = order[np.diff(trio[order, 0], prepend=-1) > 0]
        order = best[np.lexsort((both[best], trio[best, 2]))]
        return np.asarray(trio[np.sort(order[np.diff(trio[order, 2], prepend=-1) > 0])])

    def crossed(self, points: Points, parting: Ints) -> NDArray[np.bool_]:
        """Where the link goes to the cell that lies on the side from which the other came."""
        joined, linked, appearing = parting.T
        was = points.at[self.ended[joined]] - points.at[self.partner[joined]]
        now = points.at[appearing] - points.at[linked]
        return np.asarray((was * now).sum(axis=1) < 0)


def uncross(links: Links, scene: Scene, mothers: Ints, parting: Ints) -> tuple[Links, Scene, Ints]:
    """Exchange the cells of partings, (K, 3) as `Joined.partings` gives them: the link goes to the appearing one.

    Returns
    -------
    Links, scene, and pairs of mothers and appearing cells, as if the first pass had linked so.
    """
    joined, linked, appearing = parting.T
    other = np.arange(len(scene.sister))
    other[linked], other[appearing] = appearing, linked
    sister = scene.sister.copy()
    sister[joined] = appearing
    target = np.where(np.isin(links.source, joined), other[links.target], links.target)
    starts = np.sort(other[scene.starts])
    return (
        replace(links, target=target),
        replace(scene, sister=sister, starts=starts),
        np.column_stack([mothers[:, 0], other[mothers[:, 1]]]),
    )
