"""Tracks as a graph of cells, and which cells of two graphs are the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.metrics.linking import edges_from_tracks

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrackGraph:
    """Cells with their tracks.

    Attributes
    ----------
    frame, track : (N,) of each cell; a track has one cell a frame.
    parent : (N,) the same in all rows of a track, 0 for none.
    """

    frame: Ints
    track: Ints
    parent: Ints

    @classmethod
    def of(cls, frame: ArrayLike, track: ArrayLike, parent: ArrayLike | None = None) -> TrackGraph:
        """From columns of equal length; without parents no track has one."""
        frame, track = np.asarray(frame, np.int64), np.asarray(track, np.int64)
        return cls(frame, track, np.zeros(len(frame), np.int64) if parent is None else np.asarray(parent, np.int64))

    def edges(self) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """Source and target rows of every link, and whether it joins a parent to its daughter.

        Raises
        ------
        InputError
            A track that is twice in one frame.
        """
        source, target = edges_from_tracks(self.frame, self.track, self.parent)
        return source, target, self.track[source] != self.track[target]

    def tracks(self) -> Ints:
        """(K, 4) track, first frame, last frame, parent; sorted by track."""
        order = np.lexsort((self.frame, self.track))
        known, start, count = np.unique(self.track[order], return_index=True, return_counts=True)
        first, last = order[start], order[start + count - 1]
        return np.column_stack([known, self.frame[first], self.frame[last], self.parent[first]]).reshape(-1, 4)

    def without_gaps(self) -> TrackGraph:
        """Tracks that are one cell's: an only daughter has the number of her mother, and so on."""
        table = self.tracks()
        mothers, count = np.unique(table[table[:, 3] > 0, 3], return_counts=True)
        only = set(mothers[count == 1].tolist())
        name = {int(track): int(track) for track in table[:, 0]}
        by_time = table[np.argsort(table[:, 1], kind="stable")].tolist()
        for track, _, _, parent in by_time:
            if parent in only:
                name[track] = name.get(parent, track)
        track = np.array([name[one] for one in self.track.tolist()], np.int64)
        parent = np.array([name.get(one, 0) for one in self.parent.tolist()], np.int64)
        return TrackGraph(self.frame, track, np.where(parent == track, 0, parent))


@dataclass(frozen=True, eq=False)
class CellPairs:
    """Which cells are the same.

    Attributes
    ----------
    found, true : (M,) rows of the result and of the truth. Each true row is there at most once; a found row may be
        there several times, where one outline covers several true cells.
    """

    found: Ints
    true: Ints

    def __post_init__(self) -> None:
        row, count = np.unique(self.true, return_counts=True)
        if len(row) and count.max() > 1:
            raise InputError(f"pairs: true cell {row[count.argmax()]} is in {count.max()} pairs; expected at most 1")

    def single(self) -> CellPairs:
        """Only the pairs whose found cell has no other."""
        alone = np.bincount(self.found, minlength=1)[self.found] == 1
        return CellPairs(self.found[alone], self.true[alone])


def covered(found: Array, true: Array) -> tuple[Ints, Ints]:
    """Labels of the cells of a frame that are the same: the found one covers more than half of the true one.

    That is the test of the Cell Tracking Challenge (Matula et al. 2015, doi:10.1371/journal.pone.0144959).

    Parameters
    ----------
    found, true : (Y, X) or (Z, Y, X) labels, 0 is background.

    Returns
    -------
    Found and true labels, sorted by true label.
    """
    if found.shape != true.shape:
        raise InputError(f"labels of {found.shape} and {true.shape} px; they must be of one frame")
    inside = true > 0
    labels, area = np.unique(true[inside], return_counts=True)
    both = inside & (found > 0)
    pairs, shared = np.unique(np.stack([true[both], found[both]]).astype(np.int64), axis=1, return_counts=True)
    most = shared * 2 > area[np.searchsorted(labels, pairs[0])]
    return pairs[1, most], pairs[0, most]
