"""Probability flux of the authors' simulated tables beside the seconds that the original script took on them.

python benchmarks/bench_flux.py DATA

The original (Python 3.7) is not run here: its seconds are those in heteromotility_reference/pfa/summary.csv, taken on a
machine of the same kind. Ours are processor seconds, median of five.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from napari_cellstate.dynamics.balance import balance
from napari_cellstate.dynamics.flux import grid_pairs
from napari_cellstate.dynamics.grid import make_grid
from napari_cellstate.experiment.feature_rows import read_feature_rows

SETS = {"sim_rw2rw": "sims__rw2rw", "sim_pwr2rw": "sims__pwr2urw"}


def seconds(call) -> float:
    taken = []
    for _ in range(5):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def main() -> None:
    data = Path(sys.argv[1])
    summary = pd.read_csv(data / "heteromotility_reference" / "pfa" / "summary.csv")
    print("| set | components | bins | original, s | ours, ms | ratio |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for theirs, ours in SETS.items():
        path = data / "heteromotility_split_20" / f"{ours}_split_20.csv.gz"
        found = read_feature_rows(path, as_published=True)
        reading = seconds(lambda path=path: read_feature_rows(path, as_published=True))
        for row in summary[summary["set"] == theirs].itertuples():

            def flux(components: int = row.D, bins: int = row.n_bins, found=found) -> None:
                points = found.components(components, as_published=True)
                grid_pairs(make_grid(points, bins).cells(points), found.run, found.frame, found.spacing)

            taken = seconds(flux)
            ratios.append(row.sec / taken)
            print(f"| {theirs} | {row.D} | {row.n_bins} | {row.sec:.2f} | {1e3 * taken:.1f} | {row.sec / taken:.0f} |")
        print(f"| {theirs}: reading the table | | | | {1e3 * reading:.0f} | |")
    print(f"\nmedian ratio {statistics.median(ratios):.0f}, least {min(ratios):.0f} (without reading the table)")
    cells = np.random.default_rng(0).integers(1, 50, (2500, 30)).ravel()
    run, frame = np.repeat(np.arange(2500), 30), np.tile(np.arange(30), 2500)
    taken = seconds(lambda: balance(run, frame, cells, 1, track=run, permutations=1000))
    print(f"reversal and stationarity tests, 1,000 permutations, 2,500 cells x 30 frames, 49 states: {taken:.2f} s")


if __name__ == "__main__":
    main()
