"""Windows ordered along the embedding from a root: by a click, or from a state; and how often cells go back."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import POSTERIOR, state_name
from napari_cellstate.experiment.pseudotime import Pseudotime, embedding, pseudotime
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.cloud import Cloud, pixels_away
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.results import read_behavior
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.shades import STATE, by_values, shades
from napari_cellstate.gui.themed import themed_plot, wear_theme

if TYPE_CHECKING:
    from napari_cellstate.core.progress import Progress

_WAYS = {"diffusion": "Diffusion pseudotime", "curve": "Principal curve"}
_REACH = 10.0
"""Pixels of the screen from a dot within which a click means it."""


class PseudotimePanel(Panel):
    """The cloud, coloured by state until it is ordered, then by pseudotime; below it the share of steps back."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: Pseudotime | None = None
        self.root: tuple[str, int, int] | None = None
        self._stamp: tuple[str, str] | None = None
        self._behavior: Any = None
        self._points = np.empty((0, 2))
        self.space, self.way, self.state = QComboBox(), QComboBox(), QComboBox()
        for key, title in _WAYS.items():
            self.way.addItem(title, key)
        self.work_button = QPushButton("Order")
        self.work_button.setToolTip("Orders all windows from the root: a clicked dot, or the middle of the state.")
        self.in_movie = QCheckBox("in the movie")
        self.in_movie.setToolTip("Paint the cells in the movie by pseudotime.")
        self.plot, self.shares = themed_plot(), themed_plot()
        self.shares.setMaximumHeight(170)
        self.dots = Cloud()
        self.says = QLabel()
        self.says.setWordWrap(True)
        self._build()
        self.space.currentIndexChanged.connect(self._forget)
        self.way.currentIndexChanged.connect(self._forget)
        self.state.currentIndexChanged.connect(self._root_is_state)
        self.work_button.clicked.connect(self.ask)
        self.in_movie.toggled.connect(self._tell_movie)
        self.plot.scene().sigMouseClicked.connect(self._on_click)

    def refresh(self) -> None:
        """Read what is on disk now."""
        now = stamp(self._session, "states")
        if now is not None and self._behavior is not None and now == self._stamp:
            return
        self._stamp, self.root, self.found = now, None, None
        experiment = self._session.experiment
        self._behavior = read_behavior(experiment) if experiment is not None and now is not None else None
        names: list[str] = []
        if self._behavior is not None:
            every = [name for name in self._behavior.obsm if name != POSTERIOR]
            names = [name.removeprefix("X_") for name in every if np.shape(self._behavior.obsm[name])[1] >= 2]
        k = 0 if self._behavior is None else int(self._behavior.obs["state"].max())
        refill(self.space, names)
        refill(self.state, [f"from {state_name(one)}" for one in range(1, k + 1)])
        self.work_button.setEnabled(bool(names) and k > 0)
        self._draw()

    def ask(self) -> None:
        """Order the windows, beside the window."""
        experiment, space, way = self._session.experiment, self.space.currentText(), self.way.currentData()
        root, state = self.root, self.state.currentIndex() + 1
        if experiment is None or not self.work_button.isEnabled():
            return

        def work(progress: Progress) -> Pseudotime:
            progress(0, 1, "pseudotime")
            return pseudotime(experiment, space=space, way=way, root_state=state, root=root)

        self.work_asked.emit(work, self.show_found)

    def show_found(self, found: Pseudotime) -> None:
        """Draw it."""
        self.found = found
        self._draw()
        self._tell_movie()

    def click_near(self, x: float, y: float) -> None:
        """Begin at the window nearest to a place in the plot, and order anew."""
        if len(self._points):
            row = self._behavior.obs.iloc[int(np.hypot(*(self._points - (x, y)).T).argmin())]
            self.root = (str(row["movie"]), int(row["track"]), int(row["frame"]))
            self.ask()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widgets in ((self.space, self.way), (self.state, self.work_button), (self.in_movie,)):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1)
            column.addLayout(row)
        column.addWidget(self.plot, 3)
        column.addWidget(self.shares, 1)
        column.addWidget(self.says)

    def _forget(self, _: object = None) -> None:
        self.found = None
        self._draw()
        self._tell_movie()

    def _root_is_state(self, _: object = None) -> None:
        self.root = None
        self._forget()

    def _draw(self) -> None:
        ink = wear_theme(self.plot, self)
        wear_theme(self.shares, self)
        self.plot.clear()
        self.shares.clear()
        self._points = np.empty((0, 2))
        self.shares.setVisible(self.found is not None)
        if self._behavior is None or not self.space.currentText():
            self.says.setText("No states yet: press Run all.")
            return
        name, self._points = embedding(self._behavior, self.space.currentText())
        shown = shades(self._behavior, STATE) if self.found is None else by_values(self.found.along)
        self.dots.set_dots(self._points, shown.codes, shown.colours)
        self.plot.addItem(self.dots)
        for side, nth in (("bottom", 1), ("left", 2)):
            self.plot.setLabel(side, f"{name.upper()} {nth}")
        if self.found is None:
            self.says.setText("Coloured by state. Click a dot to begin there, or press Order to begin in the state.")
            return
        self._draw_found(self.found, ink)

    def _draw_found(self, found: Pseudotime, ink: Any) -> None:
        if found.nodes is not None:
            self.plot.plot(*found.nodes.T, pen=pg.mkPen("#D55E00", width=2))
        keys = found.keys
        movie, track, frame = found.root
        row = np.flatnonzero((keys["movie"] == movie) & (keys["track"] == track) & (keys["frame"] == frame))
        self.plot.plot(*found.points[row].T, pen=None, symbol="star", symbolSize=18, symbolBrush="#D55E00")
        bins = found.backward.iloc[:-1]
        middle = ((bins["start"] + bins["end"]) / 2).to_numpy()
        share, low, high = (bins[name].to_numpy(np.float64) for name in ("backward", "low", "high"))
        known = np.isfinite(low) & np.isfinite(high)
        error = pg.ErrorBarItem(
            x=middle[known], y=share[known], top=(high - share)[known], bottom=(share - low)[known], pen=pg.mkPen(ink)
        )
        self.shares.addItem(error)
        self.shares.plot(middle, share, pen=None, symbol="o", symbolSize=7, symbolBrush="#0072B2")
        self.shares.addItem(pg.InfiniteLine(0.5, angle=0, pen=pg.mkPen("#888888", style=Qt.PenStyle.DashLine)))
        self.shares.setYRange(0, 1)
        self.shares.setLabel("left", "steps back")
        self.shares.setLabel("bottom", "pseudotime")
        self.says.setText(escape(found.text()))

    def _tell_movie(self, _: object = None) -> None:
        shown = self.found is not None and self.in_movie.isChecked()
        self.coloured.emit(by_values(self.found.along) if shown and self.found is not None else None, "pseudotime")

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not len(self._points):
            return
        at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
        away = pixels_away(self.plot, at, self._points)
        if away.min() <= _REACH:
            self.click_near(at.x(), at.y())
