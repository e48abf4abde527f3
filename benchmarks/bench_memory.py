"""Memory that a 2 GB movie needs: segment and measure, all stages, the overlay without and with a window.

Each step runs in a process of its own; its peak is compared with that of an empty Python process (with a window: of an
empty napari). Target: at most 600 MB above it.

    python benchmarks/bench_memory.py [--frames 240] [--size 2048] [--only tiff|zarr] [--window] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TARGET_MB = 600
PROCESS = {
    "empty": "pass",
    "segment and measure": "cs.run(sys.argv[1], until='measure')",
    "all stages": "cs.run(sys.argv[1])",
    "overlay": """
from napari_cellstate.gui.results import load, read_behavior
from napari_cellstate.gui.stacks import LazyStack, painted
exp = cs.Experiment(sys.argv[1])
name = exp.movies[0].name
labels, found, movie = exp.labels(name), load(exp, name, read_behavior(exp)), exp.movie(name)
image = LazyStack(lambda t: movie.source.read(t, 0), labels.shape, movie.source.dtype)
cells = painted(labels, lambda t: found.table(t, found.track), np.uint32)
states = painted(labels, lambda t: found.table(t, found.state), np.uint8)
for t in range(labels.shape[0]):
    image[t], cells[t], states[t]
""",
    "empty napari": """
import napari
napari.Viewer().close()
""",
    "window": """
import napari
from napari_cellstate.gui.layers import Layers
from napari_cellstate.gui.results import load, read_behavior
from qtpy.QtWidgets import QApplication
exp = cs.Experiment(sys.argv[1])
name = exp.movies[0].name
viewer = napari.Viewer()
layers = Layers(viewer)
layers.show_movie(exp, name)
layers.show_results(exp, name, load(exp, name, read_behavior(exp)))
for t in range(exp.labels(name).shape[0]):
    viewer.dims.set_point(0, t)
    QApplication.processEvents()
viewer.close()
""",
}
"""What each process does; its argument is the experiment."""

_START = "import json, resource, sys, time\nstart = time.monotonic()\n"
_IMPORTS = "import numpy as np\nimport napari_cellstate as cs\n"
_END = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"mb": peak, "seconds": time.monotonic() - start}))
"""


def measured(what: str, experiment: Path) -> dict[str, float]:
    """Peak memory (MB) and time (s) of one process."""
    imports = "" if what == "empty" else _IMPORTS
    program = _START + imports + PROCESS[what] + _END
    done = subprocess.run([sys.executable, "-c", program, str(experiment)], check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def frames(count: int, size: int, cells: int = 400) -> Iterator[np.ndarray]:
    """Round cells that drift, (size, size) uint16, one frame after the other."""
    rng = np.random.default_rng(0)
    at, step = rng.uniform(20, size - 20, (cells, 2)), rng.normal(0, 1.5, (cells, 2))
    rows, columns = np.mgrid[-16:17, -16:17]
    blob = (900 * np.exp(-(((rows**2 + columns**2) / 110.0) ** 3))).astype(np.float32)
    for _ in range(count):
        image = rng.normal(200, 12, (size, size)).astype(np.float32)
        for y, x in np.rint(at).astype(int):
            image[y - 16 : y + 17, x - 16 : x + 17] += blob
        at = np.clip(at + step + rng.normal(0, 0.5, at.shape), 20, size - 20)
        yield image.astype(np.uint16)


def write(kind: str, folder: Path, count: int, size: int) -> Path:
    """One movie, written frame by frame."""
    if kind == "tiff":
        import tifffile

        path = folder / "movie.tif"
        kwargs = {"shape": (count, size, size), "dtype": np.uint16, "metadata": {"axes": "TYX"}}
        tifffile.imwrite(path, frames(count, size), bigtiff=True, **kwargs)
        return path
    import zarr

    path = folder / "movie.zarr"
    names = ("t", "y", "x")
    array = zarr.create_array(
        path, shape=(count, size, size), chunks=(1, size, size), dtype="uint16", dimension_names=names
    )
    for t, image in enumerate(frames(count, size)):
        array[t] = image
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--only", default="")
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--folder", default=None)
    given = parser.parse_args()
    import napari_cellstate as cs

    pixels = given.frames * given.size**2 * 2 / 1e9
    print(f"{given.frames} frames of {given.size} x {given.size} px, {pixels:.2f} GB, {time.strftime('%Y-%m-%d')}\n")
    print("| movie | step | peak MB | above empty MB | target MB | seconds |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for kind in [given.only] if given.only else ["tiff", "zarr"]:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            exp = cs.new(Path(folder) / "memory.cellstate")
            cs.add(exp, write(kind, Path(folder), given.frames, given.size), dt=300.0, pixel_size=0.65)
            steps = [("segment and measure", "empty"), ("all stages", "empty"), ("overlay", "empty")]
            steps += [("window", "empty napari")] if given.window else []
            for step, beside in steps:
                empty, found = measured(beside, exp.root), measured(step, exp.root)
                above = found["mb"] - empty["mb"]
                print(
                    f"| {kind} | {step} | {found['mb']:.0f} | {above:.0f} | {TARGET_MB} | {found['seconds']:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
