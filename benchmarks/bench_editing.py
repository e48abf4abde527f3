"""One gesture on a movie of 200,000 detections: from the click to corrected links on disk. Medians.

python benchmarks/bench_editing.py [--out FILE] [--repeats N]
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    given = parser.parse_args()
    rows: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        experiment = experiment_of(Path(folder))
        n = len(experiment.cells("m"))
        rng = np.random.default_rng(0)
        for nth in range(given.repeats + 1):
            made = Gestures.on("m", experiment.tracks("m"))
            frame = made.cells["frame"].to_numpy()
            followed = np.isin(np.arange(len(frame)), made.links["target"])
            one, other = (
                int(row) for row in rng.choice(np.flatnonzero((frame == 20 + nth) & followed), 2, replace=False)
            )
            track = int(made.track[one])
            for name, gesture in (
                ("break", partial(lambda row, of: cs.edit(experiment, of.cut(row)), other, made)),
                ("delete a cell", partial(lambda row, of: cs.edit(experiment, of.delete(row)), other, made)),
                ("join", partial(lambda row, of, track: cs.edit(experiment, of.join(track, row)), other, made, track)),
                ("undo", lambda: cs.undo(experiment)),
                ("redo", lambda: cs.redo(experiment)),
            ):
                took = seconds(gesture)
                if nth:  # the first pays for imports, and for keeping the linker's own links
                    rows.setdefault(name, []).append(took)
        again = seconds(lambda: cs.edit(experiment, LinkAgain(movie="m")))
        count = len(experiment.history.done)
    lines = [
        f"# Editing\n\n{date.today()}, 2 shared x86-64 cores, Python {platform.python_version()}. One gesture on a "
        f"movie of {n:,} detections: journal, links and record on disk, {count} corrections in force at the end; "
        f"medians of {given.repeats}. Made by `benchmarks/bench_editing.py`.\n",
        "| gesture | wall ms | CPU ms |\n|---|---|---|",
    ]
    for name, taken in rows.items():
        wall, own = (statistics.median(part) * 1000 for part in zip(*taken, strict=True))
        lines.append(f"| {name} | {wall:.0f} | {own:.0f} |")
    lines.append(f"| link again (once) | {again[0] * 1000:.0f} | {again[1] * 1000:.0f} |")
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
