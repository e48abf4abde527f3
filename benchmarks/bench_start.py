"""What a user waits for before anything happens: help, status of 50 movies. Medians of five runs in new processes.

python benchmarks/bench_start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

import napari_cellstate as cs


def seconds(arguments: list[str]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "napari_cellstate.cli", *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fifty_movies(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    exp = cs.new(folder / "fifty.cellstate")
    for nth in range(50):
        path = folder / f"m{nth:02d}.tif"
        stack = rng.normal(100, 5, (3, 64, 64))
        stack[:, 20:32, 20:32] += 400
        tifffile.imwrite(path, stack.astype(np.uint16), photometric="minisblack")
        cs.add(exp, path, dt=60)
    cs.run(exp)
    return exp.root


def main() -> None:
    print(f"--help                {seconds(['--help']):.2f} s")
    print(f"run --help            {seconds(['run', '--help']):.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        root = fifty_movies(Path(folder))
        print(f"status of 50 movies   {seconds(['status', str(root)]):.2f} s")


if __name__ == "__main__":
    main()
