"""Feature table: every window's features, linked with the movie; sort, filter, colour, compare, export."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QItemSelectionModel, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.window_table import WindowTable, window_table
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.row_model import RowModel
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.shades import by_values
from napari_cellstate.plots.colours import condition_colour

_ALL = "all movies"
_MOST = 2000
"""Windows that are ringed at once."""


class FeatureTablePanel(Panel):
    """Rows of the behaviour table; a click goes to the cell, a click on a head sorts."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: WindowTable | None = None
        self._kept = np.empty(0, np.int64)
        self._column, self._descending = "", False
        self._written = ""
        self.filter = QLineEdit(placeholderText="filter, such as speed > 1 and state == 2")
        self.filter.setToolTip(
            "A formula over the columns: numbers, + - * / **, comparisons, and, or, not, functions such as log and "
            "where; text in quotes. Enter applies it; empty shows all."
        )
        self.which = QComboBox()
        self.which.setToolTip("Rows of one movie, or of all.")
        self.colour = QPushButton("Colour", checkable=True)
        self.colour.setToolTip("Colour cells and tracks of the movie by the chosen column instead of the state.")
        self.save = QPushButton("Export...")
        self.save.setToolTip("Write the rows that are shown, in their order, as CSV or parquet.")
        self.model, self.view = RowModel(self), QTableView()
        self.plot = pg.PlotWidget()
        self.says = QLabel(wordWrap=True)
        self._build()
        self.filter.returnPressed.connect(self._on_filter)
        self.which.currentIndexChanged.connect(self._on_filter)
        self.colour.toggled.connect(self._on_colour)
        self.save.clicked.connect(self._on_export)
        self.view.horizontalHeader().sectionClicked.connect(self._on_head)
        self.view.selectionModel().selectionChanged.connect(self._on_selected)
        session.picked.connect(self.follow_pick)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        self._found = window_table(experiment, self._found) if experiment is not None else None
        refill(self.which, [_ALL, *([] if experiment is None else [entry.name for entry in experiment.movies])])
        if self._found is not None and self._column not in self._found.table:
            self._column = next(iter(self._found.features), "")
        self._apply()
        if self.colour.isChecked():
            self._on_colour()

    def follow_pick(self) -> None:
        """Go to the row of the chosen cell that is nearest in time."""
        pick, found = self._session.pick, self._found
        if pick is None or found is None:
            return
        rows = self.model.rows
        at = np.flatnonzero((found.movie[rows] == pick.movie) & (found.track[rows] == pick.track))
        if not len(at):
            return
        near = int(at[np.abs(found.frame[rows[at]] - pick.frame).argmin()])
        at_column = self.model.names.index(self._column)
        chosen, index = self.view.selectionModel(), self.model.index(near, at_column)
        chosen.blockSignals(True)
        flags = QItemSelectionModel.SelectionFlag
        chosen.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        chosen.blockSignals(False)
        self.view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.view.viewport().update()

    def sort(self, column: str, *, descending: bool) -> None:
        """Sort by a column, and show its histograms and colours."""
        self._column, self._descending, self._written = column, descending, ""
        self._order()
        if self.colour.isChecked():
            self._on_colour()

    # inside

    def _build(self) -> None:
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.verticalHeader().setDefaultSectionSize(22)
        self.view.verticalHeader().hide()
        self.view.setWordWrap(False)
        self.view.setMinimumHeight(120)
        self.plot.setMinimumHeight(110)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.addLegend(offset=(-8, 4))
        for side in ("left", "bottom"):
            self.plot.getAxis(side).enableAutoSIPrefix(False)
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.filter, 1)
        below.addWidget(self.which, 1)
        below.addWidget(self.colour)
        below.addWidget(self.save)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.view)
        split.addWidget(self.plot)
        split.setSizes([300, 160])
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(split, 1)
        column.addWidget(self.says)

    def _on_filter(self, _: object = None) -> None:
        self._written = ""
        self._apply()

    def _apply(self) -> None:
        """Filter, then sort."""
        if self._found is None:
            self._kept = np.empty(0, np.int64)
        else:
            movie = self.which.currentText()
            try:
                self._kept = self._found.where(self.filter.text(), "" if movie == _ALL else movie)
            except InputError as error:
                self.says.setText(str(error))
                return
        self._order()

    def _order(self) -> None:
        found = self._found
        if found is None:
            self.model.show(None, np.empty(0, np.int64))
            self.plot.clear()
            self.says.setText("No features yet: press Run all.")
            return
        self.model.show(found, found.ordered(self._kept, self._column, descending=self._descending))
        at = self.model.names.index(self._column)
        head = self.view.horizontalHeader()
        head.setSortIndicatorShown(True)
        order = Qt.SortOrder.DescendingOrder if self._descending else Qt.SortOrder.AscendingOrder
        head.setSortIndicator(at, order)
        if len(self.model.rows):
            self.view.scrollTo(self.model.index(0, at))
        self._draw()
        self._say()
        self.follow_pick()

    def _say(self) -> None:
        found = self._found
        if found is None:
            return
        rows = self.model.rows
        tracks = len(set(zip(found.movie[rows], found.track[rows], strict=True)))
        text = f"{len(rows):,} of {len(found):,} windows, {tracks:,} tracks."
        if self.colour.isChecked():
            low, high = found.span(self._column)
            text += f" Colours: {self._column}, dark {low:.3g} to yellow {high:.3g} {found.unit.get(self._column, '')}"
        self.says.setText(f"{text} {self._written}".strip())

    def _draw(self) -> None:
        """Histogram of the chosen column for each condition."""
        self.plot.clear()
        self.plot.plotItem.legend.setLabelTextColor(self.palette().text().color())
        self.plot.setBackground(self.palette().window().color())
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())
        found = self._found
        if found is None or found.values(self._column).dtype.kind != "f":
            return
        edges, shares = found.histograms(self._column, self.model.rows)
        names = list(dict.fromkeys(found.table["condition"].astype(str)))
        for name, share in shares.items():
            nth = names.index(name)
            pen = pg.mkPen(condition_colour(nth) if nth else self.palette().text().color(), width=2)
            self.plot.plot(edges, share, stepMode="center", pen=pen, name=name or "no condition")
        unit = found.unit.get(self._column, "")
        self.plot.setLabel("bottom", f"{self._column} ({unit})" if unit else self._column)
        self.plot.setLabel("left", "part of the windows")
        self.plot.autoRange()

    def _on_head(self, section: int) -> None:
        name = self.model.names[section]
        self.sort(name, descending=not self._descending if name == self._column else False)

    def _on_selected(self, *_: Any) -> None:
        found = self._found
        picked = [index.row() for index in self.view.selectionModel().selectedRows()]
        if found is None or not picked:
            return
        rows = self.model.rows[np.array(picked[:_MOST])]
        keys = [(str(found.movie[row]), int(found.track[row]), int(found.frame[row])) for row in rows]
        self.windows_chosen.emit(keys)
        if len(keys) == 1:
            self.pick_asked.emit(Pick(*keys[0]))

    def _on_colour(self, _: bool = False) -> None:
        found = self._found
        if found is None or not self.colour.isChecked() or found.values(self._column).dtype.kind != "f":
            self.coloured.emit(None, "")
        else:
            self.coloured.emit(by_values(found.values(self._column)), self._column)
        self._say()

    def _on_export(self) -> None:
        if self._found is None:
            return
        name, _ = QFileDialog.getSaveFileName(self, "Export rows", "features.csv", "Tables (*.csv *.parquet)")
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write the rows that are shown, beside the window."""
        found, rows = self._found, self.model.rows
        if found is None:
            return

        def work(progress: Progress) -> int:
            return found.export(path, rows, progress)

        self.work_asked.emit(work, partial(self._on_exported, path))

    def _on_exported(self, path: Path, rows: int) -> None:
        self._written = f"{rows:,} rows written to {path}"
        self._say()
