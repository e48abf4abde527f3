"""How sure the states of one track are, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from napari_cellstate.gui.results import MovieResults


class Posterior(pg.PlotWidget):
    """Probabilities of all states, stacked to 1, in their colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMouseEnabled(x=True, y=False)
        self.setYRange(0, 1, padding=0.02)
        self.setLabel("left", "probability")
        self.cursor = pg.InfiniteLine(0, angle=90, pen=pg.mkPen("#888888", width=2))
        self.bars: list[pg.BarGraphItem] = []
        self.hide()

    def show_track(self, found: MovieResults | None, track: int) -> None:
        """Show one track; hidden where there is none, or no probabilities."""
        self.clear()
        self.bars = []
        rows = np.empty(0, np.int64) if found is None or found.posterior is None else found.track_rows(track)
        if found is None or found.posterior is None or not (found.row[rows] >= 0).any():
            self.hide()
            return
        rows = rows[found.row[rows] >= 0]
        share = found.posterior[found.row[rows]]
        below = np.cumsum(share, axis=1) - share
        for at in range(share.shape[1]):
            bars = pg.BarGraphItem(
                x0=found.frame[rows],
                width=1.0,
                y0=below[:, at],
                height=share[:, at],
                brush=state_colour(at + 1),
                pen=None,
            )
            self.bars.append(bars)
            self.addItem(bars)
        self.addItem(self.cursor)
        self.setTitle(f"track {track}", size="9pt")
        self.show()
