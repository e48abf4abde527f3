"""Tracks and frames that are left out of everything that is pooled: states, dynamics, comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from napari_cellstate.core.edits import Edit, History

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellstate.core.tracks import Tracks

_NEAR = 3.0
"""Pixels from where a cell was, within which it is the same one, if it has no area to tell."""


class ExcludeTrack(Edit):
    """Leave a track out, or take it in again; it is named by one of its cells.

    Attributes
    ----------
    frame, y, x : where one of its cells is, px.
    excluded : False takes it in again.
    """

    kind: ClassVar[str] = "exclude-track"
    stage: ClassVar[str] = "embed"
    frame: int = Field(ge=0)
    y: float
    x: float
    excluded: bool = True

    def words(self) -> str:
        """What it does."""
        what = "leave out" if self.excluded else "take in again"
        return f"{what} the track at ({self.y:.0f}, {self.x:.0f}) in frame {self.frame}"


class ExcludeFrames(Edit):
    """Leave frames of a movie out, or take them in again.

    Attributes
    ----------
    first, last : the first frame and the last one.
    excluded : False takes them in again.
    """

    kind: ClassVar[str] = "exclude-frames"
    stage: ClassVar[str] = "embed"
    first: int = Field(ge=0)
    last: int = Field(ge=0)
    excluded: bool = True

    def words(self) -> str:
        """What it does."""
        what = "leave out" if self.excluded else "take in again"
        frames = f"frame {self.first}" if self.first == self.last else f"frames {self.first} to {self.last}"
        return f"{what} {frames}"


def excluded_tracks(tracks: Tracks, edits: tuple[ExcludeTrack, ...]) -> tuple[set[int], tuple[str, ...]]:
    """Tracks that are left out, and the words of edits that fit no cell."""
    out: set[int] = set()
    lost = []
    for one in edits:
        track = _track_at(tracks, one)
        if not track:
            lost.append(one.words())
        elif one.excluded:
            out.add(track)
        else:
            out.discard(track)
    return out, tuple(lost)


def excluded_frames(edits: tuple[ExcludeFrames, ...]) -> set[int]:
    """Frames that are left out."""
    out: set[int] = set()
    for one in edits:
        frames = range(one.first, one.last + 1)
        out = out.union(frames) if one.excluded else out.difference(frames)
    return out


def without_excluded(
    table: pd.DataFrame, tracks: Tracks, history: History, movie: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A feature table without the windows of excluded tracks, and without those that look at an excluded frame.

    Runs are broken where a window is missing now: what follows each other is still one frame step apart.

    Returns
    -------
    The table (the same one where nothing is left out), and the words of edits that fit no cell.
    """
    edits = history.of("embed", movie)
    out, lost = excluded_tracks(tracks, tuple(one for one in edits if isinstance(one, ExcludeTrack)))
    frames = excluded_frames(tuple(one for one in edits if isinstance(one, ExcludeFrames)))
    if not out and not frames:
        return table, lost
    dropped = np.isin(table["track"], sorted(out)) | _sees(table, frames)
    kept = table[~dropped].copy()
    run, before = table["run"].to_numpy()[~dropped], np.cumsum(dropped)[~dropped]
    starts = np.diff(run, prepend=-1) != 0
    starts[1:] |= np.diff(before) != 0
    kept["run"] = np.cumsum(starts)
    return kept.reset_index(drop=True), lost


def _sees(table: pd.DataFrame, frames: set[int]) -> NDArray[np.bool_]:
    """Whether a window has one of these frames in it."""
    if not frames:
        return np.zeros(len(table), bool)
    first, last = table["t0"].to_numpy(np.int64), table["t1"].to_numpy(np.int64)
    count = np.zeros(max(int(last.max(initial=0)), max(frames)) + 2, np.int64)
    count[np.array(sorted(frames)) + 1] = 1
    total = np.cumsum(count)
    return np.asarray(total[last + 1] > total[first])


def _track_at(tracks: Tracks, one: ExcludeTrack) -> int:
    """The track of the cell that is where the edit says, 0 for none."""
    cells = tracks.cells
    here = np.flatnonzero((cells["frame"] == one.frame).to_numpy())
    if not len(here):
        return 0
    at = cells[["y", "x"]].to_numpy(np.float64)[here]
    away = np.hypot(at[:, 0] - one.y, at[:, 1] - one.x)
    nearest = int(away.argmin())
    area = float(cells["area"].iloc[here[nearest]]) if "area" in cells else 0.0
    reach = max(_NEAR, float(np.sqrt(area / np.pi)))
    return int(tracks.track[here[nearest]]) if away[nearest] <= reach else 0
