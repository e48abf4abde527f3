"""Ragged runs laid out by time, so that one step of every run is one matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_cellstate.core.families import Ints


@dataclass(frozen=True, eq=False)
class Packed:
    """Rows in the order of time within their run: first rows of all runs, then second rows, and so on.

    Longer runs come first at each time, so that the runs still going on are always the first ones and nothing is
    padded.

    Attributes
    ----------
    order : (N,) int64, number of the row at each packed place.
    offset : (T + 1,) int64, packed place at which each time begins; T is the longest run.
    before : (N - R,) int64, packed place of the row before, of each row that has one: these are the last N - R places.
    """

    order: Ints
    offset: Ints
    before: Ints

    @property
    def first(self) -> int:
        """Number of runs."""
        return int(self.offset[1]) if len(self.offset) > 1 else 0


def pack(run: Ints) -> Packed:
    """Lay rows out by time.

    Parameters
    ----------
    run : (N,), rows of one run stand together, sorted by time.
    """
    n = len(run)
    new = np.ones(n, np.bool_)
    new[1:] = run[1:] != run[:-1]
    start = np.flatnonzero(new)
    length = np.diff(np.append(start, n))
    rank = np.empty(len(start), np.int64)
    rank[np.argsort(-length, kind="stable")] = np.arange(len(start))
    number = np.cumsum(new) - 1
    time = np.arange(n) - start[number]
    offset = np.concatenate([[0], np.cumsum(np.bincount(time))]).astype(np.int64)
    place = offset[time] + rank[number]
    order = np.empty(n, np.int64)
    order[place] = np.arange(n)
    ahead = int(offset[1]) if n else 0
    before = np.arange(ahead, n) - np.diff(offset)[time[order[ahead:]] - 1]
    return Packed(order, offset, before)
