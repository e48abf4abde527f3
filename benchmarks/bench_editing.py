"""One gesture on a movie of 200,000 detections: corrected links on disk, and the window that follows. Medians.

python benchmarks/bench_editing.py [--out FILE] [--repeats N] [--no-window]

The window needs a display (xvfb-run). Without a graphics card its drawing is a matter of the processor's.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from walks import Walks, simulate

import napari_cellstate as cs
from napari_cellstate.core.apply_links import LinkGraph
from napari_cellstate.core.cell_ref import Places
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.core.link_edits import LinkAgain
from napari_cellstate.experiment.store import Experiment


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, own = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - own


def experiment_of(folder: Path) -> Experiment:
    cells, _ = simulate(Walks())
    cells["track"] = np.arange(len(cells))
    table = cells.rename(columns={"label": "cell"})
    table.to_csv(folder / "cells.csv", index=False)
    experiment = cs.new(folder / "a.cellstate")
    cs.add(experiment, tracks=folder / "cells.csv", name="m", dt=60, pixel_size=1)
    cs.run(experiment, cs.recipe_from({"link": {"method": "lap"}}), until="link")
    return experiment


Times = dict[str, list[tuple[float, float]]]


def gestures(experiment: Experiment, nth: int) -> list[tuple[str, Callable[[], Edit]]]:
    """A break, a deleted cell and a join, each made on the tracks as they are then."""
    made = Gestures.on("m", experiment.tracks("m"))
    frame = made.cells["frame"].to_numpy()
    followed = np.isin(np.arange(len(frame)), made.links["target"])
    rng = np.random.default_rng(nth)
    one, other = (int(row) for row in rng.choice(np.flatnonzero((frame == 20 + nth) & followed), 2, replace=False))
    track = int(made.track[one])
    return [
        ("break", partial(made.cut, other)),
        ("delete a cell", partial(made.delete, other)),
        ("join", partial(made.join, track, other)),
    ]


def on_disk(experiment: Experiment, repeats: int) -> Times:
    """Journal, links and record."""
    rows: Times = {}
    for nth in range(repeats + 1):
        acts: list[tuple[str, Callable[[], object]]] = []
        for name, make in gestures(experiment, nth):
            acts.append((name, partial(cs.edit, experiment, make())))
        for name, act in (*acts, ("undo", partial(cs.undo, experiment)), ("redo", partial(cs.redo, experiment))):
            took = seconds(act)
            if nth:  # the first pays for imports, and for keeping the linker's own links
                rows.setdefault(name, []).append(took)
    return rows


class Hand:
    """Presses the keys of Correct: the mouse on a cell, a track chosen where the key asks for one."""

    def __init__(self, viewer: Any, dock: Any) -> None:
        self.viewer, self.dock = viewer, dock
        self.keys = dock.tool_picker.made["correct"].keys

    def press(self, key: str, row: int, track: int) -> tuple[float, float]:
        """Seconds that the key takes, until everything that shows at once is set."""
        from napari_cellstate.gui.session import Pick
        from napari_cellstate.gui.track_layer import TRACKS

        found = self.dock.shown.found
        self.dock.session.choose(Pick("m", track, int(found.frame[row])))
        at = found.frame[row], found.y[row], found.x[row]
        self.viewer.dims.set_current_step(0, int(at[0]))
        self.viewer.screenshot(flash=False)
        self.viewer.cursor.position = self.dock.layers.find(TRACKS).data_to_world(at)
        done = False

        def act() -> None:
            nonlocal done
            done = self.keys.act(key)

        took = seconds(act)
        if not done:
            raise AssertionError(f"{key}: {self.dock.tool_picker.made['correct'].says.text()}")
        return took

    def two(self, nth: int) -> tuple[int, int, int]:
        """Track and rows of two cells of a frame that each follow one cell that does not divide, and are followed."""
        found = self.dock.shown.found
        graph = LinkGraph.of(found.tracks.cells, found.tracks.links)
        before, after = graph.before, graph.after
        alone = (before >= 0) & (after[:, 0] >= 0) & (after[np.maximum(before, 0), 1] < 0) & (after[:, 1] < 0)
        rng = np.random.default_rng(nth)
        one, other = rng.choice(np.flatnonzero(alone & (found.frame == 120 + nth)), 2, replace=False).tolist()
        return int(found.track[one]), one, other


def in_window(experiment: Experiment, repeats: int) -> Times:
    """By the keys of Correct: until everything that shows at once is set; drawn; and the rest, after a pause."""
    import napari

    from napari_cellstate.gui.dock import CellStateDock

    viewer = napari.Viewer()
    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    dock.open(experiment)
    dock.tool_picker.buttons["correct"].click()
    dock.shown._resting.setInterval(10**9)  # noqa: SLF001 - called here, to be measured
    hand = Hand(viewer, dock)
    viewer.screenshot(flash=False)
    rows: Times = {}
    for nth in range(repeats + 1):
        acts: list[tuple[str, Callable[[], tuple[float, float]]]] = []
        for name, key in (("join", "join"), ("break", "cut"), ("swap", "swap"), ("delete a cell", "delete")):
            acts.append((name, partial(_pressed, hand, key, nth)))
        acts.append(("add a division", partial(_pressed, hand, "divide", nth)))
        acts.append(("remove a division", partial(_pressed_again, hand)))
        acts += [(name, partial(seconds, act)) for name, act in (("undo", hand.keys.undo), ("redo", hand.keys.redo))]
        acts += [("undo two more, each", partial(seconds, hand.keys.undo))] * 3
        for at, (name, act) in enumerate(acts):
            took, drawn = act(), seconds(partial(viewer.screenshot, flash=False))
            if nth and at != len(acts) - 3:  # the first of these three takes back what was just made again
                rows.setdefault(f"{name}, in the window", []).append(took)
                rows.setdefault("drawn and read back (software OpenGL)", []).append(drawn)
        rested = seconds(dock.shown.settle)
        if nth:
            rows.setdefault("the rest, 0.7 s after the last gesture", []).append(rested)
    rows |= in_review(dock, repeats)
    viewer.close()
    return rows


def _pressed(hand: Hand, key: str, nth: int) -> tuple[float, float]:
    track, _, other = hand.two(nth)
    return hand.press(key, other, track)


def _pressed_again(hand: Hand) -> tuple[float, float]:
    """On the daughter that was just given."""
    found, made = hand.dock.shown.found, hand.dock.session.experiment.history.done[-1]
    return hand.press("divide", int(Places.of(found.tracks.cells).fitting(made.daughters[1])[0]), 0)


def in_review(dock: Any, repeats: int) -> Times:
    """The queue of Review: all that looking at it costs, and the longest that the window does not answer meanwhile."""
    from qtpy.QtCore import QEventLoop, QTimer

    rows: Times = {}
    dock.tool_picker.buttons["review"].click()
    tool = dock.tool_picker.made["review"]
    for nth in range(repeats + 1):
        stalls, loop, last = [0.0], QEventLoop(), [time.perf_counter()]
        pulse = QTimer()
        pulse.setInterval(1)

        def beat(stalls: list[float] = stalls, last: list[float] = last) -> None:
            now = time.perf_counter()
            stalls[0] = max(stalls[0], now - last[0])
            last[0] = now

        pulse.timeout.connect(beat)
        tool.task.ended.connect(loop.quit)
        pulse.start()

        def look(loop: QEventLoop = loop) -> None:
            tool.read()
            if tool.task.running:
                loop.exec()

        if tool.task.running:
            loop.exec()
        took = seconds(look)
        pulse.stop()
        if nth:
            rows.setdefault("queue of Review, beside the window", []).append(took)
            rows.setdefault("longest that the window waits meanwhile", []).append((stalls[0], stalls[0]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--no-window", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        experiment = experiment_of(Path(folder))
        n = len(experiment.cells("m"))
        rows = on_disk(experiment, given.repeats)
        rows["link again (once)"] = [seconds(partial(cs.edit, experiment, LinkAgain(movie="m")))]
        count = len(experiment.history.done)
        cs.undo(experiment)
        if not given.no_window:
            rows |= in_window(experiment, given.repeats)
    lines = [
        f"# Editing\n\n{date.today()}, 2 shared x86-64 cores, Python {platform.python_version()}. One gesture on a "
        f"movie of {n:,} detections: journal, links and record on disk, {count} corrections in force at the end; "
        f"medians of {given.repeats}. Made by `benchmarks/bench_editing.py`.\n",
        "| gesture | wall ms | CPU ms |\n|---|---|---|",
    ]
    for name, taken in rows.items():
        wall, own = (statistics.median(part) * 1000 for part in zip(*taken, strict=True))
        lines.append(f"| {name} | {wall:.0f} | {own:.0f} |")
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
