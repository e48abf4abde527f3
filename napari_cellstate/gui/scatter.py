"""Scatter: windows of all movies in the embedding, with a lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import POSTERIOR
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.polygon import inside
from napari_cellstate.gui.results import read_behavior
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALL = "all movies"


class _Box(pg.ViewBox):
    """A view whose left drag draws a lasso while that is wanted."""

    drawn = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.lasso = False
        self._path: list[tuple[float, float]] = []
        self.line = pg.PlotCurveItem(pen=pg.mkPen("#888888", width=2, style=Qt.PenStyle.DashLine))
        self.line.setZValue(100)
        self.addItem(self.line, ignoreBounds=True)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Draw, or move the view as always."""
        if not self.lasso or event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self._path = []
        at = self.mapSceneToView(event.scenePos())
        self._path.append((at.x(), at.y()))
        path = np.array(self._path)
        self.line.setData(path[:, 0], path[:, 1])
        if event.isFinish():
            self.line.setData([], [])
            self.drawn.emit(path)


class ScatterPanel(Panel):
    """Windows as dots, coloured by state."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._obs: Any = None
        self._spaces: dict[str, NDArray[np.float64]] = {}
        self._points = np.empty((0, 2))
        self._rows = np.empty(0, np.int64)
        self.space, self.which = QComboBox(), QComboBox()
        self.lasso = QPushButton("Lasso", checkable=True)
        self.lasso.setToolTip("Draw around dots to see their cells in the movie; without it a drag moves the view.")
        self.box = _Box()
        self.plot = pg.PlotWidget(viewBox=self.box)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.says = QLabel()
        self.says.setWordWrap(True)
        self._states = np.empty(0, np.int64)
        self._dots: dict[int, tuple[pg.ScatterPlotItem, pg.ScatterPlotItem]] = {}
        top = QHBoxLayout()
        for widget in (self.space, self.which):
            top.addWidget(widget, 1)
        top.addWidget(self.lasso)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 1)
        column.addWidget(self.says)
        self.space.currentIndexChanged.connect(self._draw)
        self.which.currentIndexChanged.connect(self._draw)
        self.lasso.toggled.connect(self._on_lasso)
        self.box.drawn.connect(self.choose_inside)
        session.picked.connect(self.follow_pick)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        behavior = read_behavior(experiment) if experiment is not None else None
        self._obs, self._spaces = None, {}
        if behavior is not None and len(behavior):
            self._obs = behavior.obs
            self._spaces = {
                name.removeprefix("X_"): np.asarray(behavior.obsm[name], np.float64)[:, :2]
                for name in behavior.obsm
                if name != POSTERIOR and np.shape(behavior.obsm[name])[1] >= 2
            }
        conditions = [] if self._obs is None else [str(one) for one in dict.fromkeys(self._obs["condition"]) if one]
        for box, names in ((self.space, list(self._spaces)), (self.which, [_ALL, *conditions])):
            wanted = box.currentText()
            box.blockSignals(True)
            box.clear()
            box.addItems(names)
            box.setCurrentIndex(max(0, box.findText(wanted)))
            box.blockSignals(False)
        self._draw()

    def choose_inside(self, polygon: NDArray[np.float64]) -> None:
        """Choose the windows inside a lasso."""
        self._show_rows(self._rows[inside(self._points, polygon)])

    def follow_pick(self) -> None:
        """Mark the windows of the cell that was chosen elsewhere."""
        pick = self._session.pick
        if self._obs is None or pick is None:
            self._mark(np.empty(0, np.int64))
            return
        same = (self._obs["movie"] == pick.movie).to_numpy() & (self._obs["track"] == pick.track).to_numpy()
        self._mark(np.flatnonzero(same))

    def _show_rows(self, rows: NDArray[np.int64]) -> None:
        self._mark(rows)
        obs = self._obs.iloc[rows]
        keys = list(zip(obs["movie"].astype(str), obs["track"].astype(int), obs["frame"].astype(int), strict=True))
        tracks = len({key[:2] for key in keys})
        self.says.setText(f"{len(keys):,} windows of {tracks:,} tracks" if keys else "nothing inside the lasso")
        self.windows_chosen.emit(keys)

    def _mark(self, rows: NDArray[np.int64]) -> None:
        """Chosen dots in full colour, the others faint; nothing chosen, nothing faint."""
        chosen = np.isin(self._rows, rows)
        for state, (dots, over) in self._dots.items():
            here = chosen & (self._states == state)
            dots.setOpacity(0.2 if chosen.any() else 0.7)
            over.setData(self._points[here, 0], self._points[here, 1])

    def _draw(self) -> None:
        colour = self.palette().window().color()
        self.plot.setBackground(colour)
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())
        self.plot.clear()
        self._dots = {}
        self.box.addItem(self.box.line, ignoreBounds=True)
        space = self._spaces.get(self.space.currentText())
        if self._obs is None or space is None:
            self._points, self._rows = np.empty((0, 2)), np.empty(0, np.int64)
            self.says.setText("Nothing to show yet: press Run all.")
            return
        used = np.ones(len(space), bool)
        if self.which.currentText() != _ALL:
            used = (self._obs["condition"] == self.which.currentText()).to_numpy()
        self._rows = np.flatnonzero(used)
        self._points = space[self._rows]
        self._states = self._obs["state"].to_numpy(np.int64)[self._rows]
        for state in np.unique(self._states).tolist():  # one item a state: a brush for each dot would take seconds
            at, brush = self._states == state, pg.mkBrush(state_colour(state))
            dots = pg.ScatterPlotItem(self._points[at, 0], self._points[at, 1], size=5, pen=None, brush=brush)
            over = pg.ScatterPlotItem(size=7, pen=None, brush=brush)
            over.setZValue(50)
            dots.sigClicked.connect(self._on_dot)
            self._dots[state] = (dots, over)
            self.plot.addItem(dots)
            self.plot.addItem(over)
        name = self.space.currentText().upper()
        self.plot.setLabel("bottom", f"{name} 1")
        self.plot.setLabel("left", f"{name} 2")
        self.says.setText(f"{len(self._rows):,} windows. Click a dot to see its cell; Lasso for many.")
        self.follow_pick()
        self.plot.autoRange()

    def _on_dot(self, _: Any, spots: Any, __: Any = None) -> None:
        if len(spots):
            self.click_near(spots[0].pos().x(), spots[0].pos().y())

    def click_near(self, x: float, y: float) -> None:
        """Choose the window nearest to a place in the plot."""
        if len(self._points):
            nearest = int(np.hypot(self._points[:, 0] - x, self._points[:, 1] - y).argmin())
            row = self._obs.iloc[self._rows[nearest]]
            self.pick_asked.emit(Pick(str(row["movie"]), int(row["track"]), int(row["frame"])))

    def _on_lasso(self, wanted: bool) -> None:
        self.box.lasso = wanted
