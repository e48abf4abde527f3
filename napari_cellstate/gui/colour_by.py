"""Cells and tracks of the movie in the colours of any number a row of the behaviour table has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap, ensure_colormap

from napari_cellstate.gui.layers import CELLS, STATES, TAG, TRACKS, Layers
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.stacks import painted
from napari_cellstate.plots.colours import NO_STATE_COLOUR, state_rgb

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_cellstate.experiment.store import Experiment

VALUES = "feature"
STEPS = 64
"""Colours of the scale."""
_NONE = 255
"""What the overlay calls a cell without a value; 0 is the background."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """What to colour by.

    Attributes
    ----------
    name : of the feature.
    values : (N,), of each row of the behaviour table.
    low, high : ends of the scale; what lies beyond has the colour of the end.
    """

    name: str
    values: NDArray[np.float64]
    low: float
    high: float

    def steps(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Step of the scale for rows of the behaviour table, 1 to `STEPS`; `_NONE` for row -1 and missing values."""
        values = np.append(self.values, np.nan)[row]
        there = np.isfinite(values)
        part = (np.where(there, values, self.low) - self.low) / (self.high - self.low)
        return np.where(there, 1 + np.clip(part * STEPS, 0, STEPS - 1).astype(np.int64), _NONE)


def scale() -> NDArray[np.float32]:
    """RGBA of the steps, (STEPS, 4)."""
    return np.asarray(ensure_colormap("viridis").map(np.linspace(0, 1, STEPS)), np.float32)


def colour_by(
    viewer: Viewer, layers: Layers, experiment: Experiment, found: MovieResults | None, asked: Colouring | None
) -> None:
    """Colour cells (a layer of its own) and tracks by a feature; None takes the states again."""
    values, states = layers.find(VALUES), layers.find(STATES)
    if asked is None or found is None:
        if values is not None and values.visible:
            values.visible = False
            if states is not None:
                states.visible = True
        if found is not None:
            _colour_tracks(layers, found, state_rgb(found.k)[found.state] / 255.0)
        return
    step, rgba = asked.steps(found.row), scale()
    colours = np.concatenate([rgba, [[0.5, 0.5, 0.5, 1.0]]])
    _colour_tracks(layers, found, colours[np.where(step == _NONE, STEPS, step - 1)][:, :3])
    if experiment.movie_paths(found.movie).labels.exists():
        labels = experiment.labels(found.movie)
        if states is not None:
            states.visible = False  # two colours over each other are neither
        _put(viewer, layers, painted(labels, lambda t: found.table(t, step), np.uint8), found.movie, asked.name)


def _put(viewer: Viewer, layers: Layers, data: Any, movie: str, name: str) -> None:
    layer, tagged = layers.find(VALUES), {TAG: {"role": VALUES, "movie": movie, "feature": name}}
    basis = layers.find(CELLS) or layers.basis()
    space = {} if basis is None else {what: getattr(basis, what) for what in ("scale", "translate", "units")}
    if layer is None:
        table: dict[int | None, Any] = {None: "transparent", 0: "transparent", _NONE: NO_STATE_COLOUR}
        table |= {nth + 1: colour for nth, colour in enumerate(scale())}
        active = viewer.layers.selection.active
        look = {"name": VALUES, "opacity": 0.75, "axis_labels": ("t", "y", "x"), "metadata": tagged, **space}
        layer = viewer.add_labels(data, colormap=DirectLabelColormap(color_dict=table), **look)
        viewer.layers.selection.active = active
    else:
        layer.data, layer.metadata = data, tagged
        for what, value in space.items():
            setattr(layer, what, value)
    layer.editable, layer.visible = False, True


def _colour_tracks(layers: Layers, found: MovieResults, rgb: NDArray[np.floating[Any]]) -> None:
    layer = layers.find(TRACKS)
    if layer is not None and len(layer.data) == len(found.track):
        order = np.lexsort((found.frame, found.track))
        layer.track_colors = np.concatenate([rgb[order], np.ones((len(rgb), 1))], axis=1).astype(np.float32)
