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

import numpy as np
from walks import Walks, simulate

import napari_cellstate as cs
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


def in_window(experiment: Experiment, repeats: int) -> Times:
    """The same with the tool Correct on: until everything shown at once is set; drawn; and the rest, after a pause."""
    import napari

    from napari_cellstate.gui.dock import CellStateDock

    viewer = napari.Viewer()
    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    dock.open(experiment)
    dock.tool_picker.buttons["correct"].click()
    dock.shown._resting.setInterval(10**9)  # noqa: SLF001 - called here, to be measured
    keys = dock.tool_picker.made["correct"].keys
    viewer.screenshot(flash=False)
    rows: Times = {}
    for nth in range(repeats + 1):
        acts = [(name, partial(keys.do, make())) for name, make in gestures(experiment, nth + 100)]
        for name, act in (*acts, ("undo", keys.undo), ("redo", keys.redo)):
            took, drawn = seconds(act), seconds(partial(viewer.screenshot, flash=False))
            if nth:
                rows.setdefault(f"{name}, in the window", []).append(took)
                rows.setdefault("drawn and read back (software OpenGL)", []).append(drawn)
        rested = seconds(dock.shown.settle)
        if nth:
            rows.setdefault("the rest, 0.7 s after the last gesture", []).append(rested)
    viewer.close()
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
