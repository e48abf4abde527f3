"""Run all, progress with time left, Cancel: always in sight."""

from __future__ import annotations

import time

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.gui.task import Task


class RunBar(QWidget):
    """Buttons and a bar that follow a task.

    Signals
    -------
    run_asked : Run all was pressed.
    """

    run_asked = Signal()

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._what, self._since = "", 0.0
        self._first = 0
        self.run_button = QPushButton("Run all")
        self.run_button.setToolTip("Does every stage that is missing or out of date, for all movies.")
        self.run_button.setStyleSheet("font-weight: bold")
        self.run_button.clicked.connect(self.run_asked)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stops at the next step; what is done stays done.")
        self.cancel_button.clicked.connect(self._on_cancel)
        self.says = QLabel()
        line = QHBoxLayout()
        line.addWidget(self.run_button)
        line.addWidget(self.bar, 1)
        line.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.says)
        task.started.connect(self._on_started)
        task.progressed.connect(self._on_progress)
        task.ended.connect(self._on_ended)
        self._on_ended()

    def say(self, text: str) -> None:
        """A line under the bar."""
        self.says.setText(text)

    def _on_started(self) -> None:
        self._what = ""
        self.run_button.setEnabled(False)
        self.cancel_button.setEnabled(True)
        self.cancel_button.setText("Cancel")
        self.bar.setRange(0, 0)
        self.say("starting ...")

    def _on_progress(self, done: int, total: int, what: str) -> None:
        if what != self._what:
            self._what, self._since, self._first = what, time.monotonic(), done
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)
        self.say(f"{what}  {done} of {total}{self._left(done, total)}")

    def _left(self, done: int, total: int) -> str:
        """Time left of this stage, once there is something to judge it by."""
        spent, made = time.monotonic() - self._since, done - self._first
        if made < 2 or spent < 1.0 or done >= total:
            return ""
        seconds = round(spent / made * (total - done))
        return f", {seconds // 60}:{seconds % 60:02d} left"

    def _on_cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self.cancel_button.setText("Stopping ...")
        self._task.cancel()

    def _on_ended(self) -> None:
        self.run_button.setEnabled(True)
        self.cancel_button.setEnabled(False)
        self.cancel_button.setText("Cancel")
        self.bar.setRange(0, 100)
        self.bar.setValue(0)
