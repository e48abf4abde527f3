"""Transitions: the matrix of a condition, or against another; a click on i -> j lists and plays those events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.progress import Progress
from napari_cellstate.experiment.rate_change import rate_changes
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.event_box import EventBox
from napari_cellstate.gui.events import Events, find_events
from napari_cellstate.gui.numbers import HEAT, LESS, change_tint, heat, hint, hint_of_change, number
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.scale_bar import ScaleBar
from napari_cellstate.gui.session import Session
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    import pandas as pd

_WHAT = {"rate_per_hour": "Rate per hour", "probability": "Probability", "count": "Count"}
_ALONE, _AGAINST = "alone", "vs "
_CLICK = "Click a number to see its events."


class MatrixPanel(Panel):
    """Matrix above, events below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._table: pd.DataFrame | None = None
        self._change: pd.DataFrame | None = None
        self._events: Events | None = None
        self._stamp: tuple[str, str] | None = None
        self._pair = (0, 0)
        self._asked = ("", "")
        self.condition, self.what, self.against = QComboBox(), QComboBox(), QComboBox()
        for key, title in _WHAT.items():
            self.what.addItem(title, key)
        self.against.setToolTip("Rates of the condition on the left as multiples of those of another")
        self.matrix = QTableWidget()
        self.matrix.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.matrix.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.matrix.setToolTip("From the state of the row to that of the column. Click a number to see those events.")
        for header in (self.matrix.horizontalHeader(), self.matrix.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.scale, self.legend, self.says = ScaleBar(), QLabel(), QLabel()
        for label in (self.legend, self.says):
            label.setWordWrap(True)
        self.box = EventBox(session)
        self._build()
        self.condition.currentIndexChanged.connect(self._on_condition)
        self.what.currentIndexChanged.connect(self._draw)
        self.against.currentIndexChanged.connect(self._on_against)
        self.matrix.cellClicked.connect(self.choose_cell)
        self.box.said.connect(self.says.setText)
        for name in ("pick_asked", "frame_asked", "events_shown", "work_asked"):
            getattr(self.box, name).connect(getattr(self, name))

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment, now = self._session.experiment, stamp(self._session, "dynamics")
        if now is not None and now == self._stamp and self._table is not None:
            self.box.mark()
            self._draw()  # names and colours may be others
            return
        self._stamp, self._table, self._events, self._change = now, None, None, None
        if experiment is not None and now is not None and experiment.paths.dynamics("transitions").exists():
            self._table = experiment.dynamics("transitions")
            self._events = find_events(experiment, self._session.recipe)
        refill(self.condition, () if self._table is None else dict.fromkeys(self._table["condition"]))
        if self._table is not None and not self._table["rate_per_hour"].notna().any():
            self.what.setCurrentIndex(self.what.findData("probability"))
        self._on_condition()

    def show_results(self, found: MovieResults | None) -> None:
        """Follow these results."""
        self.box.show_results(found)

    def choose_cell(self, row: int, column: int) -> None:
        """List the events from the state of a row to that of a column."""
        if self._table is None or self._events is None:
            return
        before, after = self._pair = row + 1, column + 1
        condition = self.condition.currentText()
        self.box.show_events(self._events.of(condition, before, after))
        if before == after:
            self.says.setText("Staying is no event: click beside the diagonal.")
        else:
            shown = len(self.box.shown)
            self.says.setText(f"{state_name(before)} → {state_name(after)}, {condition}: {shown:,} events")

    def show_change(self, change: pd.DataFrame) -> None:
        """Show how the rates differ from those of the other condition."""
        self._change = change
        self._draw()

    def _build(self) -> None:
        top = QHBoxLayout()
        for widget in (self.condition, self.what, self.against):
            top.addWidget(widget, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.matrix, 3)
        for widget in (self.scale, self.legend, self.says):
            column.addWidget(widget)
        column.addWidget(self.box, 4)

    def _on_condition(self) -> None:
        """Another condition: none of its events is chosen yet."""
        self._pair = (0, 0)
        self.box.show_events([])
        names = [self.condition.itemText(at) for at in range(self.condition.count())]
        others = [f"{_AGAINST}{name}" for name in names if name != self.condition.currentText()]
        refill(self.against, (_ALONE, *others) if self._table is not None else ())
        self._on_against()

    def _on_against(self) -> None:
        self._change = None
        experiment, other = self._session.experiment, self.against.currentText().removeprefix(_AGAINST)
        condition = self.condition.currentText()
        self._asked = (condition, other)
        if experiment is not None and self.against.currentIndex() > 0:

            def work(progress: Progress) -> pd.DataFrame:
                return rate_changes(experiment, other, condition)

            def show(change: pd.DataFrame) -> None:
                if self._asked == (condition, other):  # else something else was chosen meanwhile
                    self.show_change(change)

            self.work_asked.emit(work, show)
        self._draw()

    def _draw(self) -> None:
        """Paint the matrix of the chosen condition, or its difference from another."""
        self.matrix.clear()
        self.what.setEnabled(self._change is None)
        if self._table is None:
            self.matrix.setRowCount(0)
            self.matrix.setColumnCount(0)
            self.scale.show_scale((), ())
            self.legend.setText("")
            self.says.setText("No transitions yet: press Run all.")
            return
        if not any(self._pair):
            self.says.setText(_CLICK)
        table = self._table[self._table["condition"] == self.condition.currentText()]
        self._headers(int(table["to"].max()) if len(table) else 0)
        if self._change is None:
            self._numbers(table)
        else:
            self._changes(table, self._change)
        if any(self._pair):
            self.matrix.setCurrentCell(self._pair[0] - 1, self._pair[1] - 1)

    def _headers(self, k: int) -> None:
        self.matrix.setRowCount(k)
        self.matrix.setColumnCount(k)
        for at in range(k):
            name = state_name(at + 1)
            for said, put in (
                ("to", self.matrix.setHorizontalHeaderItem),
                ("from", self.matrix.setVerticalHeaderItem),
            ):
                item = QTableWidgetItem(f"{said} {name if len(name) <= 12 and k <= 5 else at + 1}")
                item.setToolTip(f"{said} {name}")
                put(at, item)

    def _numbers(self, table: pd.DataFrame) -> None:
        """Numbers of one condition, tinted by how they compare with the other switches; staying is left plain."""
        what = self.what.currentData()
        moves = (table["from"] != table["to"]).to_numpy()
        values = table[what].to_numpy(np.float64)
        top = float(np.nanmax(values[moves])) if moves.any() and np.isfinite(values[moves]).any() else 0.0
        for row, value in zip(table.to_dict("records"), values, strict=True):
            self._put(row, number(float(value), what), hint(row, what), heat(float(value), top))
        self.scale.show_scale((heat(0.0, 1.0), heat(1.0, 1.0)), (f"{_WHAT[what].lower()} 0", number(top, what)))
        units = sorted({str(one) for one in table["unit"]} - {""})
        over = f"95 % intervals over {units[0]}s" if units else "no interval: one track only"
        self.legend.setText(f"Hover for the interval ({over}). Diagonal: staying, in the colour of the state.")

    def _changes(self, table: pd.DataFrame, change: pd.DataFrame) -> None:
        """Rates as multiples of those of the other condition."""
        rows = {(one["from"], one["to"]): one for one in change.to_dict("records")}
        known = np.abs(np.log(change["ratio"].to_numpy(np.float64)))
        top = max(float(np.nanmax(known)) if np.isfinite(known).any() else 0.0, np.log(2.0))
        for row in table.to_dict("records"):
            one = rows.get((row["from"], row["to"]))
            if one is None:
                self._put(row, "", "staying", QColor(0, 0, 0, 0))
                continue
            said = hint_of_change(row, one, self.against.currentText().removeprefix(_AGAINST))
            ratio = float(one["ratio"])
            self._put(row, f"× {ratio:.2g}" if np.isfinite(ratio) else "-", said, change_tint(one, top))
        most = float(np.exp(top))
        self.scale.show_scale((LESS, QColor(0, 0, 0, 0), HEAT), (f"× {1 / most:.2g}", "× 1, the same", f"× {most:.2g}"))
        first = change.iloc[0] if len(change) else None
        self.legend.setText("" if first is None else _over(first))

    def _put(self, row: Any, text: str, said: str, tint: QColor) -> None:
        item = QTableWidgetItem(text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        start, end = int(row["from"]), int(row["to"])
        item.setToolTip(f"{state_name(start)} → {state_name(end)}{' (stays)' if start == end else ''}\n{said}")
        if start == end:
            tint = QColor(state_colour(start))
            tint.setAlphaF(0.35)
        item.setBackground(QBrush(tint))
        self.matrix.setItem(start - 1, end - 1, item)


def _over(change: Any) -> str:
    """What the intervals of a difference are over."""
    faint = "Faint: the interval holds × 1. "
    n = change["n_other"], change["n_reference"]
    if change["unit_reference"] == "replicate":
        return f"{faint}Intervals over {'pairs of ' if change['paired'] else ''}replicates ({n[0]} and {n[1]})."
    units = change["unit_other"], change["unit_reference"]
    return f"{faint}Intervals over {n[0]} {units[0]}s and {n[1]} {units[1]}s: they hold for these movies only."
