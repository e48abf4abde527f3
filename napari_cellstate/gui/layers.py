"""Results of the movie that is shown, as ordinary layers; they are found by metadata, never by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject

from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.sample import image_layer
from napari_cellstate.gui.stacks import painted
from napari_cellstate.plots.colours import NO_STATE_COLOUR, state_colour, state_rgb

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

TAG = "cellstate"
MOVIE, CELLS, STATES, TRACKS, EVENTS, CHOSEN = "movie", "cells", "states", "tracks", "transitions", "chosen"
WINDOWS = "windows"
_KEPT = ("visible", "opacity", "blending")
_NONE = 255
"""What the overlay calls a cell without a state; 0 is the background."""


class Layers(QObject):
    """Adds, finds and replaces our layers in a viewer; the user's own are never touched."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._looks: dict[str, dict[str, Any]] = {}

    def find(self, role: str) -> Layer | None:
        """Our layer of a role, or None."""
        for layer in self._viewer.layers:
            if layer.metadata.get(TAG, {}).get("role") == role:
                return layer
        return None

    def clear(self) -> None:
        """Take all our layers away."""
        for layer in [one for one in self._viewer.layers if TAG in one.metadata]:
            self._forget(layer)

    def show_movie(self, experiment: Experiment, name: str) -> None:
        """Show a movie's images: the layer that the user opened from the same file, else one of our own."""
        shown = self.find(MOVIE)
        if shown is not None and shown.metadata[TAG]["key"] == _key(experiment, name):
            return
        self.clear()
        entry = experiment.entry(name)
        if entry.images is None:
            return
        path = entry.images.resolve(experiment.root)
        own = next((layer for layer in self._viewer.layers if _is_of(layer, path)), None)
        if own is not None and own.ndim == 3:
            return
        stack, kwargs, _ = image_layer(experiment, name)
        kwargs["metadata"] = {**kwargs["metadata"], TAG: {"role": MOVIE, "key": _key(experiment, name)}}
        self._viewer.add_image(stack, **kwargs)

    def show_results(self, experiment: Experiment, name: str, found: MovieResults | None) -> None:
        """Replace the result layers; what the user set about their looks stays."""
        for role in (STATES, CELLS, TRACKS, EVENTS, CHOSEN, WINDOWS):
            layer = self.find(role)
            if layer is not None:
                self._forget(layer)
        if found is None:
            return
        space = self._space(experiment, name)
        if experiment.movie_paths(name).labels.exists():
            labels = experiment.labels(name)
            self._add("labels", CELLS, _cells(labels, found), space, name, visible=False, opacity=0.5)
            if found.k:
                data, colours = _states(labels, found), _state_colormap(found.k)
                self._add("labels", STATES, data, space, name, opacity=0.55, colormap=colours)
        self._add_tracks(found, space, name)
        self._front()

    def mark(self, role: str, points: Any, *, texts: Any = None, colour: Any = "white", size: float = 20.0) -> None:
        """Rings at (frame, y, x) in px, (N, 3): chosen cells, events; no points, no layer."""
        layer = self.find(role)
        if layer is not None and texts is None and len(points):  # in place: no flicker, and the user's looks stay
            layer.data = np.asarray(points, np.float64)
            layer.size, layer.border_color = size, colour
            return
        if layer is not None:
            self._forget(layer)
        if not len(points):
            return
        basis = self.find(TRACKS)
        space = {} if basis is None else {name: getattr(basis, name) for name in ("scale", "translate", "units")}
        text = None
        if texts is not None:
            text = {"string": list(texts), "color": "white", "size": 9, "translation": [0, -size / 2 - 2, 0]}
        kwargs = {
            **space,
            "name": role,
            "size": size,
            "face_color": "transparent",
            "border_color": colour,
            "border_width": 0.08,
            "text": text,
            "metadata": {TAG: {"role": role}},
        }
        active = self._viewer.layers.selection.active
        added = self._viewer.add_points(np.asarray(points, np.float64), **kwargs, **self._looks.get(role, {}))
        added.editable = False
        self._viewer.layers.selection.active = active

    def in_sight(self, y: float, x: float) -> bool:
        """Whether a place in the movie, px, lies in the part of it that the canvas shows."""
        basis = self.find(MOVIE) or self.find(CELLS)
        if basis is None:
            return False
        (top, left), (bottom, right) = basis.corner_pixels[:, -2:]
        return bool(top <= y <= bottom and left <= x <= right)

    def _space(self, experiment: Experiment, name: str) -> dict[str, Any]:
        """Scale, place and units: those of the images, whoever opened them."""
        entry = experiment.entry(name)
        path = entry.images.resolve(experiment.root) if entry.images else None
        for layer in self._viewer.layers:
            if layer.ndim == 3 and path is not None and _is_of(layer, path):
                return {"scale": layer.scale, "translate": layer.translate, "units": layer.units}
        pixel = entry.pixel_size_um or 1.0
        unit = "um" if entry.pixel_size_um else "pixel"
        return {"scale": (1.0, pixel, pixel), "units": ("pixel", unit, unit)}

    def _add(self, kind: str, role: str, data: Any, space: dict[str, Any], movie: str, **kwargs: Any) -> None:
        look = {**kwargs, **self._looks.get(role, {})}
        tagged = {TAG: {"role": role, "movie": movie}}
        layer = getattr(self._viewer, f"add_{kind}")(
            data, name=role, metadata=tagged, axis_labels=("t", "y", "x"), **space, **look
        )
        layer.editable = False

    def _add_tracks(self, found: MovieResults, space: dict[str, Any], movie: str) -> None:
        order = np.lexsort((found.frame, found.track))
        if len(order) < 2:
            return
        data = np.stack([found.track, found.frame, found.y, found.x], axis=1)[order].astype(np.float64)
        parents = np.flatnonzero(found.parents)
        graph = {int(track): [int(found.parents[track])] for track in parents}
        rgba = np.ones((len(data), 4), np.float32)
        rgba[:, :3] = state_rgb(found.k)[found.state[order]] / 255.0
        look = {"tail_width": 3, "tail_length": 15, **self._looks.get(TRACKS, {})}
        layer = self._viewer.add_tracks(
            data,
            graph=graph,
            name=TRACKS,
            metadata={TAG: {"role": TRACKS, "movie": movie}},
            axis_labels=("t", "y", "x"),
            blending="translucent",
            **space,
            **{name: value for name, value in look.items() if name != "blending"},
        )
        if found.k:
            layer.track_colors = rgba

    def _front(self) -> None:
        """Make the images the active layer: a click then pans and picks, and paints nothing."""
        layers = self._viewer.layers
        images = [layer for layer in layers if layer.metadata.get(TAG, {}).get("role") == MOVIE]
        layers.selection.active = images[0] if images else layers[0]

    def _forget(self, layer: Layer) -> None:
        role = layer.metadata[TAG]["role"]
        if role != MOVIE:
            self._looks[role] = {name: getattr(layer, name) for name in _KEPT}
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _cells(labels: Any, found: MovieResults) -> Any:
    return painted(labels, lambda t: found.table(t, found.track), np.uint32)


def _states(labels: Any, found: MovieResults) -> Any:
    shown = np.where(found.state > 0, found.state, _NONE)
    return painted(labels, lambda t: found.table(t, shown), np.uint8)


def _state_colormap(k: int) -> DirectLabelColormap:
    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent", _NONE: NO_STATE_COLOUR}
    colours |= {state: state_colour(state) for state in range(1, k + 1)}
    return DirectLabelColormap(color_dict=colours)


def _key(experiment: Experiment, name: str) -> str:
    return f"{experiment.root}/{name}"


def _is_of(layer: Layer, path: Path) -> bool:
    """Whether a layer shows this file."""
    file = layer.metadata.get("cellstate_file") or getattr(layer.source, "path", None)
    return bool(file) and Path(str(file)).resolve() == path.resolve()
