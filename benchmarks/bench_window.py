"""What the window costs: scrubbing, recolouring, dots, lasso, preview, opening, stalls; medians, on a display.

Usage: python benchmarks/bench_window.py [FOLDER]; FOLDER keeps the ten simulated movies for another time.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SIZE, FRAMES, CELLS, DOTS, TIMES = 2048, 200, 500, 100_000, 12


class Spent(NamedTuple):
    """Milliseconds on the clock, and of the processor, which other programs do not add to."""

    clock: float
    processor: float

    def less(self, other: Spent) -> Spent:
        """What this takes more than another."""
        return Spent(self.clock - other.clock, self.processor - other.processor)

    def row(self, what: str, target: str = "-") -> str:
        """A line of the table."""
        return f"| {what} | {self.clock:.0f} | {self.processor:.0f} | {target} |"


def _median_ms(work: Callable[[int], object], times: int = TIMES) -> Spent:
    clock, processor = [], []
    for at in range(times):
        began, used = time.perf_counter(), time.process_time()
        work(at)
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
    return Spent(statistics.median(clock), statistics.median(processor))


def _stacks() -> tuple[Any, Any]:
    """Images and labels of a large movie; a few planes stand for all, so that memory holds them."""
    from napari_cellstate.gui.stacks import LazyStack

    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(CELLS)))
    cell = np.add.outer(np.arange(SIZE) * side // SIZE * side, np.arange(SIZE) * side // SIZE) + 1
    disc = np.hypot(*np.mgrid[-1 : 1 : SIZE // side * 1j, -1 : 1 : SIZE // side * 1j]) < 0.7
    tiled = np.zeros((SIZE, SIZE), bool)
    tiled[: disc.shape[0] * side, : disc.shape[1] * side] = np.tile(disc, (side, side))[:SIZE, :SIZE]
    labels = [np.where(np.roll(tiled, 3 * nth, 0), cell, 0).astype(np.uint32) for nth in range(4)]
    images = [rng.integers(0, 4000, (SIZE, SIZE)).astype(np.uint16) for _ in range(4)]
    shape = (FRAMES, SIZE, SIZE)
    return (
        LazyStack(lambda t: images[t % 4].copy(), shape, np.uint16),
        LazyStack(lambda t: labels[t % 4].copy(), shape, np.uint32),
    )


def scrubbing() -> dict[str, Spent]:
    """A frame further, with the image alone and with the states painted over it; and another colour for a state."""
    import napari

    from napari_cellstate.gui.layers import state_colormap
    from napari_cellstate.gui.stacks import painted

    images, labels = _stacks()
    rng = np.random.default_rng(1)
    viewer = napari.Viewer(show=False)
    viewer.show()
    viewer.window.resize(1280, 800)
    viewer.add_image(images, contrast_limits=(0, 4000))
    stack = painted(labels, lambda t: rng.integers(1, 4, int(labels[t].max()) + 1), np.uint8)
    overlay = viewer.add_labels(stack, colormap=state_colormap(3), opacity=0.5)
    found: dict[str, list[Spent]] = {"image alone": [], "with states": []}
    frame = 0
    for _ in range(3):
        for name in found:
            overlay.visible = name == "with states"
            _shown(viewer)
            frames = range(frame, frame + TIMES)
            found[name].append(_median_ms(lambda at, frames=frames: _step(viewer, frames[at])))
            frame += TIMES
    overlay.visible = True
    _shown(viewer)
    plain = _median_ms(lambda _: _shown(viewer))
    maps = [state_colormap(3), state_colormap(3)]
    maps[1].color_dict = {**maps[1].color_dict, 1: np.array([0.1, 0.2, 0.3, 1.0])}

    def recolour(at: int) -> None:
        overlay.colormap = maps[at % 2]
        _shown(viewer)

    result = {name: Spent(*map(statistics.median, zip(*values, strict=True))) for name, values in found.items()}
    result["recolour"] = _median_ms(recolour).less(plain)
    viewer.close()
    return result


def _step(viewer: Any, frame: int) -> None:
    viewer.dims.set_current_step(0, frame)
    _shown(viewer)


def _shown(viewer: Any) -> None:
    """Wait until it is drawn: reading the canvas back makes sure."""
    viewer.screenshot(canvas_only=True, flash=False)


def lasso() -> Spent:
    """Time to find the dots inside a lasso of 200 corners."""
    from napari_cellstate.gui.polygon import inside

    points = np.random.default_rng(0).normal(size=(DOTS, 2))
    turn = np.linspace(0, 2 * np.pi, 200)
    return _median_ms(lambda _: inside(points, np.stack([np.cos(turn), np.sin(turn)], axis=1)))


def dots() -> tuple[Spent, Spent]:
    """Time to paint all dots anew: ours, and pyqtgraph's own in the same run."""
    import pyqtgraph as pg

    from napari_cellstate.gui.cloud import Cloud

    points = np.random.default_rng(0).normal(size=(DOTS, 2))
    codes = np.arange(DOTS) % 3
    cloud = Cloud()
    cloud.set_dots(points, codes, ["#E69F00", "#56B4E9", "#009E73"])
    plain = [pg.ScatterPlotItem(*points[codes == code].T, size=5, pen=None, brush="w") for code in range(3)]
    return _painted([cloud]), _painted(plain)


def _painted(items: list[Any]) -> Spent:
    import pyqtgraph as pg
    from qtpy.QtWidgets import QApplication

    plot = pg.PlotWidget()
    for item in items:
        plot.addItem(item)
    plot.resize(340, 600)
    plot.show()
    QApplication.processEvents()

    def paint(at: int) -> None:
        plot.setXRange(-3 - 0.01 * at, 3, padding=0)
        plot.repaint()
        QApplication.processEvents()

    spent = _median_ms(paint)
    plot.hide()
    return spent


def opening(experiment: Path) -> tuple[float, float]:
    """Time to show an experiment of ten movies once napari is up, and the longest stall while all is run anew."""
    import napari
    from qtpy.QtCore import QTimer
    from qtpy.QtTest import QTest

    from napari_cellstate.experiment.store import Experiment
    from napari_cellstate.gui.opening import add_dock

    viewer = napari.Viewer(show=False)
    viewer.show()
    dock = add_dock(viewer)
    QTest.qWait(500)
    start = time.perf_counter()
    dock.open(experiment)
    _shown(viewer)
    spent = time.perf_counter() - start
    for entry in Experiment(experiment).movies[:3]:
        Experiment(experiment).movie_paths(entry.name).record("link").unlink()
    beats: list[float] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start()
    QTest.qWait(200)
    dock.run()
    while dock.task.running:
        QTest.qWait(50)
    QTest.qWait(500)
    timer.stop()
    dock.close()
    viewer.close()
    return 1000 * spent, 1000 * float(np.diff(beats).max())


def preview() -> tuple[Spent, Spent]:
    """Time of a preview of a 1024 x 1024 frame after a setting was changed, and of the first one, which estimates."""
    import tifffile

    import napari_cellstate as cs
    from napari_cellstate.experiment.preview import Preview
    from napari_cellstate.methods import available

    rng = np.random.default_rng(0)
    stack = rng.normal(100, 5, (6, 1024, 1024))
    y, x = np.mgrid[:31, :31] - 15
    for top in range(10, 980, 50):
        for left in range(10, 980, 50):
            a, b = rng.integers(-8, 8, 2)
            stack[:, top + a + 8 : top + a + 39, left + b + 8 : left + b + 39] += 100 * np.exp(-(y**2 + x**2) / 72)
    folder = Path(tempfile.mkdtemp())
    tifffile.imwrite(folder / "m.ome.tif", stack.clip(0).astype(np.uint16), metadata={"axes": "TYX"})
    one = cs.new(folder / "e.cellstate")
    cs.add(one, folder / "m.ome.tif")
    look, method = Preview(one, "m"), available("segment")["threshold"]
    first = _median_ms(lambda _: look.segment(cs.Recipe(), 0), 1)

    def change(at: int) -> None:
        look.segment(cs.recipe_from({"segment": {"method": method.kind, "contrast": 5.0 + 0.5 * at}}), 0)

    spent = _median_ms(change, 6)
    look.close()
    shutil.rmtree(folder)
    return spent, first


def _ten_movies(folder: Path) -> Path:
    import napari_cellstate as cs
    from napari_cellstate.experiment.sample import sample_experiment

    made = sample_experiment(folder, "ten", replicates=5, frames=40, size=256, cells=18)
    cs.run(made)
    return made.root


if __name__ == "__main__":
    scrub, (ours, theirs), (again, once) = scrubbing(), dots(), preview()
    added = scrub["with states"].less(scrub["image alone"])
    print("| what | ms on the clock | ms of the processor | target ms |")
    print("|---|---|---|---|")
    print(scrub["image alone"].row(f"a frame further, {SIZE} x {SIZE} x {FRAMES}, image alone"))
    print(scrub["with states"].row(f"the same with states of {CELLS} cells painted over it"))
    print(added.row("what the states add", "40"))
    print(scrub["recolour"].row("another colour for a state", "30"))
    print(lasso().row(f"lasso of 200 corners, {DOTS:,} dots", "150"))
    print(ours.row(f"{DOTS:,} dots painted anew", "50"))
    print(theirs.row("the same by pyqtgraph's own dots"))
    print(again.row("preview of a 1024 x 1024 frame after a change", "500"))
    print(once.row("the first preview, which estimates from five frames"), flush=True)
    shown, stall = opening(_ten_movies(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())))
    print(f"| an experiment of ten movies opened | {shown:.0f} | - | 2000 |")
    print(f"| longest stall while three of them are linked anew and all is pooled | {stall:.0f} | - | - |")
