"""How long the tree takes to open 2,000 tracks. Needs a display (xvfb-run).

python benchmarks/bench_tree.py [--out FILE]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

FRAMES, LINEAGES, REPEATS = 100, 286, 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    from qtpy.QtWidgets import QApplication

    from napari_cellstate.gui.results import MovieResults
    from napari_cellstate.gui.session import Session
    from napari_cellstate.gui.tree import TreePanel

    app = QApplication([])
    rng = np.random.default_rng(0)
    rows, parents = [], [0]
    for _ in range(LINEAGES):  # seven tracks each: two rounds of divisions
        first = len(parents)
        parents += [0, first, first, first + 1, first + 1, first + 2, first + 2]
        for nth, (a, b) in enumerate([(0, 30), (30, 65), (30, 65), *[(65, FRAMES)] * 4]):
            rows.append(np.stack([np.arange(a, b), np.full(b - a, first + nth)]))
    frame, track = np.concatenate(rows, axis=1)
    order = np.lexsort((track, frame))
    frame, track = frame[order], track[order]
    state = 1 + np.cumsum(rng.random(len(frame)) < 0.1) % 4
    none = np.zeros(len(frame))
    found = MovieResults(
        "m", frame, track, track, state, none, none, none, np.arange(len(frame)), np.array(parents, np.int64), 4
    )
    wall, own = [], []
    for _ in range(REPEATS):
        panel = TreePanel(Session())
        panel.resize(800, 600)
        start, start_own = time.perf_counter(), time.process_time()
        panel.show_results(found)
        panel.show()
        app.processEvents()
        panel.grab()
        wall.append(time.perf_counter() - start)
        own.append(time.process_time() - start_own)
        panel.close()
    text = (
        f"# Tree\n\n{date.today()}, 2 shared x86-64 cores; medians of {REPEATS}. {len(parents) - 1:,} tracks, "
        f"{len(frame):,} cells, coloured by state, laid out, drawn and painted: {statistics.median(wall):.2f} s "
        f"({statistics.median(own):.2f} s of processor time). Made by `benchmarks/bench_tree.py`.\n"
    )
    sys.stdout.write(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
