"""Teach: the net learns from what was corrected and scribbled, and the frame that is shown improves meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.click import diameter
from napari_cellstate.experiment.teach import recipe_with, teach_movie
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.scribbles import TeachingLayers
from napari_cellstate.gui.tool import Desk, Tool
from napari_cellstate.learn.models import models

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.experiment.store import Experiment
    from napari_cellstate.experiment.teaching import TaughtModel
    from napari_cellstate.methods.segment._cells.model import CellNet

HELP = (
    "Correct a few cells with <b>Click-segment</b>, or scribble: label 1 on cells, label 2 on background. Then press "
    "<b>Teach</b>: a copy of the net learns from it, and uses the other frames of the movie without labels. "
    "What it sees in this frame is refreshed as it learns. Cancel keeps what was learnt; Teach goes on from there."
)


class TeachTool(Tool):
    """Fine-tunes a copy of a net, beside the window."""

    _seen = Signal(int, object, object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._layers = TeachingLayers(desk.viewer, desk.layers)
        title, help_text = QLabel("Teach"), QLabel(HELP)
        title.setStyleSheet("font-weight: bold; font-size: 12pt")
        help_text.setWordWrap(True)
        self.model, self.name, self.seconds = QComboBox(), QLineEdit("my cells"), QSpinBox()
        self.model.setToolTip("The model to start from; it stays as it is.")
        self.name.setToolTip("Name of the new model. It can be used for other movies and in recipes.")
        self.seconds.setRange(5, 7200)
        self.seconds.setValue(60)
        self.seconds.setSuffix(" s")
        self.seconds.setToolTip("How long to learn. More helps as long as the frame goes on improving.")
        self.whole = QCheckBox("Corrected frames are right everywhere")
        self.whole.setToolTip("Learns from all cells and all background of these frames, not only where you clicked.")
        self.scribble = QPushButton("Scribble")
        self.scribble.setToolTip("Adds a layer to paint in: 1 on cells, 2 on background.")
        self.teach_button, self.use_button = QPushButton("Teach"), QPushButton("Segment with this model")
        self.use_button.setToolTip("Makes the new model the method of stage 1; press Run all then.")
        self.use_button.setEnabled(False)
        self.says = QLabel()
        self.says.setWordWrap(True)
        self._taught = ""
        self._build(title, help_text)
        self.scribble.clicked.connect(self.add_scribbles)
        self.teach_button.clicked.connect(self.teach)
        self.use_button.clicked.connect(self.use)
        self._seen.connect(self._show_seen)

    def activate(self) -> None:
        """List the models that there are."""
        refill(self.model, [one.name for one in models()])

    def deactivate(self) -> None:
        """Take what the net saw away."""
        self._layers.hide()
        self._desk.layers.hide_preview()

    def add_scribbles(self) -> None:
        """A layer to paint in."""
        experiment, movie = self._open()
        if experiment is None:
            return
        try:
            self._layers.add_scribbles(experiment, movie)
        except CellStateError as error:
            self.failed.emit(error)

    def teach(self) -> None:
        """Learn beside the window."""
        experiment, movie = self._open()
        if experiment is None:
            self.failed.emit(InputError("no movie is shown; open an experiment first"))
            return
        if not self.model.currentText():
            self.failed.emit(
                InputError("there is no model to start from; the package was installed without its weights")
            )
            return
        frame, drawn = int(self._desk.viewer.dims.current_step[0]), self._layers.scribbles(movie)
        name, start, seconds = self.name.text().strip(), self.model.currentText(), float(self.seconds.value())
        whole = self.whole.isChecked()
        opened = experiment.movie(movie)
        try:
            image, wide = np.asarray(opened.image(frame)), diameter(experiment, movie, frame)
        except CellStateError as error:
            self.failed.emit(error)
            return
        finally:
            opened.close()

        def look(net: CellNet) -> None:
            self._seen.emit(frame, *_seen(net, image, wide))

        def work(progress: Progress) -> TaughtModel:
            return teach_movie(
                experiment,
                movie,
                name,
                model=start,
                seconds=seconds,
                whole_frames=whole,
                scribbles=drawn,
                progress=progress,
                watch=look,
            )

        self.says.setText("learning ...")
        self.work_asked.emit(work, self._on_taught)

    def use(self) -> None:
        """Make the taught model the method of the first stage."""
        try:
            self._desk.session.set_recipe(recipe_with(self._desk.session.recipe, self._taught))
        except (CellStateError, OSError) as error:
            self.failed.emit(error)
            return
        self.says.setText(f"Stage 1 uses {self._taught} now; press Run all.")

    def _build(self, title: QLabel, help_text: QLabel) -> None:
        form = QFormLayout()
        form.addRow("Start from", self.model)
        form.addRow("Call it", self.name)
        form.addRow("For", self.seconds)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 4, 2, 4)
        column.addWidget(title)
        column.addWidget(help_text)
        column.addLayout(form)
        for widget in (self.whole, self.scribble, self.teach_button, self.use_button, self.says):
            column.addWidget(widget)
        column.addStretch()

    def _on_taught(self, found: TaughtModel) -> None:
        self._taught = found.name
        self.use_button.setEnabled(True)
        self.use_button.setText(f"Segment with {found.name}")
        self.says.setText(f"learnt: {found.name}, {found.history.steps} steps. Look at the result in this frame.")

    def _show_seen(self, frame: int, labels: NDArray[np.uint32], doubt: NDArray[np.float32]) -> None:
        experiment, movie = self._open()
        if experiment is not None:
            self._desk.layers.preview_cells(experiment, movie, frame, labels)
            self._layers.show_doubt(experiment, movie, frame, doubt)

    def _open(self) -> tuple[Experiment | None, str]:
        session = self._desk.session
        return (session.experiment, session.movie) if session.movie else (None, "")


def _seen(net: CellNet, image: NDArray[Any], wide: float) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """What a net sees in a frame, and where it hesitates; called beside the window."""
    from napari_cellstate.experiment.teaching import prepare, uncertainty

    found = prepare(image, net, wide)
    return found.labels(), uncertainty(found)
