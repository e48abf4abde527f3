"""Which tracks are looked at, and how many are left out and why: leaving out biases states, so it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.conditions import parse_conditions
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.metrics.track_quality import track_quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.experiment.recipe import WindowSettings

_KEYS = ("frame", "label", "y", "x")


@dataclass(frozen=True, eq=False)
class TrackFilter:
    """What became of the tracks of one movie.

    Attributes
    ----------
    kept : (n_tracks + 1,) by track.
    left_out : tracks left out, by reason; a track counts for the first reason that it has.
    """

    kept: NDArray[np.bool_]
    left_out: dict[str, int]

    def words(self, movie: str) -> tuple[str, ...]:
        """A warning where tracks were left out."""
        total = sum(self.left_out.values())
        if not total:
            return ()
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out.items() if count)
        return (
            f"movie {movie}: {total} of {len(self.kept) - 1} tracks are left out ({reasons}); what is left is no "
            "random part of the cells, and states and rates lean toward it",
        )


def filter_tracks(tracks: Tracks, settings: WindowSettings, shape: tuple[int, int]) -> TrackFilter:
    """Choose the tracks to look at.

    Parameters
    ----------
    settings : shortest track, distance from the border, and conditions that a track must meet.
    shape : (Y, X) of the images, px.
    """
    n = tracks.n_tracks
    kept, left_out = np.ones(n + 1, np.bool_), dict[str, int]()
    conditions = parse_conditions(settings.keep, "[features] keep")

    def leave_out(reason: str, bad: NDArray[np.bool_]) -> None:
        left_out[reason] = int(np.count_nonzero(kept[1:] & bad))
        kept[1:] &= ~bad

    if settings.min_track > 1:
        count = np.bincount(tracks.track, minlength=n + 1)[1:]
        leave_out(f"shorter than {settings.min_track} frames", count < settings.min_track)
    if settings.border > 0:
        leave_out(f"nearer than {settings.border:g} px to the border", _at_border(tracks, settings.border, shape))
    if conditions:
        columns = track_columns(tracks)
        for one in conditions:
            met = one.holds(columns, "[features] keep")
            leave_out(f"without {one.column} {one.sign} {one.value:g}", ~met)
    return TrackFilter(kept, left_out)


def track_columns(tracks: Tracks) -> dict[str, NDArray[Any]]:
    """What a track can be filtered by: `track_quality`, and the mean of each measured column; (n_tracks,) each."""
    quality, n = track_quality(tracks), tracks.n_tracks
    columns: dict[str, NDArray[Any]] = {str(name): quality[name].to_numpy(np.float64) for name in quality.columns}
    count = np.bincount(tracks.track, minlength=n + 1)[1:]
    for name in tracks.cells.columns:
        values = tracks.cells[name]
        if name not in _KEYS and values.dtype.kind in "fiub":
            columns[str(name)] = np.bincount(tracks.track, values.to_numpy(np.float64), n + 1)[1:] / count
    return columns


def _at_border(tracks: Tracks, border: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    y, x = tracks.cells["y"].to_numpy(np.float64), tracks.cells["x"].to_numpy(np.float64)
    near = (np.minimum(y, shape[0] - 1 - y) < border) | (np.minimum(x, shape[1] - 1 - x) < border)
    return np.asarray(np.bincount(tracks.track, near, tracks.n_tracks + 1)[1:] > 0)
