"""Dwell times, occupancy and rates over time, and whether they are driven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.errors import CellStateError
from napari_cellstate.dynamics.balance import verdict_in_words
from napari_cellstate.experiment.treatments import treatments
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.themed import faint, themed_plot, wear_theme
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    import pandas as pd

_WHAT = {
    "survival": "Dwell times",
    "occupancy_over_time": "Occupancy over time",
    "rates_over_time": "Rates over time",
}
_LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


class DwellPanel(Panel):
    """One plot of what was chosen, a line a state and condition."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._tables: dict[str, pd.DataFrame] = {}
        self._balance: dict[str, Any] = {}
        self._treated: dict[str, tuple[float, ...]] = {}
        self._stamp: tuple[str, str] | None = None
        self.what, self.condition = QComboBox(), QComboBox()
        for key, title in _WHAT.items():
            self.what.addItem(title, key)
        self.plot = themed_plot()
        self.legend = self.plot.addLegend(offset=(-8, 8))
        self.says, self.verdict = QLabel(), QLabel()
        for label in (self.says, self.verdict):
            label.setWordWrap(True)
        top = QHBoxLayout()
        for box in (self.what, self.condition):
            top.addWidget(box, 1)
            box.currentIndexChanged.connect(self._draw)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 1)
        column.addWidget(self.says)
        column.addWidget(self.verdict)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment, wanted = self._session.experiment, self.condition.currentText()
        self._treated = self._read_treatments()
        now = stamp(self._session, "dynamics")
        if now is not None and now == self._stamp and self._tables:
            self._draw()
            return
        self._stamp, self._tables, self._balance = now, {}, {}
        if experiment is not None and now is not None and experiment.paths.balance.exists():
            self._tables = {name: experiment.dynamics(name) for name in _WHAT}
            self._balance = experiment.balance
        self.condition.blockSignals(True)
        self.condition.clear()
        if self._tables:
            self.condition.addItem("all conditions", "")
            for name in dict.fromkeys(self._tables["survival"]["condition"]):
                self.condition.addItem(str(name), str(name))
        self.condition.setCurrentIndex(max(0, self.condition.findText(wanted)))
        self.condition.blockSignals(False)
        self._draw()

    def _read_treatments(self) -> dict[str, tuple[float, ...]]:
        try:
            return treatments(self._session.experiment) if self._session.experiment is not None else {}
        except CellStateError as error:
            self.failed.emit(error)
            return {}

    def _draw(self) -> None:
        wear_theme(self.plot, self)
        self.plot.clear()
        self.legend.clear()
        self.legend.setLabelTextColor(self.palette().text().color())
        if not self._tables:
            self.says.setText("No dynamics yet: press Run all.")
            self.verdict.setText("")
            return
        key, condition = self.what.currentData(), self.condition.currentData()
        table = self._tables[key]
        names = [str(name) for name in dict.fromkeys(table["condition"])] if len(table) else []
        table = table[table["condition"] == condition] if condition else table
        if key == "survival":
            self._survival(table, names)
        else:
            self._over_time(table, names, key)
        self._say_balance(condition)

    def _survival(self, table: pd.DataFrame, names: list[str]) -> None:
        hours = bool(table["hours"].notna().any())
        time = "hours" if hours else "frames"
        for key, one in table.groupby(["condition", "state"], sort=False):
            whose: Any = key
            if one["n"].iloc[0]:
                style = _LINES[names.index(str(whose[0])) % len(_LINES)]
                said = f"{state_name(int(whose[1]))}, {whose[0]}"
                self._line(one[time], one["share"], one["low"], one["high"], int(whose[1]), said, style)
        self._axes(f"time since entering the state ({'h' if hours else 'frames'})", "share still in the state")
        once = table.drop_duplicates(["condition", "state"])
        window = self._session.recipe.windows.window
        if window > 1 and len(table):
            frame = 1.0
            if hours:
                later = table[table["frames"] > 0]
                frame = float((later["hours"] / later["frames"]).median()) if len(later) else 0.0
            self.plot.addItem(pg.InfiniteLine(window * frame, pen=pg.mkPen("#999999", style=Qt.PenStyle.DotLine)))
        self.says.setText(
            f"{int(once['n'].sum()):,} stays, {int(once['censored'].sum()):,} still going on when last seen, "
            f"{int(once['unseen'].sum()):,} left out (start not seen). Dotted: a window; what is shorter it blurs."
        )

    def _over_time(self, table: pd.DataFrame, names: list[str], key: str) -> None:
        hours = bool(table["start_hours"].notna().any())
        unit = "hours" if hours else "frame"
        middle = (table[f"start_{unit}"] + table[f"end_{unit}"]) / 2
        rates = key == "rates_over_time"
        value = "share" if not rates else "rate_per_hour" if table["rate_per_hour"].notna().any() else "probability"
        low, high = ("rate_low", "rate_high") if rates else ("low", "high")
        groups = ["condition", "from", "to"] if rates else ["condition", "state"]
        alone = len(names) == 1 or bool(self.condition.currentData())
        for group, one in table.groupby(groups, sort=False):
            keys: Any = group
            if rates and not one["count"].sum():
                continue
            style = _LINES[names.index(str(keys[0])) % len(_LINES)]
            said = f"{keys[1]} → {keys[2]}, {keys[0]}" if rates else f"{state_name(int(keys[1]))}, {keys[0]}"
            banded = value != "probability" and alone
            band = (one[low], one[high]) if banded else (one[value] * np.nan, one[value] * np.nan)
            self._line(
                middle[one.index], one[value], *band, int(keys[-1]), said, style, left=int(keys[1]) if rates else 0
            )
        self._axes(
            f"time ({'h' if hours else 'frames'})", {"share": "share of windows"}.get(value, value.replace("_", " "))
        )
        said = f"Bands: 95 % over {table['unit'].iloc[0]}s." if alone else "Choose one condition to see bands."
        said += " Line: the state entered; dots: the state left." if rates else ""
        marked = " Dashed uprights: treatment." if self._mark_treatments(names) else ""
        self.says.setText(f"{said}{marked} Other cells may be watched later than earlier.")

    def _mark_treatments(self, names: list[str]) -> bool:
        """A line at each treatment of the conditions that are shown, in the dashes of their curves."""
        chosen, ink = self.condition.currentData(), self.palette().text().color()
        shown = {name: times for name, times in self._treated.items() if name in names and chosen in ("", name)}
        for name, times in shown.items():
            for at in times:
                pen = pg.mkPen("#999999", width=2, style=Qt.PenStyle.DashLine)
                line = pg.InfiniteLine(
                    at, pen=pen, label=f"treated ({name})", labelOpts={"position": 0.06, "color": ink}
                )
                self.plot.addItem(line)
        return bool(shown)

    def _line(
        self, time: Any, value: Any, low: Any, high: Any, state: int, said: str, style: Any, *, left: int = -1
    ) -> None:  # fmt: skip
        """A line with its band: steps, or (where a state is `left`, 0 for none) from bin to bin."""
        x, y, least, most = (np.asarray(one, np.float64) for one in (time, value, low, high))
        known = np.isfinite(least) & np.isfinite(most)
        if left < 0:
            x = np.repeat(x, 2)[1:]
            y, least, most = (np.repeat(one, 2)[:-1] for one in (y, least, most))
            known = np.repeat(known, 2)[:-1]
        colour = state_colour(state)
        if known.sum() > 1:
            edges = [pg.PlotCurveItem(x[known], one[known], pen=None) for one in (least, most)]
            self.plot.addItem(pg.FillBetweenItem(*edges, brush=faint(colour, 0.15)))
        pen = pg.mkPen(colour, width=2, style=style)
        dots = (
            {"symbol": "o", "symbolSize": 7, "symbolBrush": state_colour(left), "symbolPen": None} if left > 0 else {}
        )
        self.plot.plot(x, y, pen=pen, name=said, **dots)

    def _axes(self, bottom: str, left: str) -> None:
        self.plot.setLabel("bottom", bottom)
        self.plot.setLabel("left", left)
        self.plot.enableAutoRange()

    def _say_balance(self, condition: str) -> None:
        one = self._balance["conditions"].get(condition) if condition else self._balance
        if one is None or one["p_reversal"] is None:
            self.verdict.setText("Driven? Cannot be told: too few transitions.")
            return
        self.verdict.setText(
            f"Driven? {verdict_in_words(one['p_reversal'], one['p_stationary'])} Entropy production "
            f"{one['entropy_production']:.3g} nats a step; 95 % of the null lie below "
            f"{one['null'].get('entropy_production_95', float('nan')):.3g}."
        )
