"""Loss curves of the nets of the embed stage, while they learn and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.learning import Learning, learnings
from napari_cellstate.gui.session import Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EVERY_MS = 1500
_COLOURS = {"loss": "#2F6DB5", "check": "#D9822B"}
_CALLED = {"loss": "learnt from", "check": "kept apart"}


class LearningView(QWidget):
    """Loss curves, how far it is, Cancel and Resume; empty where no embedding of the recipe trains a net.

    Signals
    -------
    resume_asked : go on with, or begin, the training.
    cancel_asked : stop at the next step; a checkpoint is written.
    """

    resume_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._running, self._wanted = session, False, False
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setMinimumHeight(150)
        self.plot.setLabel("bottom", "step")
        self.plot.setLabel("left", "loss, nats a window")
        self.plot.addLegend(offset=(-5, 5), labelTextSize="8pt")
        self.curves = {
            name: self.plot.plot(pen=pg.mkPen(colour, width=2), name=_CALLED[name]) for name, colour in _COLOURS.items()
        }
        self.resume_button, self.cancel_button = QPushButton("Train"), QPushButton("Cancel")
        self.resume_button.setToolTip("Begins the training, or goes on at its last checkpoint.")
        self.cancel_button.setToolTip("Stops at the next step; Resume goes on from there.")
        self.resume_button.clicked.connect(self.resume_asked)
        self.cancel_button.clicked.connect(self.cancel_asked)
        buttons = QHBoxLayout()
        buttons.addWidget(self.resume_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self.says)
        column.addWidget(self.plot)
        column.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        session.recipe_changed.connect(self.refresh)
        session.experiment_changed.connect(self.refresh)
        self.set_running(running=False)

    def set_wanted(self, *, wanted: bool) -> None:
        """The page of the embed stage is shown, or another."""
        self._wanted = wanted
        self.refresh()

    def set_running(self, *, running: bool) -> None:
        """Something is being computed, or not any more."""
        self._running = running
        self.cancel_button.setEnabled(running)
        self.resume_button.setEnabled(not running)
        if running:
            self._timer.start()
        else:
            self._timer.stop()
        self.refresh()

    def refresh(self) -> None:
        """Read from disk how far it is."""
        found = self._read() if self._wanted else None
        self.setVisible(found is not None)
        if found is None:
            return
        self._draw_frame()
        self.plot.setVisible(bool(found.records))
        waits = "" if self._running or found.finished or not found.records else ": stopped, Resume goes on from there"
        self.says.setText(found.words() + waits)
        self.resume_button.setText("Resume" if found.records and not found.finished else "Train")
        self.resume_button.setVisible(not found.finished)
        self.cancel_button.setVisible(not found.finished)
        for name, curve in self.curves.items():
            curve.setData(*_curve(found, name))

    def _read(self) -> Learning | None:
        """The training that is under way: the first that is not finished, else the last."""
        experiment = self._session.experiment
        if experiment is None:
            return None
        try:
            found = learnings(experiment, self._session.recipe)
        except (CellStateError, OSError):  # a file that is being replaced; the next look comes soon
            return None
        return next((one for one in found if not one.finished), found[-1] if found else None)

    def _draw_frame(self) -> None:
        self.plot.setBackground(self.palette().window().color())
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())


def _curve(found: Learning, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps and values of a curve; the loss as a running mean, since single batches scatter."""
    pairs = [(row["step"], row[name]) for row in found.records if row.get(name) is not None]
    steps, values = np.array(pairs, np.float64).reshape(-1, 2).T
    width = max(1, len(values) // 50) if name == "loss" else 1
    if width > 1:
        kernel = np.ones(width) / width
        steps, values = steps[width - 1 :], np.convolve(values, kernel, "valid")
    return steps, values
