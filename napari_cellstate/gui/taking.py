"""The user's own layers, taken as movie, segmentation and links. No windows here."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.add_arrays import TrackRows
from napari_cellstate.formats.labels import open_labels
from napari_cellstate.gui.track_layer import TAG

if TYPE_CHECKING:
    from napari.layers import Labels, Layer, Tracks
    from napari.viewer import Viewer

_MICROMETRES = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3}
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "millisecond": 1e-3}


@dataclass(frozen=True, eq=False)
class Source:
    """A movie that is about to be added.

    Attributes
    ----------
    name : of the file or the layer.
    path : None where there is no file.
    data : the array of the layer, where there is no file.
    axes : of `data`, as the layer names them; "" where it does not.
    dt, pixel_size : s and um, as the layer's scale and units say; None where they do not.
    layer : that shows it, or None.
    """

    name: str
    path: Path | None = None
    data: Any = None
    axes: str = ""
    dt: float | None = None
    pixel_size: float | None = None
    layer: Any = None


def movie_of(viewer: Viewer) -> Source | None:
    """The selected image layer, else the first one; None where there is none that can be a movie."""
    for layer in (viewer.layers.selection.active, *viewer.layers):
        if layer is None or not hasattr(layer, "contrast_limits") or getattr(layer, "rgb", False):
            continue
        file = file_of(layer)
        if file is None and layer.ndim not in (3, 4):
            continue
        data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
        axes = "".join(str(name) for name in layer.axis_labels).upper()
        known = axes if sorted(axes) in (sorted("TYX"), sorted("TCYX")) else ""
        return Source(
            layer.name,
            file,
            None if file is not None else data,
            known,
            _said(layer, 0, _SECONDS) if known[:1] == "T" else None,
            _said(layer, -1, _MICROMETRES),
            layer,
        )
    return None


def own_layers(viewer: Viewer, kind: str) -> list[Layer]:
    """The user's layers of a kind ("labels", "tracks") that go with a movie of (T, Y, X); ours are left out."""
    return [
        layer
        for layer in viewer.layers
        if TAG not in layer.metadata and type(layer).__name__.lower() == kind and layer.ndim == 3
    ]


def file_of(layer: Layer) -> Path | None:
    """The file that a layer was opened from, if it is there."""
    file = layer.metadata.get("cellstate_file") or getattr(layer.source, "path", None)
    return Path(str(file)) if file and Path(str(file)).exists() else None


def take_labels(layer: Labels) -> Any:
    """The file of a Labels layer where it holds the very same labels, else the array: the user may have painted."""
    file, data = file_of(layer), layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    if file is None:
        return data
    try:
        with closing(open_labels(file, time_given=True, shape=tuple(data.shape))) as source:
            same = all(np.array_equal(source.read(t, 0), np.asarray(data[t])) for t in range(len(data)))
    except CellStateError:
        return data
    return file if same else data


def take_tracks(layer: Tracks, basis: Layer | None) -> TrackRows:
    """Tracks of a layer, in pixels of the movie's layer.

    Parameters
    ----------
    basis : the movie's layer; None where the tracks are in pixels already.
    """
    rows = np.array(layer.data, np.float64)
    if basis is not None and rows.shape[1] == 4:
        scale, shift = (np.asarray(getattr(layer, name), np.float64)[-3:] for name in ("scale", "translate"))
        own, start = (np.asarray(getattr(basis, name), np.float64)[-3:] for name in ("scale", "translate"))
        rows[:, 1:] = (rows[:, 1:] * scale + shift - start) / own
        rows[:, 1] = np.rint(rows[:, 1])
    return TrackRows(rows, {int(track): int(of[0]) for track, of in layer.graph.items() if len(of)})


def _said(layer: Layer, axis: int, factors: dict[str, float]) -> float | None:
    factor = factors.get(str(layer.units[axis]))
    return None if factor is None else float(layer.scale[axis]) * factor
