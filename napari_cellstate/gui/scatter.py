"""Scatter: windows of all movies in the embedding, with a lasso."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import POSTERIOR
from napari_cellstate.gui.cloud import Cloud, pixels_away
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.polygon import inside
from napari_cellstate.gui.results import read_behavior
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.shades import Shades, choices, shades

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALL = "all movies"
_REACH = 8.0
"""Pixels of the screen from a dot within which a click still means it."""


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
    """Windows as dots, coloured by state, cluster, condition, time or a feature; and the movie likewise."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._behavior: Any = None
        self._obs: Any = None
        self._spaces: dict[str, NDArray[np.float64]] = {}
        self._points = np.empty((0, 2))
        self._rows = np.empty(0, np.int64)
        self._shades: Shades | None = None
        self.space, self.which, self.colour = QComboBox(), QComboBox(), QComboBox()
        self.in_movie = QCheckBox("in the movie")
        self.in_movie.setToolTip("Paint the cells in the movie by the same, as a layer of their own.")
        self.lasso = QPushButton("Lasso", checkable=True)
        self.lasso.setToolTip("Draw around dots to see their cells in the movie; without it a drag moves the view.")
        self.box = _Box()
        self.plot = pg.PlotWidget(viewBox=self.box)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.legend, self.says = QLabel(), QLabel()
        for label in (self.legend, self.says):
            label.setWordWrap(True)
        self.dots, self.over = Cloud(), Cloud(radius=3.5)
        self.over.setZValue(50)
        self._build()
        for box in (self.space, self.which):
            box.currentIndexChanged.connect(self._draw)
        self.colour.currentIndexChanged.connect(self._on_colour)
        self.in_movie.toggled.connect(self._tell_movie)
        self.lasso.toggled.connect(self._on_lasso)
        self.box.drawn.connect(self.choose_inside)
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        session.picked.connect(self.follow_pick)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        behavior = read_behavior(experiment) if experiment is not None else None
        self._behavior = self._obs = None
        self._spaces = {}
        if behavior is not None and len(behavior):
            self._behavior, self._obs = behavior, behavior.obs
            self._spaces = {
                name.removeprefix("X_"): np.asarray(behavior.obsm[name], np.float64)[:, :2]
                for name in behavior.obsm
                if name != POSTERIOR and np.shape(behavior.obsm[name])[1] >= 2
            }
        conditions = [] if self._obs is None else [str(one) for one in dict.fromkeys(self._obs["condition"]) if one]
        coloured = [] if self._behavior is None else choices(self._behavior)
        for box, items in (
            (self.space, [(name, name) for name in self._spaces]),
            (self.which, [(_ALL, _ALL), *((name, name) for name in conditions)]),
            (self.colour, coloured),
        ):
            _fill(box, items)
        self._draw()
        self._tell_movie()

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

    def click_near(self, x: float, y: float) -> None:
        """Choose the window nearest to a place in the plot."""
        if len(self._points):
            nearest = int(np.hypot(self._points[:, 0] - x, self._points[:, 1] - y).argmin())
            row = self._obs.iloc[self._rows[nearest]]
            self.pick_asked.emit(Pick(str(row["movie"]), int(row["track"]), int(row["frame"])))

    def _build(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        for widget in (self.space, self.which):
            first.addWidget(widget, 1)
        first.addWidget(self.lasso)
        second.addWidget(self.colour, 1)
        second.addWidget(self.in_movie)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.plot, 1)
        column.addWidget(self.legend)
        column.addWidget(self.says)

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
        self.dots.setOpacity(0.2 if chosen.any() else 0.8)
        if self._shades is not None:
            self.over.set_dots(self._points[chosen], self._shades.codes[self._rows][chosen], self._shades.colours)

    def _draw(self) -> None:
        self.plot.setBackground(self.palette().window().color())
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())
        self.plot.clear()
        self.box.addItem(self.box.line, ignoreBounds=True)
        space, key = self._spaces.get(self.space.currentText()), self.colour.currentData()
        if self._obs is None or space is None or key is None:
            self._points, self._rows, self._shades = np.empty((0, 2)), np.empty(0, np.int64), None
            self.legend.setText("")
            self.says.setText("Nothing to show yet: press Run all.")
            return
        used = np.ones(len(space), bool)
        if self.which.currentText() != _ALL:
            used = (self._obs["condition"] == self.which.currentText()).to_numpy()
        self._rows = np.flatnonzero(used)
        self._points = space[self._rows]
        self._shades = shades(self._behavior, key)
        self.dots.set_dots(self._points, self._shades.codes[self._rows], self._shades.colours)
        self.plot.addItem(self.dots)
        self.plot.addItem(self.over)
        name = self.space.currentText().upper()
        self.plot.setLabel("bottom", f"{name} 1")
        self.plot.setLabel("left", f"{name} 2")
        self.legend.setText(_legend(self._shades))
        self.says.setText(f"{len(self._rows):,} windows. Click a dot to see its cell; Lasso for many.")
        self.follow_pick()
        self.plot.autoRange()

    def _on_colour(self) -> None:
        self._draw()
        self._tell_movie()

    def _tell_movie(self, _: object = None) -> None:
        """Colour the cells in the movie by the same, or by states alone."""
        shown = self._shades if self.in_movie.isChecked() else None
        title = "" if shown is None else self.colour.currentText().removeprefix("by ")
        self.coloured.emit(shown, title)

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not len(self._points):
            return
        at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
        away = pixels_away(self.plot, at, self._points)
        if away.min() <= _REACH:
            self.click_near(*self._points[int(away.argmin())])

    def _on_lasso(self, wanted: bool) -> None:
        self.box.lasso = wanted


def _fill(box: QComboBox, items: list[tuple[str, str]]) -> None:
    """Offer others, and keep what was chosen where it is still there; without a signal."""
    wanted = box.currentData()
    box.blockSignals(True)
    box.clear()
    for key, title in items:
        box.addItem(title, key)
    box.setCurrentIndex(max(0, box.findData(wanted)))
    box.blockSignals(False)


def _legend(shown: Shades) -> str:
    """Coloured squares with what they stand for; of numbers both ends."""
    if len(shown.names) != len(shown.colours):
        squares = "".join(f'<span style="color:{colour}">■</span>' for colour in shown.colours[1:])
        return f"{shown.names[0]} {squares} {shown.names[-1]}"
    used = set(np.unique(shown.codes).tolist())
    parts = [
        f'<span style="color:{colour}">■</span> {escape(name or "no condition")}'
        for code, (colour, name) in enumerate(zip(shown.colours, shown.names, strict=True))
        if code in used
    ]
    return "&nbsp;&nbsp; ".join(parts)
