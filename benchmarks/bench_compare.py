"""Times of comparing conditions, beside peers in the same run. Medians of three.

python benchmarks/bench_compare.py > benchmarks/results/compare.md
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.rates import compare_rates, log_rates
from napari_cellstate.compare.transport import compare_clouds, transport_distance
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.simulate.population import spread_rates

RATES = np.array([[0, 0.03, 0.01], [0.02, 0, 0.02], [0.01, 0.03, 0]])


def seconds(call: Callable[[], object], times: int = 3) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def transport() -> list[str]:
    rng = np.random.default_rng(0)
    samples = find_samples(np.repeat(["a", "b"], 4 * 200), np.repeat(np.arange(8), 200))
    design = make_design(samples, "a", "b")
    points = rng.normal(size=(1600, 30)) + rng.normal(0, 0.1, (8, 30))[samples.of]
    x, y = points[:300], points[800:1100]
    whole = seconds(lambda: compare_clouds(points, samples, design), 1)
    draws = seconds(lambda: [transport_distance(x, y) for _ in range(200)], 1)
    lines = [
        f"| 200 distances of 300 against 300 in 30 dimensions | {draws:.1f} | 20 |",
        f"| the same with both nulls and 35 relabelings x 20 draws | {whole:.1f} | 40 (20 + 20) |",
    ]
    try:
        import ot
    except ImportError:
        return [*lines, "| POT `ot.emd2` | not installed | |"]

    def peer() -> list[float]:
        weights = np.full(300, 1 / 300)
        return [ot.emd2(weights, weights, ot.dist(x, y, metric="euclidean")) for _ in range(200)]

    assert np.isclose(peer()[0], transport_distance(x, y))
    return [*lines, f"| POT `ot.emd2`, 200 distances, same values | {seconds(peer, 1):.1f} | |"]


def rates() -> list[str]:
    rng = np.random.default_rng(0)
    movies, tracks, frames = 50, 500, 60
    law = spread_rates(rng, RATES, sd=0.2, populations=movies)
    steps = np.cumsum(law, axis=-1)[np.repeat(np.arange(movies), tracks)]
    state = np.zeros((movies * tracks, frames), np.int64)
    for t in range(1, frames):
        row = steps[np.arange(len(state)), state[:, t - 1], :2]
        state[:, t] = (rng.random(len(state))[:, None] >= row).sum(axis=1)
    run, frame = np.repeat(np.arange(len(state)), frames), np.tile(np.arange(frames), len(state))
    movie = run // tracks
    samples = find_samples(np.repeat(["a", "b"], movies // 2), np.arange(movies))
    design = make_design(samples, "a", "b")

    def ours() -> object:
        counts = count_transitions(run, frame, state.ravel() + 1, 3, 1, unit=movie).unit_counts
        return compare_rates(counts, design), permute(*design.split(log_rates(counts).values.T), relabelings=2000)

    return [
        f"| counts and rates of 50 movies x 500 tracks x 60 frames, 2,000 permutations | {seconds(ours):.1f} | 30 |"
    ]


def terminal(folder: Path) -> list[str]:
    rng = np.random.default_rng(0)
    run, frame = np.repeat(np.arange(200), 50), np.tile(np.arange(50), 200)
    table = pd.DataFrame({"track": run, "frame": frame, "state": rng.choice(list("abc"), len(run))})
    table["condition"] = np.where(run < 100, "young", "aged")
    table["replicate"] = [f"m{one}" for one in run // 25]
    table.to_csv(folder / "t.csv", index=False)
    command = [sys.executable, "-m", "napari_cellstate.cli", "compare", str(folder / "t.csv"), str(folder / "out")]
    run_it = [*command, "--no-report", "--force"]
    took = seconds(lambda: subprocess.run(run_it, check=True, capture_output=True))
    return [f"| `compare --no-report`, 200 tracks x 50 frames, start included | {took:.1f} | 5 |"]


def main() -> None:
    print("# Times of comparing conditions\n\n2026-11-23, 2 shared x86-64 cores.\n")
    print("| what | seconds | target |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for line in [*transport(), *rates(), *terminal(Path(folder))]:
            print(line)


if __name__ == "__main__":
    main()
