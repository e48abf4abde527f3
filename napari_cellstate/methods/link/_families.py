"""Candidate divisions: a mother, and two cells of the next frame that may be her daughters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._divisions import Division, fit_division
from napari_cellstate.methods.link._frames import MOTHERS, Motion
from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._points import LEAST, Points
from napari_cellstate.methods.link._tracks import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_UNLIKE = 5.0
"""The larger daughter over the smaller."""


@dataclass(frozen=True)
class Families:
    """Candidates, of one kind: the sister is linked to the mother already, or none is.

    Attributes
    ----------
    mother, sister, daughter : (K,) rows.
    middle, distance, scale2 : (K,) as for `Division.log`.
    against : (K,) log density of what stands in their place: a link to the sister, or an end and a start; and the
        daughter's start.
    """

    mother: Ints
    sister: Ints
    daughter: Ints
    middle: Floats
    distance: Floats
    scale2: Floats
    against: Floats

    @classmethod
    def of(cls, points: Points, scene: Scene, motion: Motion, trio: Ints, births: float, *, linked: bool) -> Families:
        """Measure (mother, sister, daughter), (K, 3); `births` is the log density of starts."""
        mother, sister, daughter = trio.T
        there, scale2 = scene.there[mother], scene.scale2[mother]
        middle = (((points.at[sister] + points.at[daughter]) / 2 - there) ** 2).sum(axis=1)
        distance = np.sqrt(((points.at[sister] - points.at[daughter]) ** 2).sum(axis=1))
        if linked:
            against = motion.spread.log(((points.at[sister] - there) ** 2).sum(axis=1), scale2)
        else:
            against = np.full(len(mother), births + motion.log_end)
        return cls(mother, sister, daughter, middle, np.maximum(distance, LEAST), scale2, against + births)

    def gain(self, law: Division, motion: Motion) -> Floats:
        """Worth of each, in nats."""
        return law.log(self.middle, self.distance, motion.spread, self.scale2) - self.against


def alike(points: Points, trio: Ints) -> Ints:
    """Of candidates (mother, sister, daughter), (K, 3), those whose daughters can be: sisters are about as large.

    Where one is several times as large as the other, the small one is a piece torn off by the segmentation. Without
    areas all can be.
    """
    ratio = np.abs(np.log(np.maximum(points.area[trio[:, 1]], 1)) - np.log(np.maximum(points.area[trio[:, 2]], 1)))
    return np.asarray(trio[~(ratio > np.log(_UNLIKE))])


def learn_division(parts: list[Families], motion: Motion, chances: int) -> Division:
    """Learn the law of divisions from all candidates."""
    names = ("daughter", "middle", "distance", "against", "scale2")
    start, middle, distance, against, scale2 = (np.concatenate([getattr(p, name) for p in parts]) for name in names)
    _, number = np.unique(start, return_inverse=True)
    return fit_division(number, middle, distance, against, motion.spread, scale2, max(chances, 1))


def orphans(points: Points, scene: Scene, near: float, held: Held | None = None) -> Ints:
    """Ends of tracks, with two starts of the next frame near where each was expected, (K, 3)."""
    ends, starts = scene.ends[points.follows()[scene.block[scene.ends]]], scene.starts
    at, pair = two_near(
        (points.at[starts], scene.block[starts]), (scene.there[ends], scene.block[ends] + 1), near, scene.apart
    )
    trio = np.column_stack([ends[at], np.sort(starts[pair], axis=1)])
    if held is None:
        return trio
    return trio[held.allowed(trio[:, 0], trio[:, 1]) & held.allowed(trio[:, 0], trio[:, 2])]


def two_near(of: tuple[Floats, Ints], to: tuple[Floats, Ints], near: float, apart: float) -> tuple[Ints, Ints]:
    """Pairs of the places `of` that are both within `near` of one of the places `to`, in the same frame.

    Parameters
    ----------
    of, to : places, and the frames that they are in.
    apart : as in `Scene`.

    Returns
    -------
    Positions in `to`, (K,), and two in `of` for each, (K, 2).
    """
    from scipy.spatial import cKDTree

    if len(of[0]) < 2 or not len(to[0]):
        return np.empty(0, np.int64), np.empty((0, 2), np.int64)
    apart += 2 * near
    tree = cKDTree(np.column_stack([of[0], of[1] * apart]))
    k = min(MOTHERS, tree.n)
    query = np.column_stack([to[0], to[1] * apart])
    distance, index = tree.query(query, k=np.arange(1, k + 1), distance_upper_bound=near)
    at, pair = [], []
    for i, j in combinations(range(k), 2):
        a = np.flatnonzero(np.isfinite(distance[:, i]) & np.isfinite(distance[:, j]))
        at.append(a)
        pair.append(index[a][:, [i, j]])
    return np.concatenate(at), np.concatenate(pair)


def choose_orphans(of: Families, gain: Floats, rival: Floats) -> tuple[Links, NDArray[np.bool_]]:
    """Divisions of mothers without any link, the clearest first, where no other explanation is better.

    Parameters
    ----------
    rival : (N,) for each cell, the most that another explanation of its start is worth.

    Returns
    -------
    Two links each, and which cells they use, (N,).
    """
    margin = np.minimum(gain, gain - rival[of.sister] - rival[of.daughter])
    used, taken = np.zeros(len(rival), np.bool_), []
    for at in np.lexsort((of.daughter, of.sister, of.mother, -gain)).tolist():
        cells = [of.mother[at], of.sister[at], of.daughter[at]]
        if margin[at] > 0 and not used[cells].any():
            used[cells] = True
            taken.append(at)
    chosen = np.array(taken, np.int64)
    sure = 1 / (1 + np.exp(-margin[chosen]))
    target = np.column_stack([of.sister[chosen], of.daughter[chosen]]).ravel()
    return Links(np.repeat(of.mother[chosen], 2), target, np.repeat(gain[chosen], 2), np.repeat(sure, 2)), used
