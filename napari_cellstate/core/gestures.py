"""From what a person points at to a correction: the chosen track, and the cell under the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.apply_links import LinkGraph
from napari_cellstate.core.cell_ref import CellRef, Places
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.link_edits import (
    AddDivision,
    Break,
    Delete,
    FillGap,
    Join,
    LinkEdit,
    ReAssign,
    RemoveDivision,
    Swap,
)
from napari_cellstate.core.outline import Plane
from napari_cellstate.core.tracks import Tracks

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

_REACH = 0.5
_OUTLINED = 12
"""Of more cells in one correction the outlines are not kept: each takes reading a frame."""


@dataclass(frozen=True, eq=False)
class Gestures:
    """Makes corrections of one movie's links as they are now.

    Attributes
    ----------
    movie : its name.
    cells, links : its tables, without what was dropped.
    track : (N,) track of each cell, as `Tracks` numbers them.
    plane : gives the labels of a frame, where there are masks: corrections then keep the outlines of their cells.
    """

    movie: str
    cells: pd.DataFrame
    links: pd.DataFrame
    track: Ints
    plane: Callable[[int], Plane] | None = None

    @classmethod
    def on(cls, movie: str, tracks: Tracks, plane: Callable[[int], Plane] | None = None) -> Gestures:
        """On the tracks of a movie, and its masks if there are any."""
        return cls(movie, tracks.cells, tracks.links, tracks.track, plane)

    @cached_property
    def _graph(self) -> LinkGraph:
        return LinkGraph.of(self.cells, self.links)

    @cached_property
    def _places(self) -> Places:
        return Places.of(self.cells, self.plane)

    def join(self, track: int, row: int) -> LinkEdit:
        """The cell goes on with the chosen track; what followed in that track until now becomes one of its own."""
        source = self._before(track, row)
        if self._graph.before[row] == source and self._graph.after[source, 1] < 0:
            raise InputError(f"{self._name(row)} follows track {track} already")
        return Join(movie=self.movie, source=self._ref(source), target=self._ref(row))

    def cut(self, row: int) -> LinkEdit:
        """A track begins with the cell."""
        source = int(self._graph.before[row])
        if source < 0:
            raise InputError(f"a track begins with {self._name(row)} already; choose a later frame")
        return Break(movie=self.movie, source=self._ref(source), target=self._ref(row))

    def swap(self, track: int, row: int) -> LinkEdit:
        """From this frame on the chosen track and that of the cell are exchanged."""
        mine = self._at(track, int(self._places.frame[row]))
        if mine < 0:
            raise InputError(f"track {track} has no cell in frame {self._places.frame[row]}, so nothing can be swapped")
        if mine == row:
            raise InputError(f"{self._name(row)} is of the chosen track itself; point at a cell of another")
        one, other = int(self._graph.before[mine]), int(self._graph.before[row])
        if one < 0 or other < 0 or one == other:
            raise InputError(
                f"both tracks must be there before frame {self._places.frame[row]}, each with a past of its own, to be "
                "swapped"
            )
        return Swap(
            movie=self.movie,
            one=self._ref(one),
            other=self._ref(other),
            of_one=self._refs(row if after == mine else after for after in self._after(one)),
            of_other=self._refs(mine if after == row else after for after in self._after(other)),
        )

    def divide(self, track: int, row: int) -> LinkEdit:
        """The cell is the second daughter of the chosen track; if it is one already, the division is taken back."""
        mother = int(self._graph.before[row])
        if mother >= 0 and len(self._after(mother)) == 2:
            kept = next(after for after in self._after(mother) if after != row)
            return RemoveDivision(
                movie=self.movie, mother=self._ref(mother), kept=self._ref(kept), other=self._ref(row)
            )
        source = self._before(track, row)
        others = [after for after in self._after(source) if after != row]
        if len(others) != 1:
            raise InputError(
                f"track {track} has {'no' if not others else 'two'} cells after frame {self._places.frame[source]}; a "
                "division needs one daughter in the track and another under the mouse"
            )
        return AddDivision(movie=self.movie, mother=self._ref(source), daughters=(self._ref(others[0]), self._ref(row)))

    def delete(self, row: int) -> LinkEdit:
        """The cell is none."""
        return Delete(movie=self.movie, cells=(self._ref(row),))

    def delete_track(self, row: int) -> LinkEdit:
        """No cell of this track is one."""
        return Delete(movie=self.movie, cells=self._refs(np.flatnonzero(self.track == self.track[row])))

    def re_assign(self, track: int, row: int) -> LinkEdit:
        """The cell belongs to the chosen track; its own closes behind it."""
        if self.track[row] == track:
            raise InputError(f"{self._name(row)} is of track {track} already")
        frame = self._places.frame[row]
        rows = np.flatnonzero(self.track == track)
        earlier, later = rows[self._places.frame[rows] < frame], rows[self._places.frame[rows] > frame]
        source, after = int(self._graph.before[row]), self._after(row)
        left = (self._ref(source), self._ref(after[0])) if source >= 0 and len(after) == 1 else None
        if not len(earlier) and not len(later):
            raise InputError(f"track {track} has no other frame than {frame}, so no cell can be put into it")
        return ReAssign(
            movie=self.movie,
            cell=self._ref(row),
            before=self._ref(int(earlier[-1])) if len(earlier) else None,
            after=self._ref(int(later[0])) if len(later) else None,
            left=left,
        )

    def fill(self, track: int, row: int) -> LinkEdit:
        """The cell goes on with the chosen track over the gap, through cells without links that lie on the way."""
        source = self._before(track, row)
        return FillGap(movie=self.movie, cells=self._refs([source, *self._between(source, row), row]))

    def _between(self, source: int, target: int) -> list[int]:
        """In each frame between, the cell without links that is nearest to the straight way, if it is near enough."""
        places, graph = self._places, self._graph
        first, last = int(places.frame[source]), int(places.frame[target])
        free = (graph.before < 0) & (graph.after[:, 0] < 0)
        found = []
        for frame in range(first + 1, last):
            share = (frame - first) / (last - first)
            there = places.at[source] * (1 - share) + places.at[target] * share
            rows = np.flatnonzero((places.frame == frame) & free)
            if not len(rows):
                continue
            away = np.hypot(*(places.at[rows] - there).T)
            reach = max(self._size(source), float(np.hypot(*(places.at[target] - places.at[source]))) * _REACH)
            if away.min() <= reach:
                found.append(int(rows[away.argmin()]))
        return found

    def _size(self, row: int) -> float:
        """Typical diameter of a cell, px."""
        area = float(self._places.area[row])
        return 2 * float(np.sqrt(area / np.pi)) if area > 0 else 2 * self._ref(row).room

    def _before(self, track: int, row: int) -> int:
        """Last cell of a track before the frame of another cell."""
        frame = int(self._places.frame[row])
        rows = np.flatnonzero((self.track == track) & (self._places.frame < frame))
        if not len(rows):
            raise InputError(
                f"track {track} is not there before frame {frame}; choose a track that begins earlier than the cell "
                "under the mouse"
            )
        return int(rows[-1])

    def _at(self, track: int, frame: int) -> int:
        rows = np.flatnonzero((self.track == track) & (self._places.frame == frame))
        return int(rows[0]) if len(rows) else -1

    def _after(self, row: int) -> list[int]:
        return [after for after in self._graph.after[row].tolist() if after >= 0]

    def _ref(self, row: int) -> CellRef:
        return self._places.ref(row)

    def _refs(self, rows: object) -> tuple[CellRef, ...]:
        several = [int(row) for row in rows]  # type: ignore[attr-defined]
        return tuple(self._places.ref(row, outlined=len(several) <= _OUTLINED) for row in several)

    def _name(self, row: int) -> str:
        return f"the cell of track {self.track[row]} in frame {self._places.frame[row]}"
