"""What follows from the transitions taken as a chain, as numbers: stationary law, generator, passage, time scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
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
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Session

if TYPE_CHECKING:
    import pandas as pd

CYCLES = "cycles"


@dataclass(frozen=True)
class _Shown:
    """How one table is laid out.

    Attributes
    ----------
    title : in the box. says : what the numbers are.
    rows : columns of the table that name its rows. columns : its columns that are shown, and what they are called.
    across : column whose values are the columns shown instead; `value` (in hours, else in frames) stands in the places.
    """

    title: str
    says: str
    rows: tuple[str, ...]
    columns: tuple[tuple[str, str], ...] = ()
    across: str = ""
    value: tuple[str, ...] = ()


TABLES = {
    "occupancy_by_condition": _Shown(
        "Occupancy, stationary law",
        "Share of windows (mean of movies); the same with doubtful windows shared out between states; and the share "
        "that the transitions would lead to if they went on for ever. Where they differ, the population is drifting.",
        ("state",),
        (("share", "share"), ("soft_share", "shared out"), ("stationary", "stationary")),
    ),
    "generator": _Shown(
        "Generator",
        "Rates from the state of the row to that of the column, per hour (per frame where hours are not known).",
        ("from",),
        across="to",
        value=("rate_per_hour", "rate_per_frame"),
    ),
    "passage": _Shown(
        "Mean first passage",
        "Mean time from the state of the row until that of the column is first reached, hours (else frames); ∞: never.",
        ("from",),
        across="to",
        value=("hours", "frames"),
    ),
    "committors": _Shown(
        "Committors",
        "Probability, in the state of the column, to reach the second state of the row before the first.",
        ("from", "to"),
        across="state",
        value=("committor",),
    ),
    "timescales": _Shown(
        "Relaxation times",
        "How long the slowest memories of the chain last. Shorter than a window: not seen.",
        ("process",),
        (("hours", "hours"), ("frames", "frames")),
    ),
    "dwell": _Shown(
        "Dwell times",
        "Means allow for stays that go on when last seen; medians of the curve with 95 % intervals. Below .05 the "
        "stays are hardly exponential: the chance to leave changes with time in the state.",
        ("state",),
        (
            *(("mean_hours", "mean h"), ("mean_frames", "mean\nframes"), ("median_frames", "median\nframes")),
            *(("low", "low"), ("high", "high"), ("p_exponential", "p expo-\nnential")),
        ),
    ),
    CYCLES: _Shown(
        "Cycle fluxes",
        "Net turns per step along each cycle of states; none where paths run both ways alike.",
        ("states",),
        (("flux_per_step", "flux a step"),),
    ),
}


class ChainPanel(Panel):
    """One table at a time."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._tables: dict[str, pd.DataFrame] = {}
        self._stamp: tuple[str, str] | None = None
        self.what, self.condition = QComboBox(), QComboBox()
        for key, one in TABLES.items():
            self.what.addItem(one.title, key)
        self.table = QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.says = QLabel()
        self.says.setWordWrap(True)
        top = QHBoxLayout()
        for box in (self.what, self.condition):
            top.addWidget(box, 1)
            box.currentIndexChanged.connect(self._draw)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addWidget(self.says)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment, now = self._session.experiment, stamp(self._session, "dynamics")
        if now is None or now != self._stamp or not self._tables:
            self._stamp, self._tables = now, {}
            if experiment is not None and now is not None and experiment.paths.balance.exists():
                self._tables = {key: experiment.dynamics(key) for key in TABLES if key != CYCLES}
                self._tables[CYCLES] = _cycles(experiment.balance)
            names = self._tables["passage"]["condition"] if self._tables else ()
            refill(self.condition, dict.fromkeys(names))
        self._draw()

    def _draw(self) -> None:
        self.table.clear()
        self.table.setRowCount(0)
        self.table.setColumnCount(0)
        if not self._tables:
            self.says.setText("No dynamics yet: press Run all.")
            return
        key = str(self.what.currentData())
        shown, table = TABLES[key], self._tables[key]
        mine = table[table["condition"] == self.condition.currentText()]
        self.says.setText(shown.says if len(mine) else f"{shown.says} Here: none.")
        if len(mine):
            self._fill(_laid_out(shown, mine))

    def _fill(self, table: pd.DataFrame) -> None:
        self.table.setRowCount(len(table))
        self.table.setColumnCount(len(table.columns))
        self.table.setHorizontalHeaderLabels([str(name) for name in table.columns])
        self.table.setVerticalHeaderLabels([str(name) for name in table.index])
        for row, values in enumerate(table.to_numpy(np.float64)):
            for column, value in enumerate(values):
                text = "-" if np.isnan(value) else "∞" if np.isinf(value) else f"{value:.3g}"
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.table.setItem(row, column, item)


def _laid_out(shown: _Shown, table: pd.DataFrame) -> pd.DataFrame:
    """Numbers with the names of rows and columns as people read them."""
    rows, called = list(shown.rows), dict(shown.columns)
    if shown.across:
        value = next((name for name in shown.value if table[name].notna().any()), shown.value[-1])
        laid = table.pivot(index=rows, columns=shown.across, values=value)
        laid = laid.set_axis([state_name(int(one)) for one in laid.columns], axis=1)
    else:
        laid = table.rename(columns={"median_low_frames": "low", "median_high_frames": "high"}).set_index(rows)
        laid = laid[[name for name in called if name in laid and laid[name].notna().any()]].rename(columns=called)
    keys = [one if isinstance(one, tuple) else (one,) for one in laid.index]
    return laid.set_axis(
        [" → ".join(_named(column, one) for column, one in zip(rows, key, strict=True)) for key in keys], axis=0
    )


def _named(column: str, value: Any) -> str:
    return state_name(int(value)) if column in ("state", "from", "to") else str(value)


def _cycles(balance: dict[str, Any]) -> pd.DataFrame:
    """Cycles of each condition, the strongest first."""
    import pandas as pd

    rows = [
        {
            "condition": condition,
            "states": " → ".join(state_name(int(one)) for one in cycle["states"]),
            "flux_per_step": cycle["flux_per_step"],
        }
        for condition, one in balance["conditions"].items()
        for cycle in sorted(one["cycles"], key=lambda cycle: -abs(cycle["flux_per_step"]))
    ]
    return pd.DataFrame(rows, columns=["condition", "states", "flux_per_step"])
