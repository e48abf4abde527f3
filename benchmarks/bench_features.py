"""Features of tracks: time a track beside the original Heteromotility, and how it grows with the number of tracks.

python benchmarks/bench_features.py [--original PYTHON] [--most 100000]

PYTHON is an interpreter that can import heteromotility 0.1.9 (its acf call says `unbiased`, now `adjusted`; its CSV
writer needs quotechar None on Python 3.11). Without it, the times measured elsewhere are quoted: 61-65 ms a track on
Python 3.7, 97 ms on 3.11.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.features.heteromotility import describe_tracks
from napari_cellstate.methods.features.motility import describe_paths

ORIGINAL = """
import contextlib, io, json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from heteromotility.hmstats import GeneralFeatures, MSDFeatures, RWFeatures
tracks = np.load(sys.argv[1])
cells = {nth: [tuple(at) for at in track] for nth, track in enumerate(tracks[:, :, ::-1].tolist())}
times = []
for _ in range(3):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        general = GeneralFeatures(cells, move_thresh=10)
        MSDFeatures(cells)
        RWFeatures(cells, general)
    times.append(time.perf_counter() - start)
print(json.dumps(times))
"""


def walks(n: int, frames: int = 100) -> np.ndarray:
    rng = np.random.default_rng(0)
    return 500 + np.cumsum(rng.normal(0, 3, (n, frames, 2)), axis=1)


def seconds(call: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def original(python: str, tracks: np.ndarray) -> float:
    """ms a track of the original's features, without reading and writing; median of three."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.npy"
        np.save(path, tracks)
        done = subprocess.run([python, "-c", ORIGINAL, str(path)], check=True, capture_output=True, text=True)
    return statistics.median(json.loads(done.stdout)) / len(tracks) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--original", default="")
    parser.add_argument("--most", type=int, default=100_000)
    given = parser.parse_args()
    sets = {"heteromotility": describe_tracks, "motility": describe_paths}
    for name, describe in sets.items():
        start = time.perf_counter()
        describe(walks(2, 40))
        print(f"{name}: first call {time.perf_counter() - start:.1f} s (compiled, or read from the cache)")
    thousand = walks(1000)
    print("\n| 1,000 tracks x 100 frames | ms a track |\n|---|---|")
    ours = {}
    for threads in (1, 2):
        ours[threads] = seconds(lambda threads=threads: describe_tracks(thousand, runtime=Runtime(threads=threads)))
        print(f"| heteromotility, 79 features, {threads} thread{'s' * (threads > 1)} | {ours[threads]:.4f} |")
    print(f"| motility, 36 features | {seconds(lambda: describe_paths(thousand)):.4f} |")
    if given.original:
        theirs = original(given.original, thousand[:100])
        print(f"| original (same run, 100 of the tracks) | {theirs:.1f} |")
        print(f"\nratio to the original, 1 thread: {theirs / ours[1]:,.0f}; 2 threads: {theirs / ours[2]:,.0f}")
    else:
        print("| original (measured elsewhere, Python 3.7 to 3.11) | 61-97 |")
        print(f"\nratio to 61 ms, 1 thread: {61 / ours[1]:,.0f}; 2 threads: {61 / ours[2]:,.0f}")
    print("\nProcessor time, so that other work on the machine does not count:")
    print("\n| tracks | heteromotility s | us a track | motility s | us a track |\n|---|---|---|---|---|")
    n = 1000
    while n <= given.most:
        tracks = walks(n)
        times = [
            seconds(lambda f=f, at=tracks: f(at), 3 if n < 100_000 else 1, time.process_time) for f in sets.values()
        ]
        print(f"| {n:,} | " + " | ".join(f"{t:.2f} | {t / n * 1e6:.0f}" for t in times) + " |")
        n *= 10


if __name__ == "__main__":
    sys.exit(main())
