"""Where each track of a lineage tree is drawn: a column each, mothers above the middle of their daughters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
    """A drawn tree.

    Attributes
    ----------
    tracks : (K,) the tracks that are drawn, by column.
    x : (n_tracks + 1,) column of each track, NaN where it is not drawn.
    first, last : (n_tracks + 1,) its frames.
    parents : (n_tracks + 1,) 0 for none.
    generation : (n_tracks + 1,) divisions since the first track of its lineage.
    width : number of columns.
    """

    tracks: Ints
    x: Floats
    first: Ints
    last: Ints
    parents: Ints
    generation: Ints
    width: int

    def segments(self, frame: Ints, track: Ints, level: Ints) -> tuple[Floats, Floats, Ints]:
        """Pieces of lines that have one level each.

        Parameters
        ----------
        frame, track, level : (N,) of all cells.

        Returns
        -------
        x, y : (2 S,) both ends of each piece; level : (S,). A piece reaches from its first cell to the first of the
        next piece of its track.
        """
        mine = np.flatnonzero(np.isfinite(self.x[track]))
        order = mine[np.lexsort((frame[mine], track[mine]))]
        frame, track, level = frame[order], track[order], level[order]
        if not len(order):
            return np.empty(0), np.empty(0), np.empty(0, np.int64)
        new_track = np.diff(track, prepend=-1) != 0
        start = np.flatnonzero(new_track | (np.diff(level, prepend=-1) != 0))
        stop = np.append(start[1:], len(frame))
        ends_track = np.append(new_track[start[1:]], True)
        until = np.where(ends_track, frame[stop - 1] + 0.4, frame[np.minimum(stop, len(frame) - 1)])
        x = np.repeat(self.x[track[start]], 2)
        return x, np.stack([frame[start].astype(np.float64), until], axis=1).ravel(), level[start]

    def forks(self) -> tuple[Floats, Floats]:
        """Lines from each mother's end to her daughters' beginnings, both ends of each, (2 F,)."""
        daughters = self.tracks[np.isfinite(self.x[self.parents[self.tracks]])] if len(self.tracks) else self.tracks
        mothers = self.parents[daughters]
        x = np.stack([self.x[mothers], self.x[daughters]], axis=1).ravel()
        y = np.stack([self.last[mothers] + 0.4, self.first[daughters]], axis=1).ravel()
        return x, y

    def line(self, track: int) -> tuple[Floats, Floats] | None:
        """Both ends of a track's line; None where it is not drawn."""
        if not 0 < track < len(self.x) or not np.isfinite(self.x[track]):
            return None
        return np.full(2, self.x[track]), np.array([self.first[track], self.last[track] + 0.4])

    def nearest(self, x: float, y: float, reach: float) -> int:
        """The track drawn nearest to a place, within `reach` columns; 0 for none."""
        tracks = self.tracks
        away = np.abs(self.x[tracks] - x)
        there = (self.first[tracks] - 0.5 <= y) & (y <= self.last[tracks] + 0.9)
        away = np.where(there, away, np.inf)
        return int(tracks[away.argmin()]) if len(tracks) and away.min() <= reach else 0


def lay_out(frame: Ints, track: Ints, parents: Ints, wanted: str | int = "all") -> Layout:
    """Give each track a column; lineages follow each other in the order of their first tracks.

    Parameters
    ----------
    frame, track : (N,) of all cells.
    parents : (n_tracks + 1,) parent of each track (its number is smaller), 0 for none.
    wanted : "all"; "divided", lineages with at least one division; or a track, whose lineage is drawn alone.
    """
    n = len(parents) - 1
    first, last = np.full(n + 1, np.iinfo(np.int64).max), np.full(n + 1, -1)
    np.minimum.at(first, track, frame)
    np.maximum.at(last, track, frame)
    children: list[list[int]] = [[] for _ in range(n + 1)]
    lineage, generation = np.arange(n + 1), np.zeros(n + 1, np.int64)
    sisters = np.bincount(parents[1:], minlength=n + 1)
    for one in range(1, n + 1):
        parent = int(parents[one])
        if parent:
            children[parent].append(one)
            lineage[one] = lineage[parent]
            generation[one] = generation[parent] + (sisters[parent] > 1)
    x, column = np.full(n + 1, np.nan), 0
    for root in _roots(parents, lineage, generation, wanted):
        column = _place(root, children, x, column)
    drawn = np.flatnonzero(np.isfinite(x))
    return Layout(drawn[np.argsort(x[drawn], kind="stable")], x, first, last, parents, generation, max(column, 1))


def _roots(parents: Ints, lineage: Ints, generation: Ints, wanted: str | int) -> list[int]:
    roots = np.flatnonzero(parents[1:] == 0) + 1
    if isinstance(wanted, str):
        if wanted == "divided":
            roots = roots[np.isin(roots, lineage[generation > 0])]
        return [int(root) for root in roots]
    return [int(lineage[wanted])] if 0 < wanted < len(lineage) else []


def _place(root: int, children: list[list[int]], x: Floats, column: int) -> int:
    """Columns of one lineage, from `column` on; gives back the next free one. No recursion: lineages can be deep."""
    stack, order = [root], []
    while stack:
        one = stack.pop()
        order.append(one)
        stack += children[one][::-1]
    for one in order:
        if not children[one]:
            x[one], column = column, column + 1
    for one in reversed(order):
        if children[one]:
            x[one] = float(np.mean(x[children[one]]))
    return column
