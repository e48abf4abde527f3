"""How soon the panels of states and dynamics answer at 100,000 windows: medians, on a display.

Usage: python benchmarks/bench_panels.py [FOLDER]; FOLDER keeps the simulated experiment for another time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MOVIES, TRACKS, FRAMES, TIMES, TARGET = 8, 125, 102, 12, 100
STAY, SPEEDS = 0.95, (0.5, 2.0, 5.0)


def simulate(folder: Path) -> Path:
    """Eight movies of tracks that switch between three speeds, run through every stage; 100,000 windows of 3 frames."""
    import pandas as pd

    import napari_cellstate as cs

    root = folder / "panels.cellstate"
    if root.exists():
        return root
    experiment, rng = cs.new(root), np.random.default_rng(0)
    for nth in range(MOVIES):
        moved = rng.random((TRACKS, FRAMES)) > STAY
        state = (np.cumsum(moved, axis=1) + rng.integers(0, 3, (TRACKS, 1))) % 3
        angle = np.cumsum(rng.normal(0, 0.7, (TRACKS, FRAMES)), axis=1)
        step = np.array(SPEEDS)[state] * rng.gamma(4, 0.25, (TRACKS, FRAMES))
        start = rng.uniform(100, 900, (2, TRACKS, 1))
        y, x = (start[0] + np.cumsum(step * np.sin(angle), 1), start[1] + np.cumsum(step * np.cos(angle), 1))
        frame, track = np.meshgrid(np.arange(FRAMES), np.arange(1, TRACKS + 1))
        table = pd.DataFrame({"track": track.ravel(), "frame": frame.ravel(), "y": y.ravel(), "x": x.ravel()})
        path = folder / f"movie_{nth + 1}.csv"
        table.to_csv(path, index=False)
        condition = ("young", "aged")[nth % 2]
        cs.add(experiment, tracks=path, condition=condition, replicate=str(nth), dt=390.0, pixel_size=0.65)
    cs.run(experiment)
    return root


def _median_ms(work: Callable[[int], object], times: int = TIMES) -> tuple[float, float]:
    """Of the clock, and of the processor, which other programs do not add to."""
    from qtpy.QtWidgets import QApplication

    clock, processor = [], []
    for at in range(times):
        QApplication.processEvents()
        began, used = time.perf_counter(), time.process_time()
        work(at)
        QApplication.processEvents()
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
    return statistics.median(clock), statistics.median(processor)


def _wait(dock: Any) -> None:
    from qtpy.QtTest import QTest

    QTest.qWait(20)
    while dock.task.running:
        QTest.qWait(20)
    QTest.qWait(20)


def _actions(dock: Any, key: str) -> dict[str, Callable[[int], object]]:
    """What a person does in a panel, brought into a state in which it can be done."""
    panel = dock.panels.made[key]
    if key == "matrix":
        return {
            "click on a number": lambda at: panel.choose_cell(at % 2, 1 - at % 2),
            "another number shown": lambda at: panel.what.setCurrentIndex(at % 3),
            "a frame of a played event": lambda at: panel.box.frame_asked.emit(10 + at),
            "next event": lambda at: panel.box.list.choose(at),
        }
    if key == "graph":
        return {"click on an arrow": lambda at: panel.choose(1 + at % 2, 2 - at % 2)}
    if key == "dwell":
        return {"another figure": lambda at: panel.what.setCurrentIndex(at % 3)}
    if key == "timeline":
        panel.which.setCurrentIndex(1)
        return {
            "another order, all movies": lambda at: panel.order.setCurrentIndex(at % 6),
            "click on a frame": lambda at: panel.pick_asked.emit(panel.place(20.5 + at, 3.5)),
        }
    if key == "flow":
        panel.axes.setValue(3)
        panel.work_button.click()
        _wait(dock)
        panel.play_button.click()
        _wait(dock)
        panel.timer.stop()
        return {
            "velocity or flux": lambda at: panel.what.setCurrentIndex(at % 2),
            "a step of the simulation": lambda _: panel.timer.timeout.emit(),
        }
    if key == "find":
        panel.query.setText("1>1h -> 2")
        panel.ask()
        _wait(dock)
        return {
            "click on a track": lambda at: panel.list.setCurrentRow(at),
        }
    if key == "states":
        panel.show_button.click()
        _wait(dock)
        return {"another state": lambda at: panel.state.setCurrentIndex(at % 3)}
    return {}


def measure(root: Path) -> list[tuple[str, str, float, float]]:
    """Panel, action, ms of the clock and of the processor."""
    import napari

    from napari_cellstate.gui.opening import add_dock

    viewer = napari.Viewer(show=False)
    dock = add_dock(viewer)
    viewer.show()
    viewer.window.resize(1280, 800)
    dock.open(root)
    rows = []
    for key in ("matrix", "graph", "dwell", "timeline", "flow", "find", "states", "time", "how_many"):
        began, used = time.perf_counter(), time.process_time()
        dock.panels.show(key)
        spent = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)
        rows.append((key, "opened for the first time", *spent))
        _wait(dock)
        panel = dock.panels.made[key]
        actions = _actions(dock, key)
        rows.append((key, "refresh, results as before", *_median_ms(lambda _, panel=panel: panel.refresh())))
        follow = lambda at, panel=panel: panel.follow_frame(at)  # noqa: E731
        rows.append((key, "follows a frame", *_median_ms(follow)))
        rows += [(key, name, *_median_ms(work)) for name, work in actions.items()]
        panel.parent().hide()
    dock.close()
    viewer.close()
    return rows


if __name__ == "__main__":
    made = simulate(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
    print(f"| panel | what | ms on the clock | ms of the processor | at most {TARGET} |")
    print("|---|---|---|---|---|")
    for panel, what, clock, processor in measure(made):
        print(f"| {panel} | {what} | {clock:.0f} | {processor:.0f} | {'yes' if processor <= TARGET else 'NO'} |")
