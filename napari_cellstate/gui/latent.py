"""Latent: what the dimensions of a trained embedding stand for, and what it makes of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_cellstate.core.errors import CellStateError
from napari_cellstate.experiment.latent import Latent, open_latent, trained_embeddings
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.panel import Panel
from napari_cellstate.gui.session import Pick, Session

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VIEWS = {
    "traverse": "Along each dimension",
    "cell": "The chosen cell and its reconstruction",
    "between": "Between two cells",
}
_STEPS, _REACH, _FRAME_MS = 7, 2.5, 200
_NONE = (
    "No embedding with a net yet: choose a VAE on the Embed page, then press Run all. The panel then shows what its "
    "dimensions stand for, and what it makes of a cell."
)


def mosaic(pictures: NDArray[np.float32], gap: int = 2) -> NDArray[np.float32]:
    """Pictures (R, C, Y, X) side by side, (R * (Y + gap), C * (X + gap)), NaN between them."""
    padded = np.pad(pictures, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    rows, columns, y, x = padded.shape
    return np.asarray(padded.transpose(0, 2, 1, 3).reshape(rows * y, columns * x))


class LatentPanel(Panel):
    """Traversals, a cell beside its reconstruction, and the way from one cell to another."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._latent: Latent | None = None
        self._frames = np.empty((0, 0, 0), np.float32)
        self._at = 0
        self._ends: dict[str, int] = {}
        self.space, self.view, self.channel = QComboBox(), QComboBox(), QComboBox()
        self.space.setMinimumContentsLength(12)
        self.channel.setToolTip(
            "What the pictures show: grey levels, or how much grain there is of each fineness, from 1."
        )
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for key, title in _VIEWS.items():
            self.view.addItem(title, key)
        self.play = QPushButton("Play", checkable=True)
        self.play.setToolTip("Shows the frames of the window, or the way between two cells, one after the other.")
        self.first, self.last = QPushButton("From this cell"), QPushButton("To this cell")
        self.first.setToolTip("Choose a cell in the movie or the scatter, then press: the way begins there.")
        self.last.setToolTip("Choose another cell, then press: the way ends there.")
        self.plot = pg.PlotWidget()
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.image = pg.ImageItem()
        self.plot.addItem(self.image)
        self.plot.invertY(True)
        self.lines = {
            name: self.plot.plot(pen=None, symbol="o", symbolSize=size, symbolBrush=colour, symbolPen=None)
            for name, colour, size in (("seen", "#888888", 9), ("rebuilt", "#D9822B", 5))
        }
        self.says = QLabel()
        self.says.setWordWrap(True)
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._next_frame)
        self.space.currentIndexChanged.connect(self._open)
        self.view.currentIndexChanged.connect(self._draw)
        self.channel.currentIndexChanged.connect(self._draw)
        self.play.toggled.connect(lambda on: self._timer.start() if on else self._timer.stop())
        self.first.clicked.connect(lambda: self._end("first"))
        self.last.clicked.connect(lambda: self._end("last"))
        session.picked.connect(self._draw)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment = self._session.experiment
        names = [] if experiment is None else trained_embeddings(experiment)
        refill(self.space, names)
        self._ends = {}
        self._open()

    def _build(self) -> None:
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.space, 1)
        top.addWidget(self.view, 1)
        for widget in (self.channel, self.first, self.last, self.play):
            below.addWidget(widget)
        below.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(self.plot, 1)
        column.addWidget(self.says)

    def _open(self) -> None:
        self._latent = None
        if self._session.experiment is not None and self.space.count():
            try:
                self._latent = open_latent(self._session.experiment, self.space.currentText())
            except CellStateError as error:
                self.failed.emit(error)
        shown = self.channel.currentIndex()
        self.channel.blockSignals(True)
        self.channel.clear()
        self.channel.addItems([] if self._latent is None else self._latent.channels)
        self.channel.setCurrentIndex(max(0, min(shown, self.channel.count() - 1)))
        self.channel.blockSignals(False)
        self.channel.setVisible(self.channel.count() > 0)
        self._draw()

    def _draw(self) -> None:
        view = self.view.currentData()
        self.first.setVisible(view == "between")
        self.last.setVisible(view == "between")
        self._colour()
        self._clear()
        if self._latent is None:
            self.says.setText(_NONE)
            return
        try:
            {"traverse": self._traverse, "cell": self._cell, "between": self._between}[view](self._latent)
        except CellStateError as error:
            self.says.setText(str(error))

    def _traverse(self, latent: Latent) -> None:
        from napari_cellstate.learn.latent import traversal

        row = self._picked_row(latent)
        start = latent.codes(np.array([row]))[0] if row >= 0 else latent.middle
        codes = traversal(start, latent.dims, reach=_REACH, count=_STEPS)
        where = "the chosen cell" if row >= 0 else "the mean of all windows"
        if latent.reads == "features":
            self._heat(latent, codes, where)
            return
        pictures = latent.pictures(codes.reshape(-1, codes.shape[-1]), self.channel.currentIndex())
        grid = pictures.reshape(*codes.shape[:2], *pictures.shape[1:])  # rows, columns, T, Y, X
        self._show([mosaic(grid[:, :, t]) for t in range(grid.shape[2])])
        self._name_rows([f"dim {nth + 1}" for nth in range(len(codes))], grid.shape[3] + 2)
        self.says.setText(
            f"Each row: one dimension from -{_REACH:g} to +{_REACH:g} (sd of the prior), through {where}. "
            "What a dimension stands for must be looked at; Play shows how it moves."
        )

    def _heat(self, latent: Latent, codes: NDArray[np.float64], where: str) -> None:
        """Features (rows) along each dimension (blocks of columns)."""
        values = latent.decode(codes.reshape(-1, codes.shape[-1])).values
        blocks = values.reshape(*codes.shape[:2], -1).transpose(0, 2, 1)  # dimension, feature, step
        padded = np.pad(blocks, ((0, 0), (0, 0), (0, 1)), constant_values=np.nan)
        self._show([np.concatenate(list(padded), axis=1)])
        names = [str(one) for one in latent.behavior.var_names[latent.behavior.var["used"].to_numpy(bool)]]
        self._name_rows(names, 1)
        self.says.setText(
            f"Scaled features (rows) along each of {len(codes)} dimensions (blocks, from -{_REACH:g} to +{_REACH:g}), "
            f"through {where}; bright is high."
        )

    def _cell(self, latent: Latent) -> None:
        row = self._picked_row(latent)
        if row < 0:
            self.says.setText("Click a cell in the movie, or a dot in the scatter, to see what the net makes of it.")
            return
        obs = latent.behavior.obs.iloc[row]
        sure = f"embed_sd {obs['embed_sd']:.2f}" if "embed_sd" in obs else ""
        who = f"track {int(obs['track'])}, frame {int(obs['frame'])} of {obs['movie']}. {sure}"
        if latent.reads == "features":
            names, measured, made = latent.features(row)
            at = np.arange(len(names))
            self.lines["seen"].setData(measured, at)
            self.lines["rebuilt"].setData(made, at)
            self._name_rows(names, 1, offset=0.0)
            self.says.setText(f"Grey: what was measured; orange: what the net rebuilds, of {who}")
            self.plot.autoRange()
            return
        channel = self.channel.currentIndex()
        seen, rebuilt = latent.observed(row, channel), latent.pictures(latent.codes(np.array([row])), channel)[0]
        strip = np.stack([seen, rebuilt])  # 2, T, Y, X
        self._show([mosaic(strip)])
        self._name_rows(["seen", "rebuilt"], seen.shape[1] + 2)
        self.says.setText(f"Frames of the window of {who}")

    def _between(self, latent: Latent) -> None:
        from napari_cellstate.learn.latent import interpolation

        missing = [words for key, words in (("first", "From"), ("last", "To")) if key not in self._ends]
        if missing:
            self.says.setText(f"Choose a cell, then press {' and another, then press '.join(missing)} this cell.")
            return
        ends = latent.codes(np.array([self._ends["first"], self._ends["last"]]))
        codes = interpolation(ends[0], ends[1], 9)
        if latent.reads == "features":
            self._heat(latent, codes[None], "the line between the two cells")
            return
        pictures = latent.pictures(codes, self.channel.currentIndex())  # 9, T, Y, X
        steps = [mosaic(pictures.swapaxes(0, 1))] if not self.play.isChecked() else []
        self._show(steps or [mosaic(pictures[nth : nth + 1]) for nth in range(len(pictures))])
        self.says.setText(
            "From the first cell (left) to the second (right), decoded: each column a window, each row a frame."
        )

    def _end(self, key: str) -> None:
        row = self._picked_row(self._latent) if self._latent is not None else -1
        if row >= 0:
            self._ends[key] = row
        self._draw()

    def _picked_row(self, latent: Latent) -> int:
        pick: Pick | None = self._session.pick
        return latent.row_of(pick.movie, pick.track, pick.frame) if pick is not None else -1

    def _show(self, frames: list[NDArray[np.float32]]) -> None:
        self._frames, self._at = np.stack(frames), 0
        self.plot.setAspectLocked(self._latent is not None and self._latent.reads != "features")
        self._paint()
        self.plot.autoRange()

    def _next_frame(self) -> None:
        if len(self._frames) > 1:
            self._at = (self._at + 1) % len(self._frames)
            self._paint()

    def _paint(self) -> None:
        finite = self._frames[np.isfinite(self._frames)]
        low, high = np.percentile(finite, (0.5, 99.5)) if len(finite) else (0.0, 1.0)
        shades = np.clip((self._frames[self._at] - low) / max(high - low, 1e-6), 0, 1)
        colours = np.zeros((*shades.shape, 4), np.uint8)
        there = np.isfinite(shades)
        colours[..., :3] = np.nan_to_num(shades * 255)[..., None].astype(np.uint8)
        colours[there, 3] = 255
        self.image.setImage(np.swapaxes(colours, 0, 1), autoLevels=False, levels=(0, 255))

    def _name_rows(self, names: list[str], height: int, *, offset: float = 0.5) -> None:
        ticks = [((nth + offset) * height, name) for nth, name in enumerate(names)]
        self.plot.getAxis("left").setTicks([ticks])

    def _clear(self) -> None:
        self.image.clear()
        self._frames = np.empty((0, 0, 0), np.float32)
        for line in self.lines.values():
            line.setData([], [])
        self.plot.getAxis("left").setTicks([])
        self.plot.setAspectLocked(False)

    def _colour(self) -> None:
        self.plot.setBackground(self.palette().window().color())
        self.plot.getAxis("bottom").setTicks([])
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(self.palette().text().color())
            self.plot.getAxis(name).setTextPen(self.palette().text().color())

    def closeEvent(self, event: Any) -> None:
        """Stop the clock."""
        self._timer.stop()
        super().closeEvent(event)
