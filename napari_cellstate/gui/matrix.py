"""Transitions: the matrix of a condition; a click on i -> j lists those events and steps through them in the movie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.exemplars import save_cells
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.events import Event, find_events
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    import pandas as pd

_WHAT = {"probability": "Probability", "rate_per_hour": "Rate per hour", "count": "Count"}
_FILES = "Strip or clip (*.png *.mp4 *.gif)"
_HEAT = QColor("#6A51A3")


class MatrixPanel(Panel):
    """Matrix above, events below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._table: pd.DataFrame | None = None
        self._events: list[Event] = []
        self.shown: list[Event] = []
        """The events that are listed."""
        self.condition, self.what = QComboBox(), QComboBox()
        for key, title in _WHAT.items():
            self.what.addItem(title, key)
        self.matrix = QTableWidget()
        self.matrix.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.matrix.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.matrix.setToolTip("From the state of the row to that of the column. Click a number to see those events.")
        for header in (self.matrix.horizontalHeader(), self.matrix.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.list = QListWidget()
        self.says = QLabel()
        self.before_button, self.next_button = QPushButton("< previous"), QPushButton("next >")
        self.save_button = QPushButton("Save...")
        self.save_button.setToolTip("The listed events as a strip (.png) or a clip (.mp4, .gif).")
        self._build()
        self.condition.currentIndexChanged.connect(self._draw)
        self.what.currentIndexChanged.connect(self._draw)
        self.matrix.cellClicked.connect(self.choose_cell)
        self.list.currentRowChanged.connect(self._on_row)
        self.before_button.clicked.connect(lambda: self._step(-1))
        self.next_button.clicked.connect(lambda: self._step(1))
        self.save_button.clicked.connect(self._save)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        self._table, self._events = None, []
        ready = experiment is not None and experiment.paths.dynamics("transitions").exists()
        if experiment is not None and ready and experiment.record("dynamics") is not None:
            self._table = experiment.dynamics("transitions")
            self._events = find_events(experiment, self._session.recipe)
        refill(self.condition, () if self._table is None else dict.fromkeys(self._table["condition"]))
        self._draw()

    def choose_cell(self, row: int, column: int) -> None:
        """List the events from the state of a row to that of a column."""
        before, after = row + 1, column + 1
        condition = self.condition.currentText()
        self.shown = [
            one for one in self._events if (one.condition, one.before, one.after) == (condition, before, after)
        ]
        self.list.blockSignals(True)
        self.list.clear()
        for one in self.shown:
            self.list.addItem(QListWidgetItem(f"{one.movie}   cell {one.track}   frame {one.frame}"))
        self.list.blockSignals(False)
        if before == after:
            self.says.setText("Staying is no event: click beside the diagonal.")
        else:
            self.says.setText(f"{state_name(before)} → {state_name(after)}, {condition}: {len(self.shown)} events")
        self._buttons()
        self.events_shown.emit(list(self.shown))

    def _build(self) -> None:
        top = QHBoxLayout()
        for widget in (self.condition, self.what):
            top.addWidget(widget, 1)
        steps = QHBoxLayout()
        steps.addWidget(self.before_button)
        steps.addWidget(self.next_button)
        steps.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.matrix, 3)
        column.addWidget(self.says)
        column.addWidget(self.list, 4)
        column.addLayout(steps)

    def _draw(self) -> None:
        """Paint the matrix of the chosen condition."""
        self.list.clear()
        self.shown = []
        self.events_shown.emit([])
        self._buttons()
        self.matrix.clear()
        if self._table is None:
            self.matrix.setRowCount(0)
            self.matrix.setColumnCount(0)
            self.says.setText("No transitions yet: press Run all.")
            return
        self.says.setText("Click a number to see its events.")
        table = self._table[self._table["condition"] == self.condition.currentText()]
        k = int(table["to"].max()) if len(table) else 0
        self.matrix.setRowCount(k)
        self.matrix.setColumnCount(k)
        for at in range(k):
            for header, put in (
                ("to", self.matrix.setHorizontalHeaderItem),
                ("from", self.matrix.setVerticalHeaderItem),
            ):
                item = QTableWidgetItem(f"{header} {at + 1}")
                item.setToolTip(state_name(at + 1))
                put(at, item)
        values = table[self.what.currentData()].to_numpy(np.float64)
        away = values[(table["from"] != table["to"]).to_numpy()]
        top = float(np.nanmax(away)) if len(away) and np.isfinite(away).any() else 0.0
        for row, value in zip(table.itertuples(), values, strict=True):
            self.matrix.setItem(int(row[2]) - 1, int(row[3]) - 1, self._cell(row, float(value), top))

    def _cell(self, row: Any, value: float, top: float) -> QTableWidgetItem:
        """One number, tinted by how it compares with the other switches; staying is left plain."""
        start, end, count = int(row[2]), int(row[3]), int(row[4])
        blank = not np.isfinite(value)
        text = "-" if blank else str(count) if self.what.currentData() == "count" else f"{value:.3g}"
        item = QTableWidgetItem(text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        stays = " (stays)" if start == end else ""
        item.setToolTip(f"{state_name(start)} → {state_name(end)}{stays}\n{count} pairs of windows")
        if start != end and not blank and top > 0:
            tint = QColor(_HEAT)
            tint.setAlphaF(0.1 + 0.5 * min(value / top, 1.0))
            item.setBackground(QBrush(tint))
        if start == end:
            edge = QColor(state_colour(start))
            edge.setAlphaF(0.35)
            item.setBackground(QBrush(edge))
        return item

    def _on_row(self, at: int) -> None:
        self._buttons()
        if 0 <= at < len(self.shown):
            one = self.shown[at]
            self.pick_asked.emit(Pick(one.movie, one.track, one.frame))

    def _step(self, by: int) -> None:
        if self.shown:
            self.list.setCurrentRow(int(np.clip(self.list.currentRow() + by, 0, len(self.shown) - 1)))

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the listed events", "events.png", _FILES)
        if name:
            self.save_events(Path(name))

    def save_events(self, path: Path) -> None:
        """Write the listed events as a strip or a clip, beside the window."""
        experiment = self._session.experiment
        keys = [(one.movie, one.track, one.frame) for one in self.shown]
        if experiment is None or not keys:
            return

        def work(progress: Progress) -> Path:
            return save_cells(experiment, keys, path, progress=progress)

        self.work_asked.emit(work, lambda written: self.says.setText(f"written: {written}"))

    def _buttons(self) -> None:
        at = self.list.currentRow()
        self.save_button.setEnabled(bool(self.shown))
        self.before_button.setEnabled(bool(self.shown) and at > 0)
        self.next_button.setEnabled(bool(self.shown) and at < len(self.shown) - 1)
