"""What the window adds: painting states, choosing by lasso, drawing dots; medians of several runs, on a display.

Usage: python benchmarks/bench_window.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

SIZE, FRAMES, CELLS, DOTS = 2048, 12, 500, 100_000


def _median_ms(work: Callable[[int], object], times: int = FRAMES) -> float:
    spent = []
    for at in range(times):
        start = time.perf_counter()
        work(at)
        spent.append(time.perf_counter() - start)
    return 1000 * statistics.median(spent)


def painting() -> tuple[float, float]:
    """Time for one frame of labels alone, and painted by state."""
    from napari_cellstate.gui.stacks import painted

    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(CELLS)))
    cell = np.add.outer(np.arange(SIZE) * side // SIZE * side, np.arange(SIZE) * side // SIZE) + 1
    labels = np.stack([np.where(rng.random((SIZE, SIZE)) < 0.3, cell, 0).astype(np.uint32) for _ in range(FRAMES)])
    stack = painted(labels, lambda t: rng.integers(0, 4, side * side + 1), np.uint8)
    return _median_ms(lambda t: labels[t].copy()), _median_ms(lambda t: stack[t])


def lasso() -> float:
    """Time to find the dots inside a lasso of 200 corners."""
    from napari_cellstate.gui.polygon import inside

    points = np.random.default_rng(0).normal(size=(DOTS, 2))
    turn = np.linspace(0, 2 * np.pi, 200)
    return _median_ms(lambda _: inside(points, np.stack([np.cos(turn), np.sin(turn)], axis=1)))


def dots() -> float:
    """Time to paint all dots anew."""
    import pyqtgraph as pg
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    plot, points = pg.PlotWidget(), np.random.default_rng(0).normal(size=(DOTS, 2))
    for state in range(3):
        at = np.arange(DOTS) % 3 == state
        plot.addItem(pg.ScatterPlotItem(points[at, 0], points[at, 1], size=5, pen=None, brush="w"))
    plot.resize(340, 600)
    plot.show()
    app.processEvents()

    def paint(at: int) -> None:
        plot.setXRange(-3 - 0.01 * at, 3, padding=0)
        plot.repaint()
        app.processEvents()

    return _median_ms(paint)


if __name__ == "__main__":
    alone, shown = painting()
    print("| what | ms | target ms |")
    print("|---|---|---|")
    print(f"| one frame of labels copied, {SIZE} x {SIZE} | {alone:.1f} | - |")
    print(f"| the same painted by state, {CELLS} cells | {shown:.1f} | 40 |")
    print(f"| lasso of 200 corners, {DOTS:,} dots | {lasso():.1f} | 150 |")
    print(f"| {DOTS:,} dots painted anew | {dots():.1f} | 50 |")
