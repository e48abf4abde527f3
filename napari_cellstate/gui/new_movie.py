"""Asks what a file cannot tell about a movie, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.movie import FrameSource
from napari_cellstate.experiment.add import add, new
from napari_cellstate.experiment.paths import SUFFIX
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.gui.fields import Floating

if TYPE_CHECKING:
    from napari.viewer import Viewer

_UNKNOWN = "not known"


class NewMovie(QDialog):
    """One movie to be added: the file says what it can, the user the rest.

    Parameters
    ----------
    path : of the movie.
    experiment : to add to, or None for a new one beside the movie.
    """

    def __init__(self, path: Path, experiment: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path, self._root = path, experiment
        self.setWindowTitle("Add a movie" if experiment else "New experiment")
        self._form = QFormLayout()
        self.axes, self.channel = QComboBox(), QSpinBox()
        self.dt = Floating(0.0, None, step=1.0, special=_UNKNOWN)
        self.pixel_size = Floating(0.0, None, step=0.01, special=_UNKNOWN)
        self.condition, self.replicate = QLineEdit(), QLineEdit()
        self.folder = QLineEdit(str(experiment or path.parent / f"{path.name.split('.')[0]}{SUFFIX}"))
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
        self.setMinimumWidth(420)

    @classmethod
    def from_layer(cls, viewer: Viewer, parent: QWidget) -> NewMovie | None:
        """For the selected image layer, else the first one that is a file; None where there is none."""
        layers = [viewer.layers.selection.active, *viewer.layers]
        for layer in layers:
            if layer is None or not hasattr(layer, "contrast_limits"):
                continue
            file = layer.metadata.get("cellstate_file") or getattr(layer.source, "path", None)
            if file and Path(str(file)).exists():
                return cls(Path(str(file)), None, parent)
        return None

    def work(self) -> Callable[[], Experiment]:
        """What is to be done with the answers; it may run in another thread."""
        settings: dict[str, Any] = {
            "axes": self.axes.currentData() or "",
            "dt": self.dt.value() or None,
            "pixel_size": self.pixel_size.value() or None,
            "channel": self.channel.value(),
            "condition": self.condition.text().strip(),
            "replicate": self.replicate.text().strip(),
        }
        return partial(_made, self._root, Path(self.folder.text()).expanduser(), self._path, settings)

    def _rows(self) -> None:
        for label, widget, tip in (
            ("Movie", QLabel(self._path.name), str(self._path)),
            ("Axes", self.axes, "What the axes of the file are, in its order: T time, C channel, Y and X."),
            ("Channel", self.channel, "The channel in which cells are found, from 0."),
            ("Frame interval (s)", self.dt, "Seconds between frames; without it rates per hour stay blank."),
            ("Pixel size (um)", self.pixel_size, "Micrometres a pixel; without it distances stay in pixels."),
            ("Condition", self.condition, "Such as young or aged: what is to be compared."),
            ("Replicate", self.replicate, "Animal, donor or day: movies of one are not independent."),
            ("Experiment", self.folder, "Folder that holds all results; the movie itself is never copied."),
        ):
            widget.setToolTip(tip)
            self._form.addRow(label, widget)

    def _read(self) -> None:
        """Fill in what the file says; where its axes are not named, the user says what they are."""
        try:
            with closing(open_movie(self._path, axes="", time_given=True)) as source:
                named = source.axes_named
                self._fill(source)
        except (CellStateError, OSError) as error:
            named = False
            self._refuse(str(error))
        if named:
            self.axes.addItem("as the file says", "")
        else:
            self.axes.addItem("choose ...", None)
            for axes in ("TYX", "TCYX", "CTYX", "YXT"):
                self.axes.addItem(" ".join(axes), axes)
        self._judge()

    def _read_again(self) -> None:
        axes = self.axes.currentData()
        if axes:
            try:
                with closing(open_movie(self._path, axes=axes, time_given=True)) as source:
                    self._fill(source)
            except (CellStateError, OSError) as error:
                self._refuse(str(error))
                return
        self._judge()

    def _fill(self, source: FrameSource) -> None:
        t, c, y, x = source.shape
        self.channel.setRange(0, max(c - 1, 0))
        self.channel.setEnabled(c > 1)
        if not self.dt.value():
            self.dt.setValue(float(source.dt_s or 0.0))
        if not self.pixel_size.value():
            self.pixel_size.setValue(float(source.pixel_size_um or 0.0))
        self._note.setText(f"{t} frames, {c} channel{'s' if c != 1 else ''}, {y} x {x} pixels.")

    def _judge(self) -> None:
        chosen = self.axes.currentData() is not None
        self.ok.setEnabled(chosen)
        if not chosen:
            self._note.setText("The file does not say which axis is time: choose its axes.")

    def _refuse(self, text: str) -> None:
        self._note.setText(text)
        self.ok.setEnabled(False)


def _made(root: Path | None, folder: Path, movie: Path, settings: dict[str, Any]) -> Experiment:
    """Add the movie, to a new experiment where none is given; one that stays without a movie is taken away again."""
    if root is not None:
        experiment = Experiment(root)
        add(experiment, movie, **settings)
        return experiment
    experiment = new(folder)
    try:
        add(experiment, movie, **settings)
    except InputError:
        for path in (experiment.paths.experiment, experiment.paths.recipe, experiment.paths.lock):
            path.unlink(missing_ok=True)
        folder.rmdir()
        raise
    return experiment
