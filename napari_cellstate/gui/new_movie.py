"""Asks what a file or a layer cannot tell about a movie, and nothing else."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.add import add, new
from napari_cellstate.experiment.add_arrays import AXES, saved
from napari_cellstate.experiment.paths import SUFFIX, free_name
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.gui.columns import Columns, is_table
from napari_cellstate.gui.fields import Floating
from napari_cellstate.gui.preferences import preferences
from napari_cellstate.gui.taking import Source, movie_of, own_layers, take_labels, take_tracks

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_cellstate.core.movie import FrameSource
    from napari_cellstate.core.progress import Progress

_UNKNOWN = "not known"
_FILE = "a file ..."
_FILE_AXES = ("TYX", "TCYX", "CTYX", "YXT")


class NewMovie(QDialog):
    """One movie to be added: the file says what it can, the user the rest.

    Parameters
    ----------
    source : a movie, or a table of tracks.
    experiment : to add to, or None for a new one beside the movie.
    viewer : whose Labels and Tracks layers can be taken along.
    """

    def __init__(
        self,
        source: Source | Path,
        experiment: Path | None = None,
        parent: QWidget | None = None,
        *,
        viewer: Viewer | None = None,
    ) -> None:
        super().__init__(parent)
        self._source = source = Source(source.name, source) if isinstance(source, Path) else source
        self._root, self._viewer = experiment, viewer
        self._tracks_only = source.path is not None and is_table(source.path)
        self.setWindowTitle("Add a movie" if experiment else "New experiment")
        self._form = QFormLayout()
        self.axes, self.channel = QComboBox(), QSpinBox()
        self.dt = Floating(0.0, None, step=1.0, special=_UNKNOWN)
        self.pixel_size = Floating(0.0, None, step=0.01, special=_UNKNOWN)
        self.condition, self.replicate = QLineEdit(), QLineEdit()
        self.labels, self.tracks, self.columns = QComboBox(), QComboBox(), Columns()
        self.folder = QLineEdit(str(experiment or self._folder()))
        self.folder.setReadOnly(experiment is not None)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        self.ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setText("Add" if experiment else "Start")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(self._form)
        column.addWidget(self._note)
        column.addWidget(self._buttons)
        self._rows()
        self._read()
        self.axes.activated.connect(self._read_again)
        self.labels.activated.connect(partial(self._on_given, self.labels, "Label images"))
        self.tracks.activated.connect(partial(self._on_given, self.tracks, "Tracks"))
        self.columns.changed.connect(self._judge)
        self.setMinimumWidth(420)

    @classmethod
    def from_layer(cls, viewer: Viewer, parent: QWidget, experiment: Path | None = None) -> NewMovie | None:
        """For the selected image layer, else the first one; None where there is none."""
        source = movie_of(viewer)
        return None if source is None else cls(source, experiment, parent, viewer=viewer)

    def work(self) -> Callable[[Progress], Experiment]:
        """What is to be done with the answers; it may run in another thread."""
        settings: dict[str, Any] = {
            "dt": self.dt.value() or None,
            "pixel_size": self.pixel_size.value() or None,
            "channel": self.channel.value(),
            "condition": self.condition.text().strip(),
            "replicate": self.replicate.text().strip(),
        }
        tracks, basis = self.tracks.currentData(), self._source.layer
        given = {
            "images": None if self._tracks_only else self._source.path or self._source.data,
            "labels": _or_path(self.labels.currentData(), take_labels),
            "tracks": _or_path(tracks, partial(take_tracks, basis=basis)),
        }
        if self._tracks_only:
            given["tracks"] = self._source.path
        if isinstance(given["tracks"], Path) and is_table(given["tracks"]):
            settings |= {f"{what}_column": name for what, name in self.columns.value().items()}
        axes = self.axes.currentData() or ""
        return partial(
            _made, self._root, Path(self.folder.text()).expanduser(), self._source.name, given, axes, settings
        )

    @property
    def makes_new(self) -> bool:
        """Whether an experiment is made."""
        return self._root is None

    @property
    def layer(self) -> Any:
        """The layer that shows the movie, None where it is a file alone."""
        return self._source.layer

    def _folder(self) -> Path:
        if self._source.path is None:
            return preferences().home / f"{free_name(self._source.name, set())}{SUFFIX}"
        return self._source.path.parent / f"{self._source.path.name.split('.')[0]}{SUFFIX}"

    def _rows(self) -> None:
        where = str(self._source.path or "only in memory: it is saved into the experiment")
        for box, kind, nothing in (
            (self.labels, "labels", "find the cells"),
            (self.tracks, "tracks", "link the cells"),
        ):
            box.addItem(nothing, None)
            for layer in own_layers(self._viewer, kind) if self._viewer is not None else ():
                box.addItem(f"use the layer {layer.name}", layer)
            box.addItem(_FILE, _FILE)
        rows = (
            ("Movie", QLabel(self._source.path.name if self._source.path else self._source.name), where),
            ("Axes", self.axes, "What the axes are, in their order: T time, C channel, Y and X."),
            ("Channel", self.channel, "The channel in which cells are found, from 0."),
            ("Segmentation", self.labels, "Label images that are there already are used instead of a segmentation."),
            ("Links", self.tracks, "Tracks that are there already are used instead of linking."),
            ("Columns", self.columns, "Which column of the table is what."),
            ("Frame interval (s)", self.dt, "Seconds between frames; without it rates per hour stay blank."),
            ("Pixel size (um)", self.pixel_size, "Micrometres a pixel; without it distances stay in pixels."),
            ("Condition", self.condition, "Such as young or aged: what is to be compared."),
            ("Replicate", self.replicate, "Animal, donor or day: movies of one are not independent."),
            ("Experiment", self.folder, "Folder that holds all results; the movie itself is never copied."),
        )
        for label, widget, tip in rows:
            widget.setToolTip(tip)
            self._form.addRow(label, widget)
        for widget in (self.axes, self.channel, self.labels, self.tracks) if self._tracks_only else (self.columns,):
            self._form.setRowVisible(widget, False)

    def _read(self) -> None:
        """Fill in what is known; where axes are not named, the user says what they are."""
        source, named = self._source, False
        self.dt.setValue(source.dt or 0.0)
        self.pixel_size.setValue(source.pixel_size or 0.0)
        if self._tracks_only:
            self._show_columns(source.path)
            return
        if source.path is None:
            self._offer(AXES.get(len(source.data.shape), ()), source.axes)
            self._read_again()
            return
        try:
            with closing(open_movie(source.path, axes="", time_given=True)) as opened:
                named = opened.axes_named
                self._fill(opened.shape, opened)
        except (CellStateError, OSError) as error:
            self._refuse(str(error))
        if named:
            self.axes.addItem("as the file says", "")
        else:
            self._offer(_FILE_AXES, "")
        self._judge()

    def _offer(self, axes: tuple[str, ...], known: str) -> None:
        if known not in axes:
            self.axes.addItem("choose ...", None)
        for one in axes:
            self.axes.addItem(" ".join(one), one)
        if known in axes:
            self.axes.setCurrentIndex(self.axes.findData(known))

    def _read_again(self, _: int = 0) -> None:
        axes, source = self.axes.currentData(), self._source
        if axes and source.path is None:
            size = dict(zip(axes, source.data.shape, strict=True))
            self._fill((size["T"], size.get("C", 1), size["Y"], size["X"]), None)
        elif axes and source.path is not None:
            try:
                with closing(open_movie(source.path, axes=axes, time_given=True)) as opened:
                    self._fill(opened.shape, opened)
            except (CellStateError, OSError) as error:
                self._refuse(str(error))
                return
        self._judge()

    def _fill(self, shape: tuple[int, int, int, int], opened: FrameSource | None) -> None:
        t, c, y, x = shape
        self.channel.setRange(0, max(c - 1, 0))
        self._form.setRowVisible(self.channel, c > 1)
        if opened is not None and not self.dt.value():
            self.dt.setValue(float(opened.dt_s or 0.0))
        if opened is not None and (opened.pixel_size_um or not self.pixel_size.value()):
            self.pixel_size.setValue(float(opened.pixel_size_um or 0.0))
        self._note.setText(f"{t} frames, {c} channel{'s' if c != 1 else ''}, {y} x {x} pixels.")

    def _on_given(self, box: QComboBox, what: str, _: int) -> None:
        """A file is asked for; a table of tracks shows its columns."""
        if box.currentData() == _FILE:
            path, _ = QFileDialog.getOpenFileName(self, what, str(self._source.path or ""), "All files (*)")
            if path:
                box.addItem(Path(path).name, Path(path))
            box.setCurrentIndex(box.count() - 1 if path else 0)
        if box is self.tracks:
            chosen = box.currentData()
            table = chosen if isinstance(chosen, Path) and is_table(chosen) else None
            self._form.setRowVisible(self.columns, table is not None)
            if table is not None:
                self._show_columns(table)
                return
        self._judge()

    def _show_columns(self, path: Path | None) -> None:
        try:
            if path is not None:
                self.columns.show_table(path)
        except CellStateError as error:
            self._refuse(str(error))
            return
        self._judge()

    def _judge(self) -> None:
        chosen = self._tracks_only or self.axes.currentData() is not None
        columns = not self._form.isRowVisible(self.columns) or self.columns.complete
        self.ok.setEnabled(chosen and columns)
        if not chosen:
            self._note.setText("Nothing says which axis is time: choose the axes.")
        elif not columns:
            self._note.setText("Choose which columns are track, frame number, y and x: four different ones.")
        elif self._tracks_only:
            self._note.setText("A table of tracks without images: what can be told from paths alone is told.")

    def _refuse(self, text: str) -> None:
        self._note.setText(text)
        self.ok.setEnabled(False)


def _or_path(chosen: Any, take: Callable[[Any], Any]) -> Any:
    """Nothing, a path, or a layer, which is only looked at in the worker: then what takes it."""
    return chosen if chosen is None or isinstance(chosen, Path) else partial(take, chosen)


def _made(
    root: Path | None,
    folder: Path,
    name: str,
    given: dict[str, Any],
    axes: str,
    settings: dict[str, Any],
    progress: Progress,
) -> Experiment:
    """Add the movie, to a new experiment where none is given; one that stays without a movie is taken away again."""
    experiment = Experiment(root) if root is not None else new(folder)
    try:
        taken = {what: value() if callable(value) else value for what, value in given.items()}
        free = free_name(name, {entry.name for entry in experiment.movies})
        of_file = taken["images"] is None or isinstance(taken["images"], Path)
        scale = {what: settings[what] for what in ("dt", "pixel_size")}
        with saved(experiment, free, taken, axes=axes or "TYX", **scale, progress=progress) as paths:
            add(
                experiment,
                paths["images"],
                labels=paths["labels"],
                tracks=paths["tracks"],
                name="" if of_file else free,
                axes=axes if of_file else "",
                **settings,
            )
    except BaseException:
        if root is None:
            for path in (experiment.paths.experiment, experiment.paths.recipe, experiment.paths.lock):
                path.unlink(missing_ok=True)
            folder.rmdir()
        raise
    return experiment
