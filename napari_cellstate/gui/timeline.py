"""Timeline: the states of all tracks of the movie over time, with a cursor on the frame that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.posterior import Posterior
from napari_cellstate.gui.results import MovieResults, read_behavior
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import state_rgb

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_ORDERS = {
    "onset": "Sorted by onset",
    "length": "Sorted by length",
    "state": "Sorted by state",
    "condition": "All movies, by condition",
}


def ethogram(found: MovieResults, order: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tracks from top to bottom, and their states, (tracks, frames): -1 where a track is not there.

    Parameters
    ----------
    order : "onset", "length" (longest first) or "state" (mean state).
    """
    tracks, row = np.unique(found.track, return_inverse=True)
    frames = int(found.frame.max(initial=-1)) + 1
    image = np.full((len(tracks), frames), -1, np.int64)
    image[row, found.frame] = found.state
    there = image >= 0
    keys = {
        "onset": there.argmax(axis=1) if frames else np.zeros(len(tracks)),
        "length": -there.sum(axis=1),
        "state": np.where(there, image, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1),
    }
    place = np.lexsort((tracks, keys[order]))
    return tracks[place], image[place]


def ethogram_of_all(obs: pd.DataFrame) -> tuple[list[tuple[str, str, int]], NDArray[np.int64]]:
    """Tracks of all movies by condition, movie, onset and number, and their states.

    Parameters
    ----------
    obs : of the behaviour table.

    Returns
    -------
    (condition, movie, track) of each row, and (tracks, frames) states: -1 where a track has no window.
    """
    frames = int(obs["frame"].max()) + 1 if len(obs) else 0
    table = obs[["frame", "state", "track"]].assign(
        movie=obs["movie"].astype(str).to_numpy(), condition=obs["condition"].astype(str).to_numpy()
    )
    onset = table.groupby(["condition", "movie", "track"])["frame"].min().reset_index()
    onset = onset.sort_values(["condition", "movie", "frame", "track"], kind="stable")
    keys = list(zip(onset["condition"], onset["movie"], onset["track"].astype(int), strict=True))
    number = {(movie, track): at for at, (_, movie, track) in enumerate(keys)}
    image = np.full((len(keys), frames), -1, np.int64)
    row = [number[key] for key in zip(table["movie"], table["track"].astype(int), strict=True)]
    image[row, table["frame"].to_numpy(np.int64)] = table["state"].to_numpy(np.int64)
    return keys, image


class TimelinePanel(Panel):
    """An ethogram that goes where the movie goes; beneath it the posterior of the chosen track, enlarged."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: MovieResults | None = None
        self._tracks = np.empty(0, np.int64)
        self._movies: list[str] = []
        self._states = np.empty((0, 0), np.int64)
        self.order = QComboBox()
        for key, title in _ORDERS.items():
            self.order.addItem(title, key)
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
        top.addWidget(self.order)
        top.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 3)
        column.addWidget(self.posterior, 1)
        column.addWidget(self.says)
        self.order.currentIndexChanged.connect(self._draw)
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
        here = self._tracks == (pick.track if pick is not None else -1)
        if pick is not None and self._movies:
            here &= np.array(self._movies) == pick.movie
        at = np.flatnonzero(here)
        self.mark.setVisible(len(at) > 0)
        if len(at):
            self.mark.setRegion((int(at[0]), int(at[0]) + 1))
        found = self._found
        mine = found is not None and pick is not None and pick.movie == found.movie
        self.posterior.show_track(found if mine else None, pick.track if pick is not None else 0)

    def place(self, x: float, y: float) -> Pick | None:
        """Track and frame at a place of the plot; None outside, and where that track is not there."""
        row, frame = int(np.floor(y)), int(np.floor(x))
        if self._found is None or not 0 <= row < len(self._tracks):
            return None
        track, movie = int(self._tracks[row]), self._movies[row] if self._movies else self._found.movie
        if self._movies:
            shown = 0 <= frame < self._states.shape[1] and self._states[row, frame] >= 0
            return Pick(movie, track, frame) if shown else None
        return Pick(movie, track, frame) if self._found.row_of(track, frame) >= 0 else None

    def _draw(self) -> None:
        for plot in (self.plot, self.posterior):
            plot.setBackground(self.palette().window().color())
            for name in ("left", "bottom"):
                plot.getAxis(name).setPen(self.palette().text().color())
                plot.getAxis(name).setTextPen(self.palette().text().color())
        self._movies = []
        if self._found is None or not len(self._found.track):
            self._tracks = np.empty(0, np.int64)
            self.image.clear()
            self.posterior.show_track(None, 0)
            self.says.setText("No tracks yet: press Run all.")
            return
        states, said = self._rows(self._found)
        colours = np.zeros((*states.shape, 4), np.uint8)
        there = states >= 0
        colours[there, :3] = state_rgb(max(self._found.k, int(states.max(initial=0))))[states[there]]
        colours[there, 3] = 255
        self._states = states
        self.image.setImage(np.swapaxes(colours, 0, 1))
        self.says.setText(f"{said}; click to go there, drag the line to scrub")
        self.follow_pick()
        self.plot.autoRange()

    def _rows(self, found: MovieResults) -> tuple[NDArray[np.int64], str]:
        """States of the rows in their order; all movies, or the one that is shown."""
        experiment, order = self._session.experiment, self.order.currentData()
        behavior = read_behavior(experiment) if order == "condition" and experiment is not None else None
        if behavior is None or not len(behavior):
            self._tracks, states = ethogram(found, "onset" if order == "condition" else order)
            return states, f"{len(self._tracks)} tracks of {found.movie}"
        keys, states = ethogram_of_all(behavior.obs)
        self._tracks = np.array([track for _, _, track in keys], np.int64)
        self._movies = [movie for _, movie, _ in keys]
        conditions = ", ".join(dict.fromkeys(condition or "no condition" for condition, _, _ in keys))
        return states, f"{len(keys)} tracks, from top to bottom: {conditions}"

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
        pick = self.place(at.x(), at.y())
        if pick is not None:
            self.pick_asked.emit(pick)
