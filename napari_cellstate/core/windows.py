"""Windows of tracks: the pieces that features, crops and embeddings describe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.tracks import Tracks

Floats = NDArray[np.float64]


class Frames(Protocol):
    """Label images that are read one at a time."""

    def __getitem__(self, t: int, /) -> Any:
        """Frame t, (Y, X), 0 for background and else the number of a cell."""
        ...


@dataclass(frozen=True, eq=False)
class Windows:
    """All windows of all tracks of one movie, in the order of track, then frame.

    A track that spans T frames (missing ones inside counted) has floor((T - window) / stride) + 1 windows; one
    that would leave the track is not made.

    Attributes
    ----------
    tracks : the movie's tracks.
    window : frames a window has.
    stride : every stride-th window is kept.
    every : only each every-th frame of a track is looked at (resampling of movies taken faster than others);
        window and stride count these.
    breaks : frames before which the frame interval is irregular: no window holds both that frame and the one before.
    labels : label images of the movie, for sets that compare outlines of two frames; None where there are none.

    Notes
    -----
    With a stride below the window, windows overlap: neighbouring rows share frames and are not independent.
    """

    tracks: Tracks
    window: int = 5
    stride: int = 1
    every: int = 1
    breaks: tuple[int, ...] = ()
    labels: Frames | None = None

    def __post_init__(self) -> None:
        for name in ("window", "stride", "every"):
            if getattr(self, name) < 1:
                raise InputError(f"features: {name} = {getattr(self, name)}; expected at least 1 frame")

    def __len__(self) -> int:
        return len(self.track)

    @cached_property
    def _spans(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Track, first frame and number of windows of each piece of a track between breaks."""
        table = self.tracks.table()
        track, first = np.arange(1, len(table) + 1), table["first_frame"].to_numpy(np.int64)
        last = table["last_frame"].to_numpy(np.int64)
        for at in self.breaks:
            cut = np.flatnonzero((first < at) & (last >= at))
            track, first = np.append(track, track[cut]), np.append(first, np.full(len(cut), at))
            last = np.append(np.where((first[: len(last)] < at) & (last >= at), at - 1, last), last[cut])
        order = np.lexsort((first, track))
        track, first, last = track[order], first[order], last[order]
        samples = (last - first) // self.every + 1
        count = np.where(samples >= self.window, (samples - self.window) // self.stride + 1, 0)
        return track, first, count

    @cached_property
    def track(self) -> NDArray[np.int64]:
        """Track of each window, (N,)."""
        return np.repeat(self._spans[0], self._spans[2])

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """First frame of each window, (N,)."""
        _, first, count = self._spans
        nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.asarray(np.repeat(first, count) + nth * self.stride * self.every)

    @property
    def stop(self) -> NDArray[np.int64]:
        """Last frame of each window, included, (N,)."""
        return self.start + (self.window - 1) * self.every

    @property
    def frame(self) -> NDArray[np.int64]:
        """The frame that each window describes, its lower middle one, (N,)."""
        return self.start + (self.window - 1) // 2 * self.every

    @cached_property
    def cell(self) -> NDArray[np.int64]:
        """Row number of the cell at each frame of each window, (N, window), -1 where it is missing."""
        frames = self.start[:, None] + np.arange(self.window) * self.every
        return find_cells(self.tracks, np.broadcast_to(self.track[:, None], frames.shape), frames)

    def values(self, column: str) -> Floats:
        """A cell measurement over each window, (N, window), NaN where the cell is missing.

        A column that the movie's cells do not have (given tracks have no area) is NaN throughout.
        """
        if column not in self.tracks.cells.columns:
            return np.full(self.cell.shape, np.nan)
        column_values = np.append(self.tracks.cells[column].to_numpy(np.float64), np.nan)
        return np.asarray(column_values[self.cell])

    def positions(self) -> Floats:
        """Positions (y, x) over each window, (N, window, 2), px, NaN where the cell is missing."""
        return np.stack([self.values("y"), self.values("x")], axis=-1)


def find_cells(tracks: Tracks, track: NDArray[np.int64], frame: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row number in the cell table of (track, frame), -1 where that track has no cell in that frame; any shape."""
    if not len(tracks.cells):
        return np.full(track.shape, -1, np.int64)
    span = int(max(tracks.cells["frame"].max(), frame.max(initial=0))) + 1
    keys = tracks.track * span + tracks.cells["frame"].to_numpy()
    order = np.argsort(keys)
    wanted = (track * span + frame).ravel()
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    row = np.where(keys[order[at]] == wanted, order[at], -1)
    return row.reshape(track.shape)


def nearest_row(
    track: NDArray[np.int64],
    frame: NDArray[np.int64],
    rows: NDArray[np.int64],
    row_frames: NDArray[np.int64],
    spacing: int,
) -> NDArray[np.int64]:
    """For each (track, frame) the nearest behaviour row of that track within half a spacing, -1 for none.

    Parameters
    ----------
    track, frame : (M,), the cells that ask.
    rows, row_frames : (N,), track and frame of the rows of one movie, sorted by track, then frame.
    spacing : frames between rows of one track (stride times every).

    Notes
    -----
    Where two rows are equally near, the earlier is taken.
    """
    if not len(rows):
        return np.full(len(track), -1, np.int64)
    span = int(max(frame.max(initial=0), row_frames.max())) + spacing + 2
    keys, wanted = rows * 2 * span + row_frames, track * 2 * span + frame
    right = np.searchsorted(keys, wanted)
    best = np.full(len(track), -1, np.int64)
    distance = np.full(len(track), np.inf)
    for at in (right - 1, right):
        inside = np.clip(at, 0, len(keys) - 1)
        away = np.abs(wanted - keys[inside]).astype(np.float64)
        better = (at >= 0) & (at < len(keys)) & (rows[inside] == track) & (away <= spacing / 2) & (away < distance)
        best[better], distance[better] = inside[better], away[better]
    return best
