"""How well the shipped net finds cells that it did not learn from, by source, beside classical ways; and how it learns.

python -m benchmarks.bench_segmentation --data ../shared/data
python -m benchmarks.bench_segmentation --data ../shared/data --teach --steps 100 --seeds 5
python -m benchmarks.bench_segmentation --data ../shared/data --next --steps 100 --seeds 5
python -m benchmarks.bench_segmentation --data ../shared/data --clicks
python -m benchmarks.bench_segmentation --decoders

Held back: see scripts/training_data.py. The movie of quantitative phase was never learnt from; its outlines are an
instrument's. Peers (cellpose, stardist) are run where they are installed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from training_data import real

from napari_cellstate.core.families import Segmenter
from napari_cellstate.experiment.teaching import mask_at, where_next
from napari_cellstate.learn.cells.crops import typical_diameter
from napari_cellstate.learn.cells.heads import DIAMETER
from napari_cellstate.learn.cells.teach import Lesson, Teaching, known_around, teach
from napari_cellstate.learn.models import find_model
from napari_cellstate.learn.weights import load_model
from napari_cellstate.methods import available
from napari_cellstate.methods.segment._cells.ask import Places
from napari_cellstate.methods.segment._cells.decode import DECODERS
from napari_cellstate.methods.segment._cells.model import CellNet, read, ready
from napari_cellstate.methods.segment._cells.predict import Prediction, predict
from napari_cellstate.metrics.segmentation import match
from napari_cellstate.nets.tiramisu import Tiramisu

Image, Labels = NDArray[np.generic], NDArray[np.integer]
Case = tuple[str, Image, Labels]
TITLES = {
    "bbbc": "Hoechst nuclei, other wells",
    "dsb": "fluorescent nuclei, mixed sources",
    "stills": "phase-contrast glioblastoma, other images",
    "qpi": "quantitative phase, never learnt from",
}


def cases(data: Path, most: int) -> Iterator[tuple[str, list[Case]]]:
    """Pictures that were held back, by source."""
    found: dict[str, list[Case]] = {name: [] for name in TITLES}
    for one in real(data):
        if one.held_back:
            found[one.source].append((one.name, one.image, np.maximum(one.labels, 0)))
    found["qpi"] = qpi(data, range(0, 30, 5))
    for source, items in found.items():
        yield source, items[:: max(1, len(items) // most)][:most] if most else items


def qpi(data: Path, frames: range) -> list[Case]:
    folder = data / "mdamb231_qpi_cellphe"
    movie, masks = tifffile.imread(folder / "movie.tif"), tifffile.imread(folder / "gt_masks.tif")
    return [(f"frame {t}", movie[t], masks[t]) for t in frames]


def otsu_watershed(image: Image) -> Labels:
    """What most people write first: smooth, Otsu, distance, peaks, watershed."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.measure import label
    from skimage.morphology import remove_small_objects
    from skimage.segmentation import watershed

    smooth = gaussian_filter(image.astype(float), 1.5)
    mask = remove_small_objects(smooth > threshold_otsu(smooth), max_size=30)
    distance = gaussian_filter(distance_transform_edt(mask), 1.5)
    peaks = peak_local_max(distance, min_distance=5, labels=label(mask))
    seeds = np.zeros(mask.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, seeds, mask=mask)


def ways() -> dict[str, Callable[[Image], Labels]]:
    known = available("segment")
    found: dict[str, Callable[[Image], Labels]] = {
        "shipped net": known["tiramisu"]().segment,
        "ours, classical": known["threshold"]().segment,
        "Otsu + watershed": otsu_watershed,
    }
    for peer in ("cellpose", "stardist"):
        if peer in known:
            method = known[peer]()
            assert isinstance(method, Segmenter)
            found[peer] = method.segment
    return found


def counts(found: Labels, truth: Labels, iou: float) -> NDArray[np.int64]:
    one = match(found, truth, iou)
    return np.array([one.true_positives, one.false_positives, one.false_negatives])


def f1(of: NDArray[np.integer]) -> float:
    return 2 * of[0] / max(2 * of[0] + of[1] + of[2], 1)


def by_source(data: Path, most: int) -> None:
    print("| images | n | way | F1 @ 0.5 | F1 @ 0.75 | found - true cells | s an image |")
    print("|---|---|---|---|---|---|---|")
    for source, items in cases(data, most):
        for name, way in ways().items():
            half, strict, seconds = np.zeros(3, int), np.zeros(3, int), []
            for _, image, truth in items:
                start = time.perf_counter()
                found = way(image)
                seconds.append(time.perf_counter() - start)
                half, strict = half + counts(found, truth, 0.5), strict + counts(found, truth, 0.75)
            print(f"| {TITLES[source]} | {len(items)} | {name} | {f1(half):.3f} | {f1(strict):.3f} | "
                  f"{half[1] - half[2]:+d} | {statistics.median(seconds):.2f} |", flush=True)  # fmt: skip


def decoders(data: Path, most: int) -> None:
    """Every decoder on the same maps, the diameter given (so that only decoding differs)."""
    net = read(find_model("default"), "cpu")
    print("| images | n | " + " | ".join(f"{name} @ 0.5 / 0.75" for name in DECODERS) + " |")
    print("|---|---|" + "---|" * len(DECODERS))
    for source, items in cases(data, most):
        total = {name: np.zeros((2, 3), int) for name in DECODERS}
        for _, image, truth in items:
            seen = predict(net, image, typical_diameter(truth) or 24.0)
            for name in DECODERS:
                found = seen.labels(name)
                total[name] += np.stack([counts(found, truth, iou) for iou in (0.5, 0.75)])
        row = " | ".join(f"{f1(one[0]):.3f} / {f1(one[1]):.3f}" for one in total.values())
        print(f"| {TITLES[source]} | {len(items)} | {row} |", flush=True)


def clicks(data: Path, wanted: int = 100) -> None:
    """Cells of the held-back stills, taken out of the net's result and clicked at their middle."""
    net = read(find_model("default"), "cpu")
    rng, scores, seconds, touched = np.random.default_rng(0), [], [], 0
    stills = next(items for source, items in cases(data, 0) if source == "stills")
    for _, image, truth in stills:
        seen = predict(net, image, 0.0)
        labels = seen.labels()
        pairs = match(labels, truth, 0.1).pairs
        for cell in rng.permutation(np.unique(truth[truth > 0]))[: -(-wanted // len(stills))]:
            y, x = middle(truth == cell)
            left = labels.copy()
            # Whatever the net has there goes: the cell under the click and the one that matches best.
            gone = {int(labels[y, x]), *(int(a) for a, b in pairs if b == cell)} - {0}
            left[np.isin(left, list(gone))] = 0
            start = time.perf_counter()
            mask = mask_at(seen, left, y, x)
            seconds.append(time.perf_counter() - start)
            touched += int((mask & (left > 0)).sum())
            true = truth == cell
            scores.append(np.count_nonzero(mask & true) / np.count_nonzero(mask | true))
    print(f"{len(scores)} cells clicked: median IoU {np.median(scores):.3f}, quarter below "
          f"{np.quantile(scores, 0.25):.3f}, {touched} px of other cells changed, {statistics.median(seconds):.3f} s "
          "a click")  # fmt: skip


def middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Pixel of a cell nearest to its centroid."""
    y, x = np.nonzero(mask)
    nearest = np.argmin(np.hypot(y - y.mean(), x - x.mean()))
    return int(y[nearest]), int(x[nearest])


def corrected(truth: Labels, image: Image, cells: list[int], diameter: float) -> Lesson:
    return Lesson(image, known_around(truth, cells, round(diameter / 4)))


def score(net: CellNet, items: list[Case], diameter: float) -> float:
    return f1(sum(counts(predict(net, image, diameter).labels(), truth, 0.5) for _, image, truth in items))


ROWS = {
    "shipped weights, consistency": (True, 10.0),
    "shipped weights, without": (True, 0.0),
    "fresh weights, consistency": (False, 10.0),
}
"""Ways of teaching: from the shipped weights or not, weight of interpolation consistency (ICT)."""


def teaching(data: Path, steps: int, seeds: int, row: str) -> None:
    """F1 on later frames of the movie of quantitative phase after so many corrected cells of its first frames.

    By steps, not by seconds, so that it does not depend on what else the machine does; the processor time is printed.
    The seed draws the corrected cells, the crops and the augmentation; the same seed draws the same for every row.
    """
    start, _ = load_model(find_model("default"))
    test, taught_on = qpi(data, range(15, 30, 3)), qpi(data, range(0, 10, 3))
    others = [image for _, image, _ in qpi(data, range(1, 14, 2))]
    diameter = 26.0
    print(f"F1 @ 0.5 on 5 later frames, {steps} steps of teaching, mean (sd) of {seeds} seeds")
    print("| from | 0 cells | 5 | 20 | 50 |\n|---|---|---|---|---|")
    for name, (shipped, weight) in ROWS.items():
        if row and row != name:
            continue
        net = start if shipped else Tiramisu(2, start.classes, start.layout, dropout=0.0)
        said = [f"{score(ready_copy(net), test, diameter):.3f}" if shipped else "-"]
        began = time.process_time()
        for n in (5, 20, 50):
            values = []
            for seed in range(seeds):
                told = Teaching(0, steps, 5e-4 if shipped else 2e-3, weight, seed, fresh=not shipped)
                new, _ = teach(net, chosen_cells(taught_on, n, seed, diameter), others, diameter, told)
                values.append(score(ready(new), test, diameter))
            said.append(f"{np.mean(values):.3f} ({np.std(values, ddof=min(seeds - 1, 1)):.3f})")
            print(f"<!-- {name}, {n}: {np.round(values, 3).tolist()} -->", flush=True)
        spent = (time.process_time() - began) / (3 * seeds)
        print(f"| {name} | " + " | ".join(said) + f" | <!-- {spent:.0f} s of processor each -->", flush=True)


def ready_copy(net: Tiramisu) -> CellNet:
    import copy

    return ready(copy.deepcopy(net))


def chosen_cells(frames: list[Case], n: int, seed: int, diameter: float) -> list[Lesson]:
    rng = np.random.default_rng(seed)
    every = [(t, int(cell)) for t, (_, _, truth) in enumerate(frames) for cell in np.unique(truth[truth > 0])]
    taken = [every[nth] for nth in rng.permutation(len(every))[:n]]
    return [
        corrected(truth, image, [cell for at, cell in taken if at == t], diameter)
        for t, (_, image, truth) in enumerate(frames)
        if any(at == t for at, _ in taken)
    ]


def next_or_random(data: Path, steps: int, n: int, seeds: int) -> None:
    """Places that **Next** shows, beside as many cells at random; equal teaching."""
    start, _ = load_model(find_model("default"))
    test, frames, diameter = qpi(data, range(15, 30, 3)), qpi(data, range(0, 10, 3)), 26.0
    others = [image for _, image, _ in qpi(data, range(1, 14, 2))]
    net = ready_copy(start)
    ours, empty = asked(frames, [predict(net, image, diameter) for _, image, _ in frames], n, round(diameter))
    got, random = [], []
    for seed in range(seeds):
        told = Teaching(0, steps, 5e-4, 10.0, seed)
        got.append(score(ready(teach(start, ours, others, diameter, told)[0]), test, diameter))
        chance = chosen_cells(frames, n, 100 + seed, diameter)
        random.append(score(ready(teach(start, chance, others, diameter, told)[0]), test, diameter))
        print(f"seed {seed}: Next {got[-1]:.3f}, random {random[-1]:.3f}", flush=True)
    said = [f"{np.mean(one):.4f} (sd {np.std(one, ddof=min(seeds - 1, 1)):.4f})" for one in (got, random)]
    print(f"{n} places ({empty} without a cell), {steps} steps: Next {said[0]}, random cells {said[1]}")


def asked(frames: list[Case], seen: list[Prediction], n: int, border: int) -> tuple[list[Lesson], int]:
    """Lessons of the places that Next shows, and how many of these hold no cell.

    What a person does there: correct the cell, or, where none is, say that it is background (a disc of a cell's size,
    as the window does where a cell is removed). The instrument leaves out cells at the border of the frame: what is
    there is not known, and Next does not see it.
    """
    inner = {t: inside(one, border) for t, one in enumerate(seen)}
    looked = {t: np.zeros(one.shape, bool) for t, one in inner.items()}
    cells: list[list[int]] = [[] for _ in frames]
    empty: list[list[NDArray[np.bool_]]] = [[] for _ in frames]
    part = slice(border, -border)
    for _ in range(n):
        found = where_next(inner, looked)
        if found is None:
            break
        t, y, x = found[0], found[1] + border, found[2] + border
        truth = frames[t][2]
        near = disc(truth.shape, y, x, border / 2)
        cell = nearest_cell(truth, y, x, border / 2)
        looked[t] |= (near | (truth == cell) & (cell > 0))[part, part]
        if cell:
            cells[t].append(cell)
        else:
            empty[t].append(near & (truth == 0))
    lessons = []
    for (_, image, truth), own, without in zip(frames, cells, empty, strict=True):
        known = corrected(truth, image, own, border).labels
        for background in without:
            known = np.where(background & (known < 0), 0, known)
        if own or without:
            lessons.append(Lesson(image, known))
    return lessons, sum(map(len, empty))


@dataclass(frozen=True, eq=False)
class Inside(Prediction):
    """A part of a frame. What its border cuts is no place: it is whole in the frame."""

    @cached_property
    def places(self) -> Places:
        found = super().places
        return Places(*(values[~found.cut] for values in (found.at, found.doubt, found.looks, found.cut)))


def inside(one: Prediction, border: int) -> Inside:
    """What a net said about a frame, without its border (px of the frame)."""
    edge = round(border * DIAMETER / one.diameter)
    maps = {name: np.ascontiguousarray(values[..., edge:-edge, edge:-edge]) for name, values in one.maps.items()}
    return Inside(maps, (one.shape[0] - 2 * border, one.shape[1] - 2 * border), one.diameter)


def disc(shape: tuple[int, ...], y: int, x: int, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(rows - y, columns - x) <= radius)


def nearest_cell(truth: Labels, y: int, x: int, reach: float) -> int:
    part_y, part_x = np.nonzero(truth)
    away = np.hypot(part_y - y, part_x - x)
    at = int(np.argmin(away))
    return int(truth[part_y[at], part_x[at]]) if away[at] <= reach else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=0, help="images a source, 0 for all")
    parser.add_argument("--steps", type=int, default=150, help="of teaching; 100 take about half a minute of one core")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--places", type=int, default=10, help="that --next shows")
    parser.add_argument("--row", choices=tuple(ROWS), default="", help="only this row of --teach")
    for what in ("decoders", "clicks", "teach", "next"):
        parser.add_argument(f"--{what}", action="store_true")
    given = parser.parse_args()
    if given.decoders:
        decoders(given.data, given.most)
    elif given.clicks:
        clicks(given.data)
    elif given.teach:
        teaching(given.data, given.steps, given.seeds, given.row)
    elif given.next:
        next_or_random(given.data, given.steps, given.places, given.seeds)
    else:
        by_source(given.data, given.most)


if __name__ == "__main__":
    main()
