"""Region measures of one frame, ours beside skimage.measure.regionprops_table, the same columns.

python benchmarks/bench_regions.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops_table

from napari_cellstate.methods.measure.regions import PLANE_COLUMNS, Measure

COLUMNS = {  # ours: scikit-image's
    "label": "label",
    "y": "centroid-0",
    "x": "centroid-1",
    "area": "area",
    "box_top": "bbox-0",
    "box_left": "bbox-1",
    "perimeter": "perimeter",
    "perimeter_crofton": "perimeter_crofton",
    "hull_area": "area_convex",
    "euler_number": "euler_number",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "equivalent_diameter": "equivalent_diameter_area",
    "orientation": "orientation",
    "extent": "extent",
    **{f"hu_{n + 1}": f"moments_hu-{n}" for n in range(7)},
    "intensity_mean_0": "intensity_mean",
    "intensity_sd_0": "intensity_std",
    "intensity_min_0": "intensity_min",
    "intensity_max_0": "intensity_max",
    "intensity_median_0": "intensity_median",
    "intensity_y_0": "centroid_weighted-0",
    "intensity_x_0": "centroid_weighted-1",
}
BOX = ("box_bottom", "box_right")  # theirs are one more: the end is not included
MORE = ("convexity", "bending", "curvature_sd", "concave", *(f"lobes_{n}" for n in range(2, 7)))
COSTLY = ("solidity", "hull_area")


def frame(size: int = 1024, cells: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Ragged round cells on a jittered grid, and an image of two grey levels with noise."""
    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(cells)))
    pitch = size / side
    labels = np.zeros((size, size), np.uint32)
    rows, columns = np.mgrid[:size, :size]
    rough = ndimage.gaussian_filter(rng.normal(size=(size, size)), 3) * 30
    for nth in range(cells):
        y, x = (np.array([nth // side, nth % side]) + 0.5) * pitch + rng.uniform(-3, 3, 2)
        a, b, turn = rng.uniform(0.3, 0.42) * pitch, rng.uniform(0.2, 0.3) * pitch, rng.uniform(0, np.pi)
        box = np.s_[max(int(y - 30), 0) : int(y + 30), max(int(x - 30), 0) : int(x + 30)]
        dy, dx = rows[box] - y, columns[box] - x
        u, v = dy * np.cos(turn) + dx * np.sin(turn), dx * np.cos(turn) - dy * np.sin(turn)
        inside = (u / a) ** 2 + (v / b) ** 2 + 0.1 * rough[box] < 1
        labels[box][inside & (labels[box] == 0)] = nth + 1
    return labels, rng.normal(100, 10, labels.shape) + 200 * (labels > 0)


def median(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()  # the machine may be busy with other work
        call()
        times.append(time.process_time() - start)
    return statistics.median(times) * 1e3


def main() -> None:
    labels, image = frame()
    method, ours = Measure(), [*COLUMNS, *BOX]
    theirs = tuple(dict.fromkeys(name.partition("-")[0] for name in COLUMNS.values()))
    started = time.perf_counter()
    table = method.measure(labels, [image], ours)
    print(f"first call, compiling or loading what was compiled: {time.perf_counter() - started:.1f} s\n")
    peer = regionprops_table(labels, image, properties=theirs)
    for mine, other in COLUMNS.items():
        apart = np.abs(table[mine] - peer[other]) / np.maximum(np.abs(peer[other]), 1)
        print(f"{mine}: greatest difference {apart.max():.1e}")
    print(f"\n{len(table)} cells in 1024 x 1024\n")
    print("| columns | ours, ms | regionprops_table, ms | ratio |\n|---|---|---|---|")
    cheap = [name for name in ours if name not in COSTLY]
    for what, mine, other in (
        ("all", ours, theirs),
        ("all but the hull's", cheap, [name for name in theirs if name not in ("solidity", "area_convex")]),
    ):
        a = median(lambda mine=mine: method.measure(labels, [image], mine), 15)
        b = median(lambda other=other: regionprops_table(labels, image, properties=other), 3)
        print(f"| {what} ({len(mine)}) | {a:.1f} | {b:.0f} | {b / a:.1f} |")
    more = [*ours, *MORE, *(f"{name}_0" for name in PLANE_COLUMNS)]
    n = len(method.measure(labels, [image], more).columns)
    a = median(lambda: method.measure(labels, [image], more), 9)
    print(f"| with smoothed outline, texture and background ({n}) | {a:.1f} | | |")


if __name__ == "__main__":
    main()
