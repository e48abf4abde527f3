"""Tracks of a table, whole or in windows, for feature sets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.given import CELL_COLUMNS, GivenTracks
from napari_cellstate.core.tables import join, make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def _tracks(cells: pd.DataFrame) -> Tracks:
    """One track for each id."""
    frame, number = cells["frame"].to_numpy(), cells["given_track"].to_numpy()
    longest = int(frame.max(initial=0)) + 1
    return Tracks(cells, make_links(*join(frame, number)), max_gap=longest)


def tracks_of_ids(given: GivenTracks) -> Tracks:
    """One track for each id, however long its gaps; row for row the points."""
    return _tracks(_cells(given))


def given_windows(given: GivenTracks, window: int, stride: int) -> Iterator[Windows]:
    """Windows of all tracks, in one piece; the cells' `given_track` is 1 + the position of their id."""
    yield Windows(_tracks(_cells(given)), window, stride)


def whole_tracks(given: GivenTracks, *, looking_around: bool) -> Iterator[Windows]:
    """Each track as one window, those of one length after another.

    With `looking_around` every piece refers to the tracks of all lengths, for sets that describe a cell by the cells
    around it; without, to its own, which takes less time.
    """
    cells = _cells(given)
    frames = cells.groupby("given_track")["frame"]
    span = (frames.transform("max") - frames.transform("min") + 1).to_numpy()
    everyone = _tracks(cells) if looking_around else None
    for length in np.unique(span).tolist():
        tracks = everyone or _tracks(cells[span == length].reset_index(drop=True))
        yield _OfLength(tracks, length, length)


class _OfLength(Windows):
    """Windows of the tracks that are as long as one, no others."""

    @cached_property
    def _spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        table = self.tracks.table()
        first, last = (table[name].to_numpy(np.int64) for name in ("first_frame", "last_frame"))
        return np.arange(1, len(table) + 1), first, (last - first + 1 == self.window).astype(np.int64)


def _cells(given: GivenTracks) -> pd.DataFrame:
    return given.points.rename(columns=CELL_COLUMNS)
