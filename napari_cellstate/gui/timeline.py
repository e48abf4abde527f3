"""Timeline: the states of all tracks of the movie over time, with a cursor on the frame that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.ethogram import CONDITION, ORDERS, SHARE, Ethogram, ethogram_of, ethogram_of_all
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.posterior import Posterior
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import state_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FAINT = 0.4
"""How much of a doubtful state's colour is seen."""
_SHARES = "share of "


class TimelinePanel(Panel):
    """An ethogram that goes where the movie goes; beneath it the posterior of the chosen track, enlarged."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: MovieResults | None = None
        self._all: Ethogram | None = None
        self._stamp: tuple[str, str] | None = None
        self.rows: Ethogram | None = None
        """What is shown, from top to bottom."""
        self.which, self.order = QComboBox(), QComboBox()
        self.which.addItems(["This movie", "All movies"])
        refill(self.order, [f"by {name}" for name in ORDERS])
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.image = pg.ImageItem()
        self.cursor = pg.InfiniteLine(0, angle=90, movable=True, pen=pg.mkPen("#888888", width=2))
        self.mark = pg.LinearRegionItem((0, 0), orientation="horizontal", movable=False, brush=(0, 0, 0, 0))
        self.mark.setVisible(False)
        for edge in self.mark.lines:
            edge.setPen(pg.mkPen("#888888", width=3))
        for item in (self.image, self.mark, self.cursor):
            self.plot.addItem(item)
        self.plot.invertY(True)
        self.plot.setLabel("bottom", "frame")
        self.plot.getAxis("left").setTicks([])
        self.plot.setLabel("left", "tracks")
        self.posterior = Posterior()
        self.posterior.setXLink(self.plot)
        top = QHBoxLayout()
        top.addWidget(self.which, 1)
        top.addWidget(self.order, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 3)
        column.addWidget(self.posterior, 1)
        column.addWidget(self.says)
        for box in (self.which, self.order):
            box.currentIndexChanged.connect(self._draw)
        self.cursor.sigDragged.connect(lambda line: self.frame_asked.emit(max(0, round(line.value() - 0.5))))
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        session.picked.connect(self.follow_pick)

    def show_results(self, found: MovieResults | None) -> None:
        """Follow these results."""
        self._found = found
        self._draw()

    def follow_frame(self, frame: int) -> None:
        """Put the cursor where the movie is."""
        self.cursor.setValue(frame + 0.5)
        self.posterior.cursor.setValue(frame + 0.5)

    def follow_pick(self) -> None:
        """Mark the row of the chosen cell, and show its posterior."""
        pick = self._session.pick
        at = self.rows.row_of(pick.movie, pick.track) if self.rows is not None and pick is not None else -1
        self.mark.setVisible(at >= 0)
        if at >= 0:
            self.mark.setRegion((at, at + 1))
        found = self._found
        mine = found is not None and pick is not None and pick.movie == found.movie
        self.posterior.show_track(found if mine else None, pick.track if pick is not None else 0)

    def place(self, x: float, y: float) -> Pick | None:
        """Track and frame at a place of the plot; None outside, and where that track is not there."""
        row, frame, rows = int(np.floor(y)), int(np.floor(x)), self.rows
        if rows is None or not 0 <= row < len(rows.track) or not 0 <= frame < rows.states.shape[1]:
            return None
        return Pick(str(rows.movie[row]), int(rows.track[row]), frame) if rows.states[row, frame] >= 0 else None

    def _draw(self) -> None:
        for plot in (self.plot, self.posterior):
            plot.setBackground(self.palette().window().color())
            for name in ("left", "bottom"):
                plot.getAxis(name).setPen(self.palette().text().color())
                plot.getAxis(name).setTextPen(self.palette().text().color())
        found = self._found
        if found is None or not len(found.track):
            self.rows = None
            self.image.clear()
            self.posterior.show_track(None, 0)
            self.says.setText("No tracks yet: press Run all.")
            return
        shares = [f"by {_SHARES}{state_name(state)}" for state in range(1, found.k + 1)]
        refill(self.order, [*(f"by {name}" for name in ORDERS), *shares])
        self.rows = rows = self._sorted(self._rows(found))
        self.image.setImage(np.swapaxes(_painted(rows, found.k), 0, 1))
        doubtful = int(rows.doubtful.sum())
        faint = f"; faint: {doubtful:,} doubtful of {int((rows.states > 0).sum()):,}" if found.k else ""
        self.says.setText(f"{len(rows.track):,} tracks{faint}. Click to go there, drag the line to scrub.")
        self._name_conditions(rows)
        self.follow_pick()
        self.plot.autoRange()

    def _name_conditions(self, rows: Ethogram) -> None:
        """Beside the rows, where they are sorted by condition."""
        names = list(dict.fromkeys(rows.condition.tolist())) if self.order.currentText() == f"by {CONDITION}" else []
        middle = [(float(np.flatnonzero(rows.condition == name).mean()) + 0.5, name or "all") for name in names]
        self.plot.getAxis("left").setTicks([middle])

    def _rows(self, found: MovieResults) -> Ethogram:
        """Rows of the movie that is shown, or of all, which are read once a result."""
        experiment, now = self._session.experiment, stamp(self._session, "states")
        if self.which.currentIndex() == 0 or experiment is None or now is None:
            return ethogram_of(found)
        if self._all is None or now != self._stamp:
            self._stamp, self._all = now, ethogram_of_all(experiment.windows.obs)
        return self._all

    def _sorted(self, rows: Ethogram) -> Ethogram:
        nth = self.order.currentIndex()
        return rows.sorted(ORDERS[nth]) if nth < len(ORDERS) else rows.sorted(SHARE, nth - len(ORDERS) + 1)

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
        pick = self.place(at.x(), at.y())
        if pick is not None:
            self.pick_asked.emit(pick)


def _painted(rows: Ethogram, k: int) -> NDArray[np.uint8]:
    """Colours of the states, (tracks, frames, 4): none where a track is not there, faint where a state is doubtful."""
    palette = np.zeros((max(k, int(rows.states.max(initial=0))) + 2, 4), np.uint8)  # the last is for -1: not there
    palette[:-1, :3] = state_rgb(len(palette) - 2)
    palette[:-1, 3] = 255
    colours = palette[rows.states]
    colours[rows.doubtful, 3] = round(255 * _FAINT)
    return colours
