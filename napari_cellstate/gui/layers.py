"""Results of the movie that is shown, as ordinary layers; they are found by metadata, never by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject

from napari_cellstate.core.behavior import DOUBTFUL
from napari_cellstate.experiment.preview import LinksPreview
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.sample import image_layer
from napari_cellstate.gui.stacks import painted
from napari_cellstate.gui.track_layer import TAG, TRACKS, TrackLayer, place
from napari_cellstate.plots.colours import NO_STATE_COLOUR, state_colour, state_rgb

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import NDArray

MOVIE, CELLS, STATES, EVENTS, CHOSEN = "movie", "cells", "states", "transitions", "chosen"
WINDOWS, MASKS = "windows", "masks"
CLUSTERS, COLOURED = "clusters", "coloured"
PREVIEW, PREVIEW_LINKS = "preview", "preview links"
_NONE = 255
"""What the overlay calls a cell without a state; 0 is the background."""
_FAINT = 100
"""What the overlay adds to a state that is doubtful; methods have at most 30 states."""
_FAINTNESS = 0.35


class Layers(QObject):
    """Adds, finds and replaces our layers in a viewer; the user's own are never touched."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.tracks = TrackLayer(viewer, self.find)
        self._cells_of: MovieResults | None = None

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
        entry = experiment.entry(name)
        path = entry.images.resolve(experiment.root) if entry.images is not None else None
        others = [layer for layer in self._viewer.layers if TAG not in layer.metadata and layer.ndim == 3]
        if path is None or any(_is_of(layer, path) for layer in others):
            self._forget(shown)
            return
        stack, kwargs, _ = image_layer(experiment, name)
        kwargs["metadata"] = {**kwargs["metadata"], TAG: {"role": MOVIE, "key": _key(experiment, name)}}
        if shown is None:
            self._viewer.add_image(stack, **kwargs)
            return
        shown.data = stack
        for what in ("name", "scale", "units", "contrast_limits", "metadata"):
            setattr(shown, what, kwargs[what])

    def show_results(
        self,
        experiment: Experiment,
        name: str,
        found: MovieResults | None,
        *,
        before: MovieResults | None = None,
        tracks: bool = True,
    ) -> None:
        """Show results in the layers that are there already, so that their looks stay; what is gone goes.

        Parameters
        ----------
        before : results of the same movie that are shown now: what is the same in both is left as it is.
        tracks : False where `patch_tracks` showed the tracks.
        """
        space = self._space(experiment, name)
        there = found is not None and experiment.movie_paths(name).labels.exists()
        if found is not None and there:
            labels = experiment.labels(name)
            cells = self.find(CELLS)
            if cells is None or (found is not self._cells_of and (tracks or cells.visible)):  # a hidden layer can wait
                data = painted(labels, lambda t: found.table(t, found.track), np.uint32)
                self._put_labels(CELLS, data, space, name, visible=False, opacity=0.5)
                self._cells_of = found
            if found.k and (before is None or not _as_before(found, before)):
                colours = state_colormap(found.k)
                self._put_labels(
                    STATES, _states(labels, found, found.state, found.probability), space, name, colours=colours
                )
                if found.clustered:
                    data = _states(labels, found, found.cluster)
                    self._put_labels(CLUSTERS, data, space, name, colours=colours, visible=False)
        sorted_out = there and found is not None and found.k > 0
        clustered = sorted_out and found is not None and found.clustered
        for role, kept in ((CELLS, there), (STATES, sorted_out), (CLUSTERS, clustered)):
            if not kept:
                self._forget(self.find(role))
        if tracks:
            self.tracks.show(found, space)
        if before is None and len(self._viewer.layers):
            self._front()

    def patch_tracks(self, found: MovieResults) -> bool:
        """Show the tracks that differ from those in the layer over it; False where that cannot be."""
        coloured = self.find(COLOURED)
        return (coloured is None or not coloured.visible) and self.tracks.patch(found)

    def colour_by(
        self,
        experiment: Experiment | None,
        found: MovieResults | None,
        codes: NDArray[np.int64] | None = None,
        colours: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Paint cells and tracks of the movie by a code for each row of its results, in place of the states.

        Parameters
        ----------
        codes : (len(found.row),), number of the colour of each cell in its frame, at most 253; below 0 for grey. None:
            the states again.
        colours : "#RRGGBB".
        title : name of the layer.
        """
        layer = self.find(COLOURED)
        if experiment is None or found is None or codes is None:
            if layer is not None and layer.visible:
                layer.visible = False
                self._see(STATES, seen=True)
                if found is not None:
                    self.tracks.colour(found, state_rgb(found.k)[found.state] / 255.0)
            return
        rgb = np.array([[int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in (*colours, NO_STATE_COLOUR)]) / 255.0
        self.tracks.colour(found, rgb[np.where(codes >= 0, codes, len(colours))])
        if not experiment.movie_paths(found.movie).labels.exists():
            return
        self._see(STATES, seen=False)  # two colours over each other are neither
        shown = np.where(codes >= 0, codes + 1, _NONE)
        data = painted(experiment.labels(found.movie), lambda t: found.table(t, shown), np.uint8)
        numbered: dict[int | None, Any] = dict(enumerate(colours, start=1))
        plain = {None: "transparent", 0: "transparent", _NONE: NO_STATE_COLOUR}
        colormap = DirectLabelColormap(color_dict={**plain, **numbered})
        space = self._space(experiment, found.movie)
        self._put_labels(COLOURED, data, space, found.movie, colours=colormap, opacity=0.7)
        if layer is None:
            self._front()
        layer = self.find(COLOURED)
        if layer is not None:
            layer.name, layer.visible = title or COLOURED, True

    def preview_cells(self, experiment: Experiment, name: str, frame: int, labels: Any) -> None:
        """Outlines of one frame, over everything else."""
        space = self._space(experiment, name)
        space["translate"] = _moved(space, frame)
        new = self.find(PREVIEW) is None
        self._put_labels(PREVIEW, labels[np.newaxis], space, name, opacity=1.0)
        if new:
            self._front()
        layer = self.find(PREVIEW)
        if layer is not None:
            layer.contour = 1 if max(labels.shape) < 1024 else 2
            layer.visible = True

    def preview_links(self, experiment: Experiment, name: str, found: LinksPreview) -> None:
        """Tracks of a few frames, shown whole: what came and what comes."""
        space, layer = self._space(experiment, name), self.find(PREVIEW_LINKS)
        if len(found.rows) < 2:
            self.hide_preview()
            return
        graph = {track: [parent] for track, parent in found.parents.items()}
        if layer is None:
            length = found.frames[1] - found.frames[0]
            layer = self._viewer.add_tracks(
                found.rows,
                graph=graph,
                name=PREVIEW_LINKS,
                metadata={TAG: {"role": PREVIEW_LINKS}},
                axis_labels=("t", "y", "x"),
                tail_width=3,
                tail_length=length,
                head_length=length,
                **space,
            )
            self._front()
        else:
            layer.data = found.rows
            layer.graph = graph
            place(layer, space, layer.metadata)
        layer.visible = True

    def hide_preview(self) -> None:
        """Hidden and not removed: taking a layer away takes napari a second or more."""
        for role in (PREVIEW, PREVIEW_LINKS):
            layer = self.find(role)
            if layer is not None:
                layer.visible = False

    def mark(self, role: str, points: Any, *, texts: Any = (), colour: Any = "white", size: float = 20.0) -> None:
        """Rings at (frame, y, x) in px, (N, 3): chosen cells, events.

        The layer is made when it is first needed and empty when it is not: taking a layer away takes napari a
        second or more.
        """
        layer, at = self.find(role), np.asarray(points, np.float64).reshape(-1, 3)
        named, tagged = list(texts) if len(texts) else [""] * len(at), {TAG: {"role": role, "colour": colour}}
        if layer is not None:
            marked = _is_marked(layer, at, named, tagged, size)
            if not marked:
                layer.data = at
                layer.features = {"label": named}
            if len(at) and not marked:
                if not np.all(np.asarray(layer.size) == size):  # each of these draws the layer anew
                    layer.size = size
                layer.border_color = colour
            if len(at):
                _replace(layer, self._basis(), tagged)
        if layer is not None or not len(at):
            return
        kwargs = {
            **self._basis(),
            "name": role,
            "size": size,
            "face_color": "transparent",
            "border_color": colour,
            "border_width": 0.08,
            "features": {"label": named},
            "text": {"string": "{label}", "color": "white", "size": 9, "translation": [0, -size / 2 - 2, 0]},
            "metadata": tagged,
        }
        active = self._viewer.layers.selection.active
        added = self._viewer.add_points(at, **kwargs)
        added.editable = False
        self._viewer.layers.selection.active = active

    def basis(self) -> Layer | None:
        """A layer of the movie that is shown: it turns places of the canvas into pixels."""
        return self.find(MASKS) or self.find(CELLS) or self.find(TRACKS) or self.find(MOVIE)

    def show_masks(self, experiment: Experiment, name: str) -> None:
        """Show the labels as they are on disk, in place of the states: what corrections of masks change."""
        if experiment.movie_paths(name).labels.exists():
            self._put_labels(MASKS, experiment.labels(name), self._space(experiment, name), name, opacity=0.4)
            self._see(STATES, seen=False)
            self._front()

    def hide_masks(self) -> None:
        """Take them away."""
        self._forget(self.find(MASKS))
        self._see(STATES, seen=True)

    def _see(self, role: str, *, seen: bool) -> None:
        layer = self.find(role)
        if layer is not None:
            layer.visible = seen

    def _basis(self) -> dict[str, Any]:
        """Scale, place and units of the tracks, for what is drawn over them."""
        tracks = self.find(TRACKS)
        return {} if tracks is None else {name: getattr(tracks, name) for name in ("scale", "translate", "units")}

    def in_sight(self, y: float, x: float) -> bool:
        """Whether a place in the movie, px, lies in the part of it that the canvas shows."""
        basis = self.find(MOVIE) or self.find(CELLS)
        if basis is None:
            return False
        (top, left), (bottom, right) = basis.corner_pixels[:, -2:]
        return bool(top <= y <= bottom and left <= x <= right)

    def space(self, experiment: Experiment, name: str, frame: int = 0) -> dict[str, Any]:
        """Scale, place and units of a movie; of a stack that begins with a frame of it."""
        space = self._space(experiment, name)
        space["translate"] = _moved(space, frame)
        return space

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

    def _put_labels(
        self,
        role: str,
        data: Any,
        space: dict[str, Any],
        movie: str,
        *,
        colours: DirectLabelColormap | None = None,
        visible: bool = True,
        opacity: float = 0.55,
    ) -> None:
        layer, tagged = self.find(role), {TAG: {"role": role, "movie": movie}}
        if layer is None:
            look = {"visible": visible, "opacity": opacity, "metadata": tagged, "axis_labels": ("t", "y", "x")}
            if colours is not None:
                look["colormap"] = colours
            self._viewer.add_labels(data, name=role, **look, **space).editable = False
            return
        layer.data = data
        if colours is not None and not _same_colours(layer.colormap, colours):
            layer.colormap = colours
        place(layer, space, tagged)
        layer.editable = False

    def _front(self) -> None:
        """Make the images the active layer: a click then pans and picks, and paints nothing."""
        layers = self._viewer.layers
        images = [layer for layer in layers if layer.metadata.get(TAG, {}).get("role") == MOVIE]
        layers.selection.active = images[0] if images else layers[0]

    def _forget(self, layer: Layer | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _as_before(now: MovieResults, before: MovieResults) -> bool:
    """Whether the states that are painted are the same."""
    names = ("frame", "label", "state", "cluster", "probability")
    return now.k == before.k and all(
        np.array_equal(getattr(now, name), getattr(before, name), equal_nan=name == "probability") for name in names
    )


def _is_marked(layer: Any, at: NDArray[np.float64], texts: list[str], tagged: dict[str, Any], size: float) -> bool:
    """Whether a layer shows these rings already: each thing that is set draws it anew."""
    if not np.array_equal(layer.data, at) or list(layer.features["label"]) != texts:
        return False
    return not len(at) or bool(np.all(np.asarray(layer.size) == size) and layer.metadata == tagged)


def _replace(layer: Layer, space: dict[str, Any], metadata: dict[str, Any]) -> None:
    for name, value in {**space, "metadata": dict(metadata)}.items():  # a layer empties its own first
        same = getattr(layer, name) == value if name == "metadata" else np.array_equal(getattr(layer, name), value)
        if not same:
            setattr(layer, name, value)


def _states(
    labels: Any, found: MovieResults, state: NDArray[np.int64], probability: NDArray[np.float64] | None = None
) -> Any:
    """States painted on cells; those whose probability is known and low are painted faint."""
    doubtful = np.zeros(len(state), bool) if probability is None else probability < DOUBTFUL
    faint = doubtful & (state > 0) & (state < _FAINT)
    shown = np.where(state > 0, state + _FAINT * faint, _NONE)
    return painted(labels, lambda t: found.table(t, shown), np.uint8)


def state_colormap(k: int) -> DirectLabelColormap:
    """Colours of what the overlay of states calls them."""
    colours: dict[int | None, Any] = {None: "transparent", 0: "transparent", _NONE: NO_STATE_COLOUR}
    colours |= {state: state_colour(state) for state in range(1, k + 1)}
    rgb = state_rgb(k) / 255.0
    colours |= {_FAINT + state: (*rgb[state], _FAINTNESS) for state in range(1, min(k, _FAINT - 1) + 1)}
    return DirectLabelColormap(color_dict=colours)


def _moved(space: dict[str, Any], frame: int) -> tuple[float, ...]:
    """Where a stack of one frame begins, in the world of a whole movie."""
    start, step = np.zeros(3) + space.get("translate", 0.0), np.asarray(space["scale"], np.float64)
    return (float(start[0] + frame * step[0]), *map(float, start[1:]))


def _same_colours(one: DirectLabelColormap, other: DirectLabelColormap) -> bool:
    """Whether two colormaps look the same: setting one draws the layer anew."""
    a, b = one.color_dict, other.color_dict
    return a.keys() == b.keys() and all(np.allclose(a[key], b[key]) for key in a)


def _key(experiment: Experiment, name: str) -> str:
    return f"{experiment.root}/{name}"


def _is_of(layer: Layer, path: Path) -> bool:
    """Whether a layer shows this file."""
    file = layer.metadata.get("cellstate_file") or getattr(layer.source, "path", None)
    return bool(file) and Path(str(file)).resolve() == path.resolve()
