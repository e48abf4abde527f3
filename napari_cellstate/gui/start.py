"""What the dock shows while nothing is open: one sentence and three ways to begin."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class StartPage(QWidget):
    """Three buttons.

    Signals
    -------
    movie_asked, experiment_asked, sample_asked : one for each button.
    """

    movie_asked = Signal()
    experiment_asked = Signal()
    sample_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        says = QLabel("Find, follow and compare the behaviour states of cells in a time-lapse movie.")
        says.setWordWrap(True)
        says.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(says)
        column.addSpacing(6)
        self.buttons = {}
        for key, text, tip, signal in (
            ("movie", "Use the open movie", "Starts an experiment from the layer that is selected", self.movie_asked),
            ("experiment", "Open an experiment", "A folder NAME.cellstate made earlier", self.experiment_asked),
            ("sample", "Try the sample", "Four small simulated movies; takes some seconds", self.sample_asked),
        ):
            button = QPushButton(text)
            button.setObjectName(key)
            button.setToolTip(tip)
            button.setMinimumHeight(32)
            button.clicked.connect(signal)
            self.buttons[key] = button
            column.addWidget(button)
        hint = QLabel("Then press Run all.")
        hint.setEnabled(False)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(hint)
        column.addStretch(2)
