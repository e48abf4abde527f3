"""Tree: lineages over time, coloured by state, generation or any feature; a click goes to the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.core.lineage_layout import Layout, lay_out
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.plots.colours import NO_STATE_COLOUR, state_colour
from napari_cellstate.plots.labels import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

STATE, GENERATION = "state", "generation"
_SHADES = 24
_WIDE = 3
_GLOW = 110
_SHOWN = {"divided": "Lineages with divisions", "all": "All tracks", "chosen": "Chosen lineage"}
_NEAR = 0.02


class TreePanel(Panel):
    """Time runs down, each track is a line, a division a fork."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._found: MovieResults | None = None
        self._layout: Layout | None = None
        self.colour, self.shown, self.says = QComboBox(), QComboBox(), QLabel()
        self.colour.setToolTip("What the colours mean")
        self.colour.setMinimumContentsLength(14)
        for key, title in _SHOWN.items():
            self.shown.addItem(title, key)
        self.says.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.plot.invertY(True)
        self.plot.setLabel("left", "frame")
        self.plot.getAxis("bottom").setTicks([])
        self.plot.setMouseEnabled(x=True, y=True)
        self.cursor = pg.InfiniteLine(0, angle=0, movable=True, pen=pg.mkPen("#888888", width=1))
        self.mark = pg.PlotCurveItem(connect="pairs", antialias=True)
        self.mark.setZValue(-1)
        self._lines: list[Any] = []
        top = QHBoxLayout()
        top.addWidget(self.shown)
        top.addWidget(QLabel("coloured by"))
        top.addWidget(self.colour)
        top.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addWidget(self.plot, 1)
        column.addWidget(self.says)
        self.shown.currentIndexChanged.connect(self._lay_out)
        self.colour.currentIndexChanged.connect(self._draw)
        self.cursor.sigDragged.connect(lambda line: self.frame_asked.emit(max(0, round(line.value()))))
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        session.picked.connect(self._on_picked)

    def show_results(self, found: MovieResults | None) -> None:
        """Draw the lineages of this movie."""
        self._found = found
        self._offer(found)
        if found is not None and self._layout is None and not _divides(found):
            self.shown.blockSignals(True)
            self.shown.setCurrentIndex(self.shown.findData("all"))
            self.shown.blockSignals(False)
        self._lay_out()

    def follow_frame(self, frame: int) -> None:
        """Put the cursor where the movie is."""
        self.cursor.setValue(frame)

    def place(self, x: float, y: float) -> Pick | None:
        """The cell that is drawn nearest to a place of the plot; None where nothing is near."""
        if self._found is None or self._layout is None or not len(self._layout.tracks):
            return None
        width = self.plot.plotItem.vb.viewRect().width()
        track = self._layout.nearest(x, y, max(0.5, _NEAR * width))
        if not track:
            return None
        rows = self._found.track_rows(track)
        row = rows[int(np.abs(self._found.frame[rows] - y).argmin())]
        return Pick(self._found.movie, track, int(self._found.frame[row]))

    # drawing

    def _offer(self, found: MovieResults | None) -> None:
        """List what can be coloured by, and keep what was chosen."""
        before = self.colour.currentData()
        names = [GENERATION]
        if found is not None and found.k:
            names = [STATE, GENERATION]
        names += [] if found is None else _measured(found)
        self.colour.blockSignals(True)
        self.colour.clear()
        for name in names:
            self.colour.addItem(name.replace("_", " "), name)
        self.colour.setCurrentIndex(max(self.colour.findData(before), 0))
        self.colour.blockSignals(False)

    def _lay_out(self) -> None:
        found = self._found
        if found is None or not len(found.track):
            self._layout = None
        else:
            pick = self._session.pick
            self._layout = lay_out(found.frame, found.track, found.parents, self._wanted(pick, found))
        self._draw()
        if self._layout is not None and len(self._layout.tracks):
            frames = float(self._layout.last.max())
            self.plot.setRange(xRange=(-1, self._layout.width), yRange=(-0.5, frames + 0.5), padding=0.02)

    def _wanted(self, pick: Pick | None, found: MovieResults) -> str | int:
        kind = str(self.shown.currentData())
        if kind != "chosen":
            return kind
        return pick.track if pick is not None and pick.movie == found.movie else -1

    def _draw(self) -> None:
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())
        self.plot.setBackground(self.palette().window().color())
        glow = self.palette().text().color()  # seen on dark and on light ground, whatever the colour of the track
        glow.setAlpha(_GLOW)
        self.mark.setPen(pg.mkPen(glow, width=11))
        self.plot.clear()
        self._lines = []
        layout, found = self._layout, self._found
        if layout is None or found is None:
            self.says.setText("No tracks yet: press Run all.")
            return
        self.plot.addItem(self.mark)
        self.plot.addItem(self.cursor)
        level, colours, legend = self._levels(found)
        x, y, of = layout.segments(found.frame, found.track, level)
        for shade in np.unique(of).tolist():
            mine = np.repeat(of == shade, 2)
            pen = pg.mkPen(colours[shade], width=_WIDE)
            line = pg.PlotCurveItem(x[mine], y[mine], connect="pairs", pen=pen, skipFiniteCheck=True)
            self.plot.addItem(line)
            self._lines.append(line)
        forks = layout.forks()
        self.plot.addItem(pg.PlotCurveItem(*forks, connect="pairs", pen=pg.mkPen(NO_STATE_COLOUR, width=1)))
        divided = int((np.bincount(found.parents[found.parents > 0]) > 1).sum()) if found.parents.any() else 0
        self.says.setText(
            f"{len(layout.tracks)} of {len(found.parents) - 1} tracks, {counted(divided, 'division')}. {legend} "
            "A click goes to the cell."
        )
        self._mark()

    def _levels(self, found: MovieResults) -> tuple[NDArray[np.int64], list[Any], str]:
        """A small number for each cell, the colour of each number, and what they mean."""
        name = self.colour.currentData()
        if name == STATE:
            return found.state, [state_colour(state) for state in range(found.k + 1)], "Colours are states."
        if name == GENERATION and self._layout is not None:
            generation = self._layout.generation[found.track]
            ramp = _ramp(int(generation.max(initial=0)) + 1)
            return generation, ramp, "Colours are generations."
        values = _values(found, str(name))
        if values is None or not np.isfinite(values).any():
            return np.zeros(len(found.track), np.int64), [NO_STATE_COLOUR], "Nothing to colour by."
        low, high = np.nanquantile(values, [0.02, 0.98])
        share = np.clip((values - low) / max(high - low, 1e-12), 0, 1)
        level = np.where(np.isfinite(share), 1 + np.nan_to_num(share) * (_SHADES - 1), 0).astype(np.int64)
        legend = f"{str(name).replace('_', ' ')}: {low:.3g} dark to {high:.3g} bright, grey where not known."
        return level, [NO_STATE_COLOUR, *_ramp(_SHADES)], legend

    def _on_picked(self) -> None:
        """Draw the chosen lineage where it is drawn alone, and mark the chosen track."""
        pick, found = self._session.pick, self._found
        if (
            self.shown.currentData() == "chosen"
            and pick is not None
            and found is not None
            and pick.movie == found.movie
        ):
            self._lay_out()
        else:
            self._mark()

    def _mark(self) -> None:
        pick, layout = self._session.pick, self._layout
        chosen = None if layout is None or pick is None else layout.line(pick.track)
        self.mark.setVisible(chosen is not None)
        if chosen is not None:
            self.mark.setData(*chosen)

    def _on_click(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.plot.plotItem.vb.mapSceneToView(event.scenePos())
        pick = self.place(at.x(), at.y())
        if pick is not None:
            self.pick_asked.emit(pick)


def _divides(found: MovieResults) -> bool:
    return bool(found.parents.any() and (np.bincount(found.parents[found.parents > 0]) > 1).any())


def _measured(found: MovieResults) -> list[str]:
    """Columns of the behaviour table; the shape and brightness that were measured, before there is one."""
    if found.reading is None:
        return []
    if found.reading.behavior is not None:
        return [str(name) for name in found.reading.behavior.var_names]
    cells = found.reading.cells.drop(columns=["frame", "label", "y", "x"])
    return [str(name) for name in cells.select_dtypes("number").columns]


def _values(found: MovieResults, name: str) -> NDArray[np.float64] | None:
    """One of these columns, for each cell."""
    if name not in _measured(found) or found.reading is None:
        return None
    behavior = found.reading.behavior
    if behavior is None:
        return found.reading.cells[name].to_numpy(np.float64)[found.kept]
    values = np.asarray(behavior.X[:, behavior.var_names.get_loc(name)], np.float64).ravel()
    return np.asarray(np.append(values, np.nan)[found.row])


def _ramp(n: int) -> list[Any]:
    """Colours from dark to bright that all eyes order alike (viridis)."""
    colours = pg.colormap.get("viridis").getLookupTable(0.12, 1.0, max(n, 1))
    return [tuple(int(part) for part in colour) for colour in colours]
