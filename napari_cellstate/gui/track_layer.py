"""The layer of tracks, and over it the tracks that corrections changed: filling the whole layer takes napari long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.gui.results import MovieResults
from napari_cellstate.plots.colours import state_rgb

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

Ints = NDArray[np.int64]

TAG = "cellstate"
TRACKS, CORRECTED = "tracks", "corrected tracks"
_MOST_LINES = 2000
"""Lines from mothers to daughters that are drawn among the tracks; where there are more, none is."""
_ABSENT = -2


class TrackLayer:
    """The tracks of the movie that is shown.

    Parameters
    ----------
    viewer : napari's.
    find : gives our layer of a role, or None.
    """

    def __init__(self, viewer: Viewer, find: Callable[[str], Layer | None]) -> None:
        self._viewer, self._find = viewer, find
        self._whole: MovieResults | None = None
        self._followed = np.empty(0, np.int64)
        self._colours = np.empty((0, 4), np.float32)
        self._track = np.empty(0, np.int64)

    def show(self, found: MovieResults | None, space: dict[str, Any]) -> None:
        """Show all tracks; the layer goes where there are none."""
        layer, patch = self._find(TRACKS), self._find(CORRECTED)
        if patch is not None:
            patch.opacity = 0.0  # to hide it, or to take it away, takes napari far longer
        self._whole, self._followed = found, np.empty(0, np.int64)
        if found is None or len(found.track) < 2:
            if layer is not None:
                self._viewer.layers.remove(layer)
            return
        layer = self._put(TRACKS, found, np.arange(len(found.track)), space)
        if found.k:
            layer.track_colors = _coloured(found)
        self._track, self._colours = np.sort(found.track), np.array(layer.track_colors, np.float32)

    def colour(self, found: MovieResults, rgb: NDArray[np.floating[Any]]) -> None:
        """Colour the tracks by a colour (0 to 1) for each cell."""
        layer = self._find(TRACKS)
        if layer is not None and len(layer.data) == len(found.track):
            order = np.lexsort((found.frame, found.track))
            layer.track_colors = np.concatenate([rgb[order], np.ones((len(rgb), 1))], axis=1).astype(np.float32)

    def patch(self, found: MovieResults) -> bool:
        """Show the tracks that are others than in the layer over it, and hide those they were; False if it cannot.

        It cannot where the layer shows other cells than these, or none.
        """
        layer, whole = self._find(TRACKS), self._whole
        if layer is None or whole is None or whole.reading is None or len(layer.data) != len(whole.track):
            return False
        if found.reading is None or found.reading.cells is not whole.reading.cells:
            return False
        if not len(self._followed):
            self._followed = _followed(whole)
        was, now = changed(whole, found, self._followed)
        self._colours[:, 3] = ~np.isin(self._track, was)
        layer.track_colors = self._colours
        rows = np.flatnonzero(np.isin(found.track, now))
        patch = self._find(CORRECTED)
        if len(rows):
            space = {name: getattr(layer, name) for name in ("scale", "translate", "units")}
            active = self._viewer.layers.selection.active
            patch = self._put(CORRECTED, found, rows, space)
            self._viewer.layers.selection.active = active
            for look in ("tail_width", "tail_length", "head_length", "visible"):
                if getattr(patch, look) != getattr(layer, look):
                    setattr(patch, look, getattr(layer, look))
            if found.k:
                patch.track_colors = _coloured(found, rows)
        wanted = layer.opacity if len(rows) else 0.0
        if patch is not None and patch.opacity != wanted:
            patch.opacity = wanted
        return True

    def _put(self, role: str, found: MovieResults, rows: Ints, space: dict[str, Any]) -> Any:
        """Fill the layer of a role with these rows; make it where there is none."""
        rows = rows[np.lexsort((found.frame[rows], found.track[rows]))]
        columns = (found.track, found.frame, found.y, found.x)
        data = np.stack([column[rows] for column in columns], axis=1).astype(np.float64)
        graph = _graph(found, np.unique(found.track[rows]))
        layer, tagged = self._find(role), {TAG: {"role": role, "movie": found.movie}}
        if layer is None:
            return self._viewer.add_tracks(
                data,
                graph=graph,
                name=role,
                metadata=tagged,
                axis_labels=("t", "y", "x"),
                blending="translucent",
                tail_width=3,
                tail_length=15,
                **space,
            )
        layer.data = data  # this forgets graph and colours: all are set at once
        layer.graph = graph
        place(layer, space, tagged)
        return layer


def changed(before: MovieResults, now: MovieResults, followed: Ints | None = None) -> tuple[Ints, Ints]:
    """Numbers of the tracks that are not the same in both: as they were, and as they are.

    Both are of the same cell table, of which each may leave other cells out.

    Parameters
    ----------
    followed : what `_followed(before)` gives, where that is known.
    """
    was, is_ = _followed(before) if followed is None else followed, _followed(now)
    differ = np.flatnonzero(was != is_)
    cells = np.concatenate([differ, was[differ], is_[differ]])
    cells = cells[cells >= 0]
    return _tracks_of(before, cells), _tracks_of(now, cells)


def place(layer: Layer, space: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Scale, place, units and metadata of a layer; what is the same is not set, which would draw it anew."""
    for name, value in {**space, "metadata": metadata}.items():
        if name == "metadata" or not np.array_equal(getattr(layer, name), value):
            setattr(layer, name, value)


def _followed(found: MovieResults) -> Ints:
    """For each row of the whole cell table the row that it follows in its track: -1 for none."""
    if found.tracks is None or found.reading is None:
        raise AssertionError("only results that were read can be compared")
    before = np.full(len(found.reading.cells), _ABSENT)
    before[found.kept] = np.where(found.tracks.before >= 0, found.kept[found.tracks.before], -1)
    return before


def _tracks_of(found: MovieResults, cells: Ints) -> Ints:
    at = np.minimum(np.searchsorted(found.kept, cells), len(found.kept) - 1)
    return np.unique(found.track[at[found.kept[at] == cells]])


def _graph(found: MovieResults, tracks: Ints) -> dict[int, list[int]]:
    """Mother of each of these tracks, where she is among them."""
    mothers = found.parents[tracks]
    there = np.isin(mothers, tracks) & (mothers > 0)
    if there.sum() > _MOST_LINES:  # napari looks at each by itself: seconds for thousands
        return {}
    return {int(track): [int(mother)] for track, mother in zip(tracks[there], mothers[there], strict=True)}


def _coloured(found: MovieResults, rows: Ints | None = None) -> NDArray[np.float32]:
    """Colours of the states, in the order of the layer."""
    rows = np.arange(len(found.track)) if rows is None else rows
    rows = rows[np.lexsort((found.frame[rows], found.track[rows]))]
    rgba = np.ones((len(rows), 4), np.float32)
    rgba[:, :3] = state_rgb(found.k)[found.state[rows]] / 255.0
    return rgba
