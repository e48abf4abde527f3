"""States as a graph: arrows as wide as their rate; a click on one shows its events in the movie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.event_box import EventBox
from napari_cellstate.gui.events import Events, find_events
from napari_cellstate.gui.numbers import hint
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.themed import faint, themed_plot, wear_theme
from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.state_graph import ring

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_WIDEST = 16.0  # px
_BEND = 0.09
_REACH = 0.12


class GraphPanel(Panel):
    """States on a ring, and the rates between them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._table: pd.DataFrame | None = None
        self._shares: pd.DataFrame | None = None
        self._events: Events | None = None
        self._stamp: tuple[str, str] | None = None
        self._middles: dict[tuple[int, int], NDArray[np.float64]] = {}
        self.condition = QComboBox()
        self.plot = themed_plot(axes=False)
        self.plot.setAspectLocked(True)
        self.plot.setMouseEnabled(False, False)
        self.plot.setToolTip(
            "An arrow is as wide as its rate, its faint edge as the upper end of the interval. Click a number to list, "
            "mark and play those events."
        )
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.box = EventBox(session)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.condition)
        column.addWidget(self.plot, 3)
        column.addWidget(self.says)
        column.addWidget(self.box, 2)
        self.condition.currentIndexChanged.connect(self._on_condition)
        self.box.said.connect(self.says.setText)
        for name in ("pick_asked", "frame_asked", "events_shown", "work_asked"):
            getattr(self.box, name).connect(getattr(self, name))
        self.plot.scene().sigMouseClicked.connect(self._on_click)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment, now = self._session.experiment, stamp(self._session, "dynamics")
        if now is None or now != self._stamp or self._table is None:
            self._stamp, self._table, self._shares, self._events = now, None, None, None
            ready = experiment is not None and now is not None
            if experiment is not None and ready and experiment.paths.dynamics("occupancy_by_condition").exists():
                self._table = experiment.dynamics("transitions")
                self._shares = experiment.dynamics("occupancy_by_condition")
                self._events = find_events(experiment, self._session.recipe)
            refill(self.condition, () if self._table is None else dict.fromkeys(self._table["condition"]))
            self.box.show_events([])
        self.box.mark()
        self._draw()

    def show_results(self, found: MovieResults | None) -> None:
        """Follow these results."""
        self.box.show_results(found)

    def choose(self, before: int, after: int) -> None:
        """List the events from one state to another, and mark them in the movie."""
        if self._events is None:
            return
        condition = self.condition.currentText()
        self.box.show_events(self._events.of(condition, before, after))
        shown = len(self.box.shown)
        said = f"{state_name(before)} → {state_name(after)}, {condition}: {shown:,} events"
        if self._table is not None:
            mine = (self._table["from"] == before) & (self._table["to"] == after)
            (row,) = self._table[mine & (self._table["condition"] == condition)].to_dict("records")
            said += f"; {hint(row, 'rate_per_hour').splitlines()[0]}"
        self.says.setText(said)

    def _on_condition(self) -> None:
        self.box.show_events([])
        self._draw()

    def _draw(self) -> None:
        ink = wear_theme(self.plot, self)
        self.plot.clear()
        self._middles = {}
        if self._table is None or self._shares is None:
            self.says.setText("No transitions yet: press Run all.")
            return
        condition = self.condition.currentText()
        moves = self._table[self._table["condition"] == condition]
        k = int(moves["to"].max()) if len(moves) else 0
        moves = moves[(moves["from"] != moves["to"]) & (moves["count"] > 0)]
        value = "rate_per_hour" if moves["rate_per_hour"].notna().any() else "probability"
        top = float(moves[value].max()) if len(moves) else 1.0
        place = ring(k)
        for row in moves.to_dict("records"):
            self._arrow(place, {str(name): one for name, one in row.items()}, value, top, ink)
        shares = self._shares[self._shares["condition"] == condition].set_index("state")["share"]
        for state in range(1, k + 1):
            self._node(place[state - 1], state, float(shares.get(state, 0.0)), ink)
        self.plot.setRange(xRange=(-1.55, 1.55), yRange=(-1.2, 1.5), padding=0)
        hourly = value == "rate_per_hour"
        unit = "moves per hour in the state, 95 % interval" if hourly else "probability from window to window"
        units = sorted({str(one) for one in moves["unit"]} - {""})
        over = f" over {units[0]}s" if units and hourly else ""
        mine = self._shares[self._shares["condition"] == condition]
        doubt = ""
        if "n_doubtful" in mine and len(mine) and mine["n_rows"].iloc[0]:
            doubt = f" {mine['n_doubtful'].iloc[0] / mine['n_rows'].iloc[0]:.0%} of the windows are doubtful."
        said = f"Arrows: {unit}{over} (faint edge: its upper end). A circle's area is the share of windows.{doubt}"
        self.says.setText(said)

    def _node(self, at: NDArray[np.float64], state: int, share: float, ink: Any) -> None:
        size = 14 + 46 * np.sqrt(max(share, 0.0))
        self.plot.addItem(pg.ScatterPlotItem([at[0]], [at[1]], size=size, brush=state_colour(state), pen=None))
        text = pg.TextItem(f"{state_name(state)}\n{share:.0%}", color=ink, anchor=(0.5, 0.5))
        text.setPos(at[0] * 1.5, at[1] * 1.35)
        self.plot.addItem(text)

    def _arrow(self, place: NDArray[np.float64], row: dict[str, Any], value: str, top: float, ink: Any) -> None:
        start, end = place[int(row["from"]) - 1], place[int(row["to"]) - 1]
        along = end - start
        length = max(float(np.linalg.norm(along)), 1e-9)
        side = np.array([along[1], -along[0]]) * _BEND
        middle = (start + end) / 2 + side
        share = np.linspace(0.16 / length, 1 - 0.26 / length, 30)[:, None]
        path = (1 - share) ** 2 * start + 2 * share * (1 - share) * (middle + side) + share**2 * end
        near = path[10]  # nearer to where it comes from, so that the labels of a pair do not meet
        width = max(_WIDEST * float(row[value]) / top, 1.0)
        colour = faint(ink, 0.45)
        most = float(row["rate_high"]) if value == "rate_per_hour" else np.nan
        if np.isfinite(most):
            edge = pg.mkPen(faint(ink, 0.15), width=np.clip(_WIDEST * most / top, width + 1.0, 2 * _WIDEST))
            self.plot.addItem(pg.PlotCurveItem(path[:, 0], path[:, 1], pen=edge))
        self.plot.addItem(pg.PlotCurveItem(path[:, 0], path[:, 1], pen=pg.mkPen(colour, width=width)))
        tip = path[-1] - path[-3]
        angle = float(np.degrees(np.arctan2(tip[1], tip[0])))
        head = pg.ArrowItem(angle=180 - angle, headLen=10 + width, tipAngle=50, brush=colour, pen=None)
        head.setPos(*(path[-1] + tip / np.linalg.norm(tip) * 0.05))
        self.plot.addItem(head)
        back = faint(self.palette().window().color(), 0.7)
        text = pg.TextItem(f"{row[value]:.2g}", color=ink, anchor=(0.5, 0.5), fill=back)
        text.setToolTip(f"{state_name(int(row['from']))} → {state_name(int(row['to']))}\n{hint(row, value)}")
        text.setPos(*near)
        self.plot.addItem(text)
        self._middles[int(row["from"]), int(row["to"])] = near

    def _on_click(self, event: Any) -> None:
        at = self.plot.getViewBox().mapSceneToView(event.scenePos())
        click = np.array([at.x(), at.y()])
        near = {pair: float(np.linalg.norm(middle - click)) for pair, middle in self._middles.items()}
        if near and min(near.values()) < 2 * _REACH:
            self.choose(*min(near, key=lambda pair: near[pair]))
