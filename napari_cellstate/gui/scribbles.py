"""Layers of teaching: scribbles that the user paints, and where the net hesitates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.gui.layers import Layers
from napari_cellstate.gui.track_layer import TAG

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_cellstate.experiment.store import Experiment

SCRIBBLES, UNCERTAINTY = "scribbles", "uncertainty"
_MOST = 2**30
"""Bytes that a layer to paint in may take."""


class TeachingLayers:
    """Adds and reads them."""

    def __init__(self, viewer: Viewer, layers: Layers) -> None:
        self._viewer, self._layers = viewer, layers

    def add_scribbles(self, experiment: Experiment, movie: str) -> None:
        """A layer to paint in: 1 on cells, 2 on background; the brush is in hand at once."""
        layer = self._layers.find(SCRIBBLES)
        if layer is None or layer.metadata[TAG]["movie"] != movie:
            shape = experiment.labels(movie).shape
            if int(np.prod(shape)) > _MOST:
                raise InputError(
                    f"movie {movie}: {shape[0]} frames of {shape[1]} x {shape[2]} px are too many to paint in; click "
                    "cells instead"
                )
            if layer is not None:
                self._viewer.layers.remove(layer)
            tagged = {TAG: {"role": SCRIBBLES, "movie": movie}}
            space = self._layers.space(experiment, movie)
            layer = self._viewer.add_labels(np.zeros(shape, np.uint8), name=SCRIBBLES, metadata=tagged, **space)
            layer.brush_size = 4
        self._viewer.layers.selection.active = layer
        layer.selected_label, layer.mode = 1, "paint"

    def scribbles(self, movie: str) -> dict[int, NDArray[np.uint8]]:
        """Frames that were painted in."""
        layer = self._layers.find(SCRIBBLES)
        if layer is None or layer.metadata[TAG]["movie"] != movie:
            return {}
        data = np.asarray(layer.data)
        return {int(t): np.asarray(data[t], np.uint8) for t in np.flatnonzero(data.any(axis=(1, 2)))}

    def show_doubt(self, experiment: Experiment, movie: str, frame: int, doubt: NDArray[np.float32]) -> None:
        """Where the net hesitates in a frame."""
        layer, space = self._layers.find(UNCERTAINTY), self._layers.space(experiment, movie, frame)
        if layer is None:
            active = self._viewer.layers.selection.active
            tagged = {TAG: {"role": UNCERTAINTY, "movie": movie}}
            look = {"colormap": "inferno", "blending": "additive", "opacity": 0.5, "contrast_limits": (0.0, 1.0)}
            self._viewer.add_image(doubt[np.newaxis], name=UNCERTAINTY, metadata=tagged, **look, **space)
            self._viewer.layers.selection.active = active
            return
        layer.data = doubt[np.newaxis]
        layer.translate, layer.visible = space["translate"], True

    def hide(self) -> None:
        """Hidden and not removed: taking a layer away takes napari a second or more."""
        for role in (UNCERTAINTY, SCRIBBLES):
            layer: Layer | None = self._layers.find(role)
            if layer is not None:
                layer.visible = False
