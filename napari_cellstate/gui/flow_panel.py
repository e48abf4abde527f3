"""Where the embedding flows: velocity or flux as arrows over divergence, and points that drift along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_cellstate.core.behavior import state_name
from napari_cellstate.dynamics.balance import verdict_in_words
from napari_cellstate.dynamics.phase import Phase
from napari_cellstate.experiment.flow import Flow, flow
from napari_cellstate.gui.boxes import refill
from napari_cellstate.gui.panel import Panel, stamp
from napari_cellstate.gui.session import Session
from napari_cellstate.gui.themed import themed_plot, wear_theme
from napari_cellstate.plots.colours import state_colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.core.progress import Progress

_VELOCITY, _FLUX, _STATES, _CURL = "Velocity", "Flux", "States", "Rotation"
_SAYS = {
    _VELOCITY: "Arrows: velocity (faint: shorter than two errors); colour: divergence, blue below 0 (paths meet).",
    _FLUX: "Arrows: net bins crossed; colour: divergence, blue below 0 (paths meet).",
    _STATES: "Arrows: mean movement from each state, enlarged alike, with standard errors over tracks.",
    _CURL: "Arrows: velocity; colour: curl, red where paths turn to the left.",
}
_FINE = 120  # pixels of the image across
_DOTS = 3000
_TAIL = 40  # ms a step of the animation


class FlowPanel(Panel):
    """Dots of the windows, arrows over them, and a phase simulation that runs."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.found: Flow | None = None
        self.phase: Phase | None = None
        self._stamp: tuple[str, str] | None = None
        self.time = 0
        self.condition, self.what, self.kind, self.boundary = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.what.addItems(list(_SAYS))
        self.kind.addItems(["stochastic", "deterministic"])
        self.bins = QComboBox()
        self.bins.addItems(["equal bins", "quantile bins"])
        self.bins.setToolTip("Of the grid: all equally wide, or with about as many windows each")
        self.boundary.addItems(["fence", "neighbours"])
        self.axes, self.across, self.up = QSpinBox(), QComboBox(), QComboBox()
        self.axes.setRange(2, 6)
        self.axes.setToolTip("Axes of the grid on which balance is tested; two of them are shown, the others summed")
        for nth, box in enumerate((self.across, self.up)):
            box.setToolTip(("Shown from left to right", "Shown from bottom to top")[nth])
        self._offer_axes()
        self.work_button, self.play_button = QPushButton("Find it"), QPushButton("Simulate")
        self.play_button.setToolTip("Points that drift as the cells around them did; again to stop.")
        self.plot = themed_plot()
        self.image = pg.ImageItem()
        self.drift = pg.ScatterPlotItem(size=6, brush="#D55E00", pen=None)
        self.says, self.verdict = QLabel(), QLabel()
        for label in (self.says, self.verdict):
            label.setWordWrap(True)
        self.timer = QTimer(self)
        self.timer.setInterval(_TAIL)
        self._build()
        self.timer.timeout.connect(self._step)
        self.what.currentIndexChanged.connect(self._draw)
        self.axes.valueChanged.connect(self._offer_axes)
        self.work_button.clicked.connect(self._ask)
        self.play_button.clicked.connect(self._play)

    def refresh(self) -> None:
        """Read what is on disk now."""
        experiment, wanted = self._session.experiment, self.condition.currentText()
        now = stamp(self._session, "states")
        ready = now is not None
        if ready and self.found is not None and now == self._stamp:
            return
        self._stamp = now
        self.timer.stop()
        self.found, self.phase = None, None
        self.condition.clear()
        self.condition.addItem("all", "")
        if experiment is not None and ready:
            for name in dict.fromkeys(entry.condition for entry in experiment.movies if entry.condition):
                self.condition.addItem(name, name)
        self.condition.setCurrentIndex(max(0, self.condition.findText(wanted)))
        self.work_button.setEnabled(ready)
        self._draw()
        if not ready:
            self.says.setText("No states yet: press Run all.")

    def show_found(self, found: Flow) -> None:
        """Draw it."""
        self.found, self.phase = found, None
        self._draw()

    def show_phase(self, phase: Phase) -> None:
        """Let it run."""
        self.phase, self.time = phase, 0
        self.timer.start()

    def hideEvent(self, event: object) -> None:
        """Nothing moves unseen."""
        self.timer.stop()
        super().hideEvent(event)

    def _build(self) -> None:
        rows = (
            (self.condition, self.what, self.bins),
            (self.axes, self.across, self.up, self.work_button),
            (self.kind, self.boundary, self.play_button),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widgets in rows:
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1)
            column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.verdict)
        column.addWidget(self.says)

    def _offer_axes(self) -> None:
        names = [f"axis {nth}" for nth in range(1, self.axes.value() + 1)]
        for nth, box in enumerate((self.across, self.up)):
            refill(box, names, box.currentText() or names[nth])
        if self.across.currentIndex() == self.up.currentIndex():
            self.across.setCurrentIndex(0)
            self.up.setCurrentIndex(1)

    def _ask(self) -> None:
        experiment, condition = self._session.experiment, str(self.condition.currentData() or "")
        if experiment is None:
            return
        axes, shown = self.axes.value(), (self.across.currentIndex() + 1, self.up.currentIndex() + 1)
        alike = self.bins.currentIndex() == 1

        def work(progress: Progress) -> Flow:
            return flow(experiment, condition=condition, axes=axes, shown=shown, quantiles=alike, progress=progress)

        self.work_asked.emit(work, self.show_found)

    def _play(self) -> None:
        if self.timer.isActive():
            self.timer.stop()
            return
        found, kind, boundary = self.found, self.kind.currentText(), self.boundary.currentText()
        if found is None:
            return

        def work(progress: Progress) -> Phase:
            return found.phase(kind=kind, boundary=boundary, progress=progress)

        self.work_asked.emit(work, self.show_phase)

    def _step(self) -> None:
        if self.phase is None:
            return
        steps = self.phase.paths.shape[1]
        self.time = (self.time + 1) % steps
        self.drift.setData(self.phase.paths[:, self.time, 0], self.phase.paths[:, self.time, 1])
        self.says.setText(f"{len(self.phase.paths)} points, step {self.time + 1} of {steps}")

    def _draw(self) -> None:
        ink = wear_theme(self.plot, self)
        self.plot.clear()
        self.play_button.setEnabled(self.found is not None)
        self.verdict.setText("")
        if self.found is None:
            self.says.setText("Press Find it.")
            return
        found, what = self.found, self.what.currentText()
        if what == _FLUX:
            self._shade(found.flux.grid.edges, found.flux.divergence)
        elif what != _STATES:
            edges = tuple(_edges(one) for one in found.field.axes)
            self._shade(edges, found.field.curl if what == _CURL else found.field.divergence)
        self._dots(found)
        if what == _STATES:
            self._vectors(found, ink)
        elif what == _FLUX:
            self._arrows(found.flux.grid.centres, found.flux.flux, np.zeros_like(found.flux.flux), ink)
        else:
            self._arrows(found.field.axes, found.field.velocity, found.field.error, ink)
        self.plot.addItem(self.drift)
        self.drift.setData([], [])
        self.plot.setLabel("bottom", found.axes[0])
        self.plot.setLabel("left", found.axes[1])
        self.plot.enableAutoRange()
        sizes = zip(found.vectors["state"], found.vectors["magnitude"], found.vectors["magnitude_error"], strict=True)
        said = ", ".join(f"{state_name(int(state))} {one:.2g} ± {error:.1g}" for state, one, error in sizes)
        self.says.setText(
            f"{_SAYS[what]} Mean speed per {found.unit}: {said}. Any cloud that does not grow flows to its middle: "
            "compare conditions."
        )
        tested, others = found.balance, len(found.bins) - 2
        on = f"{' x '.join(map(str, found.bins))} bins" + (f", {others} of the axes summed" if others else "")
        self.verdict.setText(f"Driven? {verdict_in_words(tested.p_reversal, tested.p_stationary)} Tested on {on}.")

    def _shade(self, edges: tuple[NDArray[np.float64], ...], values: NDArray[np.float64]) -> None:
        """Colours on both sides of 0 in cells that need not be equally wide."""
        known = np.abs(values[np.isfinite(values)])
        top = float(np.quantile(known, 0.9)) if len(known) else 1.0
        dark = self.palette().window().color().lightness() < 128
        self.image.setColorMap(pg.colormap.get("CET-D4" if dark else "CET-D1A"))  # 0 is as the ground
        cells = [np.searchsorted(one, _middles(one), side="right") - 1 for one in edges]
        self.image.setImage(
            values[np.ix_(*cells)], levels=(-(top or 1.0), top or 1.0)
        )  # what is not known is left clear
        self.image.setOpacity(0.45)
        self.image.setRect(*(one[0] for one in edges), *(one[-1] - one[0] for one in edges))
        self.plot.addItem(self.image)

    def _vectors(self, found: Flow, ink: Any) -> None:
        """Mean movement from each state, at its middle, with its standard error at the tip."""
        table = found.vectors[found.vectors["n"] > 0]
        start, mean, error = (table[[f"{name}_1", f"{name}_2"]].to_numpy() for name in ("at", "mean", "error"))
        length = np.linalg.norm(mean, axis=1)
        if not len(table) or not length.any():
            return
        scale = 0.2 * float(np.ptp(found.points, axis=0).min()) / float(length.max())
        lines, heads = _arrow_lines(start, mean * scale, 0.1 * float(np.ptp(found.points, axis=0).min()))
        tip, wide = start + mean * scale, np.nan_to_num(error) * scale
        bars = [np.stack([tip - wide * axis, tip + wide * axis], axis=1).reshape(-1, 2) for axis in np.eye(2)]
        for points, width in ((lines, 3.0), (heads, 3.0), (bars[0], 1.5), (bars[1], 1.5)):
            pen = pg.mkPen(ink, width=width)
            self.plot.addItem(pg.PlotCurveItem(points[:, 0], points[:, 1], connect="pairs", pen=pen))

    def _dots(self, found: Flow) -> None:
        every = np.arange(len(found.points))
        some = np.random.default_rng(0).permutation(every)[:_DOTS]
        for state in range(1, found.rows.k + 1):
            mine = some[found.rows.state[some] == state]
            dots = pg.ScatterPlotItem(*found.points[mine].T, size=3, brush=state_colour(state), pen=None)
            dots.setOpacity(0.35)
            self.plot.addItem(dots)

    def _arrows(
        self, axes: tuple[NDArray[np.float64], ...], arrows: NDArray[np.float64], error: Any, ink: Any
    ) -> None:  # fmt: skip
        place = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        flat, wide = arrows.reshape(-1, 2), error.reshape(-1, 2)
        length = np.linalg.norm(flat, axis=1)
        known = np.isfinite(length) & (length > 0)
        if not known.any():
            return
        step = np.array([np.median(np.diff(one)) if len(one) > 1 else 1.0 for one in axes])
        top = float(np.quantile(length[known], 0.95))
        sure = length > 2 * np.linalg.norm(wide, axis=1)
        for chosen, opacity in ((known & sure, 0.95), (known & ~sure, 0.3)):
            lines, heads = _arrow_lines(place[chosen], flat[chosen] / top * step * 1.1, float(step.min()))
            for points in (lines, heads):
                item = pg.PlotCurveItem(points[:, 0], points[:, 1], connect="pairs", pen=pg.mkPen(ink, width=1.5))
                item.setOpacity(opacity)
                self.plot.addItem(item)


def _edges(nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of cells around equally spaced nodes."""
    half = (nodes[1] - nodes[0]) / 2 if len(nodes) > 1 else 0.5
    return np.append(nodes - half, nodes[-1] + half)


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middles of many equally wide pixels from the first edge to the last."""
    return edges[0] + (np.arange(_FINE) + 0.5) / _FINE * (edges[-1] - edges[0])


def _arrow_lines(
    start: NDArray[np.float64], along: NDArray[np.float64], size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the shafts and of the heads of arrows, in pairs."""
    end = start + along
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    back = -along / length * np.minimum(0.35 * length, 0.3 * size)
    side = np.stack([-back[:, 1], back[:, 0]], axis=1)
    lines = np.stack([start, end], axis=1).reshape(-1, 2)
    heads = np.stack([end, end + back + 0.6 * side, end, end + back - 0.6 * side], axis=1).reshape(-1, 2)
    return lines, heads
