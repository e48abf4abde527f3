"""Do relatives behave alike? Mothers and daughters, sisters, the state at division; beside what chance gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.dynamics.lineage import family_words
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.themed import faint, themed_plot, wear_theme
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    import pandas as pd

_RELATIONS = ("mother-daughter", "sisters")


class FamiliesPanel(Panel):
    """Two small plots of correlations over states, one of the states at division, and what they say."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.plots = {name: themed_plot() for name in (*_RELATIONS, "division")}
        self.says = QLabel()
        self.says.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for plot in self.plots.values():
            column.addWidget(plot, 1)
        column.addWidget(self.says)
        column.addStretch()

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        there = experiment is not None and all(
            experiment.paths.dynamics(name).exists() for name in ("families", "divisions")
        )
        if experiment is None or not there:
            self._show(seen=False)
            self.says.setText("No dynamics yet: press Run all.")
            return
        table, divisions = experiment.dynamics("families"), experiment.dynamics("divisions")
        self._show(seen=bool(divisions["divisions"].sum()))
        self.says.setText(
            f"{family_words(table, divisions)}\nGrey: 95 % of what daughters dealt out at random within their movie "
            "give. Sisters are neighbours too: alike is no proof of inheritance."
            if divisions["divisions"].sum()
            else family_words(table, divisions)
        )
        for relation in _RELATIONS:
            self._draw_relation(self.plots[relation], table[table["relation"] == relation], relation)
        self._draw_divisions(self.plots["division"], divisions)

    def _show(self, *, seen: bool) -> None:
        for plot in self.plots.values():
            plot.setVisible(seen)

    def _draw_relation(self, plot: Any, table: pd.DataFrame, relation: str) -> None:
        at = self._clear(plot, table, f"{relation}: correlation ({_pairs(table)} pairs)")
        low, high = table["null_low"].to_numpy(np.float64), table["null_high"].to_numpy(np.float64)
        known = np.isfinite(low)
        chance = pg.BarGraphItem(
            x=at[known], width=0.6, y0=low[known], y1=high[known], brush=faint("#888888", 0.4), pen=None
        )
        plot.addItem(chance)
        plot.addItem(pg.InfiniteLine(0, angle=0, pen=pg.mkPen("#888888", style=Qt.PenStyle.DotLine)))
        self._dots(plot, at, table["correlation"].to_numpy(np.float64), table["state"].tolist())
        plot.setYRange(-1, 1)

    def _draw_divisions(self, plot: Any, table: pd.DataFrame) -> None:
        title = "last state of mothers (line: their time in it)"
        at = self._clear(plot, table, title)
        colours = [state_colour(int(one)) for one in table["state"]]
        plot.addItem(pg.BarGraphItem(x=at, width=0.6, height=table["share"].to_numpy(np.float64), brushes=colours))
        ink = self.palette().text().color()
        for place, share in zip(at, table["expected"].to_numpy(np.float64), strict=True):
            plot.plot([place - 0.35, place + 0.35], [share, share], pen=pg.mkPen(ink, width=3))
        plot.setYRange(0, 1)

    def _clear(self, plot: Any, table: pd.DataFrame, title: str) -> Any:
        ink = wear_theme(plot, self)
        plot.clear()
        plot.setTitle(title, color=ink, size="8pt")
        at = np.arange(len(table))
        plot.getAxis("bottom").setTicks(
            [[(one, state_name(int(s))) for one, s in zip(at, table["state"], strict=True)]]
        )
        plot.setXRange(-0.6, len(table) - 0.4)
        return at

    def _dots(self, plot: Any, at: Any, values: Any, states: list[int]) -> None:
        for place, value, state in zip(at, values, states, strict=True):
            if np.isfinite(value):
                plot.plot([place], [value], pen=None, symbol="o", symbolSize=11, symbolBrush=state_colour(int(state)))


def _pairs(table: pd.DataFrame) -> int:
    return int(table["pairs"].max()) if len(table) else 0
