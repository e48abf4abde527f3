"""Time plot: a feature of the chosen cells over time, with a cursor on the frame that is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.experiment.window_table import WindowTable, time_course, window_table
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import state_colour

_MOST = 12
"""Tracks that are drawn at once; more cannot be told apart."""

Key = tuple[str, int]


class TimePlotPanel(Panel):
    """Lines of one feature: the chosen cell thick, kept cells and those of a selection thin."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: WindowTable | None = None
        self._kept: list[Key] = []
        self._chosen: list[Key] = []
        self.lines: dict[Key, Any] = {}
        """What is drawn, by movie and track."""
        self.feature = QComboBox()
        self.feature.setToolTip("What is drawn, in the unit of the feature table.")
        self.keep = QPushButton("Keep")
        self.keep.setToolTip("Keep the line of the chosen cell, to compare it with the next one.")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Draw only the chosen cell again.")
        self.plot = pg.PlotWidget()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.legend = self.plot.addLegend(offset=(-8, 4))
        for side in ("left", "bottom"):
            self.plot.getAxis(side).enableAutoSIPrefix(False)
        self.cursor = pg.InfiniteLine(0, angle=90, movable=True, pen=pg.mkPen("#888888", width=2))
        self.says = QLabel(wordWrap=True)
        top = QHBoxLayout()
        top.addWidget(self.feature, 1)
        top.addWidget(self.keep)
        top.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 1)
        column.addWidget(self.says)
        self.feature.currentIndexChanged.connect(self._draw)
        self.keep.clicked.connect(self._on_keep)
        self.clear.clicked.connect(self._on_clear)
        self.cursor.sigDragged.connect(lambda line: self.frame_asked.emit(max(0, round(line.value()))))
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        session.picked.connect(self._draw)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        self._found = window_table(experiment, self._found) if experiment is not None else None
        wanted = self.feature.currentText()
        self.feature.blockSignals(True)
        self.feature.clear()
        for nth, name in enumerate(self._found.features if self._found is not None else ()):
            self.feature.addItem(name)
            if self._found is not None:
                self.feature.setItemData(nth, self._found.said.get(name, ""), Qt.ItemDataRole.ToolTipRole)
        self.feature.setCurrentIndex(max(0, self.feature.findText(wanted)))
        self.feature.blockSignals(False)
        there = set() if self._found is None else set(zip(self._found.movie, self._found.track.tolist(), strict=True))
        self._kept, self._chosen = ([key for key in keys if key in there] for keys in (self._kept, self._chosen))
        self._draw()

    def follow_frame(self, frame: int) -> None:
        """Put the cursor where the movie is."""
        self.cursor.setValue(frame)

    def follow_windows(self, keys: list[tuple[str, int, int]]) -> None:
        """Draw the cells that were chosen in another panel."""
        self._chosen = list(dict.fromkeys((movie, track) for movie, track, _ in keys))
        self._draw()

    def _on_keep(self) -> None:
        pick = self._session.pick
        if pick is not None and (pick.movie, pick.track) not in self._kept:
            self._kept.append((pick.movie, pick.track))
            self._draw()

    def _on_clear(self) -> None:
        self._kept, self._chosen = [], []
        self._draw()

    def _draw(self) -> None:
        self.plot.setBackground(self.palette().window().color())
        for side in ("left", "bottom"):
            self.plot.getAxis(side).setPen(self.palette().text().color())
            self.plot.getAxis(side).setTextPen(self.palette().text().color())
        self.legend.setLabelTextColor(self.palette().text().color())
        self.plot.clear()
        self.lines = {}
        self.plot.addItem(self.cursor, ignoreBounds=True)
        found, name = self._found, self.feature.currentText()
        if found is None or not name:
            self.says.setText("No features yet: press Run all.")
            return
        pick = self._session.pick
        first = [] if pick is None else [(pick.movie, pick.track)]
        wanted = list(dict.fromkeys([*first, *self._kept, *self._chosen]))
        several = len({movie for movie, _ in wanted}) > 1
        for nth, key in enumerate(wanted[:_MOST]):
            self._line(found, name, key, nth, bold=key in first, named=several)
        unit = found.unit.get(name, "")
        self.plot.setLabel("left", f"{name} ({unit})" if unit else name)
        self.plot.setLabel("bottom", "frame")
        self.plot.autoRange()
        self._say(len(wanted))

    def _line(self, found: WindowTable, name: str, key: Key, nth: int, *, bold: bool, named: bool) -> None:
        """One track; frames without a value break the line."""
        frame, values = time_course(found, *key, name)
        whole = np.arange(frame[0], frame[-1] + 1) if len(frame) else frame
        drawn = np.full(len(whole), np.nan)
        if len(frame):
            drawn[frame - frame[0]] = values
        colour = self.palette().text().color() if bold else pg.mkColor(state_colour(nth + 1))
        title = f"{key[0]} {key[1]}" if named else f"track {key[1]}"
        pen = pg.mkPen(colour, width=3 if bold else 1.5)
        self.lines[key] = self.plot.plot(whole, drawn, pen=pen, name=title, connect="finite")
        self.lines[key].setZValue(10 if bold else 0)

    def _say(self, wanted: int) -> None:
        if not wanted:
            self.says.setText("Click a cell in the movie, or choose windows in another panel, to see them here.")
        elif wanted > _MOST:
            self.says.setText(f"{_MOST} of {wanted:,} tracks are drawn. Drag the line to scrub; click to go there.")
        else:
            self.says.setText("Each point is a window, at its middle frame. Drag the line to scrub; click to go there.")

    def _on_click(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
            self.click_at(at.x())

    def click_at(self, x: float) -> None:
        """Go to the chosen cell in the frame at a place of the plot."""
        pick, frame = self._session.pick, max(0, round(x))
        if pick is not None and self._session.movie == pick.movie:
            self.pick_asked.emit(Pick(pick.movie, pick.track, frame))
        self.frame_asked.emit(frame)
