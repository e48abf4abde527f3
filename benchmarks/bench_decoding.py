"""Seconds from the net's maps to labels, beside scipy and skimage, and of a whole frame; processor time, one thread.

python -m benchmarks.bench_decoding
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from skimage.feature import peak_local_max
from skimage.morphology import remove_small_objects
from skimage.segmentation import watershed

from napari_cellstate.learn.cells.heads import places
from napari_cellstate.learn.cells.targets import targets
from napari_cellstate.learn.models import find_model
from napari_cellstate.methods.segment._cells.decode import sigmoid
from napari_cellstate.methods.segment._cells.model import read
from napari_cellstate.methods.segment._cells.predict import Prediction, predict

if TYPE_CHECKING:
    from numpy.typing import NDArray


def discs(side: int = 1024, seed: int = 0) -> NDArray[np.int32]:
    """506 discs of 22 to 40 px."""
    rng, labels, n = np.random.default_rng(seed), np.zeros((side, side), np.int32), 0
    y, x = np.ogrid[:side, :side]
    for i in range(side // 44):
        for j in range(side // 46):
            n += 1
            cy, cx = 22 + i * 44 + rng.uniform(-6, 6), 23 + j * 46 + rng.uniform(-6, 6)
            labels[((y - cy) ** 2 + (x - cx) ** 2 <= rng.uniform(11, 20) ** 2) & (labels == 0)] = n
    return labels


def maps_of(labels: NDArray[np.int32]) -> dict[str, NDArray[np.float32]]:
    found = targets(labels, np.zeros(int(labels.max()) + 1, np.float32), 12.0, 1.6)
    maps = {name: found[at] for name, at in places().items()}
    for name in ("cell", "edge"):
        maps[name] = (12 * maps[name] - 6).astype(np.float32)
    return {name: np.ascontiguousarray(one if len(one) > 1 else one[0]) for name, one in maps.items()}


def usual(score: NDArray[np.float32]) -> NDArray[np.int32]:
    """Smooth, distance, peaks, watershed, with scipy and skimage."""
    mask = remove_small_objects(gaussian_filter(sigmoid(score), 1) > 0.5, max_size=50)
    distance = gaussian_filter(distance_transform_edt(mask), 1.5)
    peaks = peak_local_max(distance, min_distance=7, labels=label(mask)[0])
    seeds = np.zeros(mask.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, seeds, mask=mask)


def medians(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            if run:
                times[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    torch.set_num_threads(1)
    labels = discs()
    seen = Prediction(maps_of(labels), labels.shape, 24.0)
    ways: dict[str, Callable[[], object]] = {"scipy + skimage": lambda: usual(seen.maps["cell"])}
    ways |= {name: lambda name=name: seen.labels(name) for name in ("flow", "centre", "distance", "edge")}
    found = medians(ways, 7)
    print(f"{labels.max()} cells in 1024 x 1024 px\n| decoder | ms | times faster |\n|---|---|---|")
    for name, seconds in found.items():
        print(f"| {name} | {1e3 * seconds:.0f} | {found['scipy + skimage'] / seconds:.1f} |")
    net, rng = read(find_model("default"), "cpu"), np.random.default_rng(0)
    image = 100 + 50 * (labels > 0) + rng.normal(0, 5, labels.shape)
    whole = medians({"frame": lambda: predict(net, image, 24.0).labels()}, 3)["frame"]
    print(f"\nshipped net with decoding, 1024 x 1024 px, {net.dtype}: {whole:.2f} s")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    large = np.tile(image, (2, 2))
    start = time.process_time()
    predict(net, large, 24.0).labels()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"2048 x 2048 px: {time.process_time() - start:.2f} s, peak of the process {peak:.2f} GB ({before:.2f} before)"
    )


if __name__ == "__main__":
    main()
