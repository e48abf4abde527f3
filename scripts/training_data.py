"""The labelled pictures that the shipped weights learn from, and those that they are judged by.

Sets (folders of --data): dsb2018_fluo (CC0), bbbc039_u2os (CC0), t98g_phase_usiigaci_stills (MIT, hand-drawn),
t98g_phase_usiigaci_movie (MIT, outlines of a published tool). mdamb231_qpi_cellphe is never learnt from. Held back, by
source: every sixth still, every sixth well; of the fluorescence images two formats as a whole (what was never seen), a
third of two other rare formats, and every eighth of the rest.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile
from skimage.io import imread
from skimage.measure import label

from napari_cellstate.learn.cells.crops import Picture, picture
from napari_cellstate.learn.cells.paint import KINDS, outlines, painted
from napari_cellstate.simulate.movie import run_movie
from napari_cellstate.simulate.scene import Body, Light, Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNSEEN = {(260, 347), (256, 320)}
HELD_BACK = {(512, 640): 3, (603, 1272): 2}
"""Every how-manyth of these formats is held back; of others every eighth."""
SHARES = {"dsb": 0.27, "bbbc": 0.09, "stills": 0.22, "movie": 0.06, "sim": 0.06, "made": 0.18, "repainted": 0.12}


@dataclass(frozen=True, eq=False)
class Labelled:
    """One picture as it lies on disk: `source` is the set, `group` the well, image or format within it."""

    source: str
    group: str
    name: str
    image: NDArray[np.generic]
    labels: NDArray[np.integer]
    held_back: bool


def nth(text: str, of: int) -> bool:
    return hashlib.sha1(text.encode()).digest()[0] % of == 0


def real(data: Path) -> Iterator[Labelled]:
    """Every labelled picture of the sets."""
    folder = data / "dsb2018_fluo"
    for path in sorted((folder / "images").iterdir()):
        image, labels = imread(path), imread(folder / "masks" / path.name)
        group = "x".join(map(str, image.shape))
        held_back = image.shape in UNSEEN or nth(path.stem, HELD_BACK.get(image.shape, 8))
        yield Labelled("dsb", group, path.stem, image, labels, held_back)
    folder = data / "bbbc039_u2os"
    wells = {Path(row["file"]).stem: row["well"] for row in csv.DictReader((folder / "index.csv").open())}
    for path in sorted((folder / "images").iterdir()):
        labels = imread(next((folder / "masks").glob(path.stem + ".*")))
        yield Labelled("bbbc", wells[path.stem], path.stem, imread(path), labels, nth(wells[path.stem], 6))
    folder = data / "t98g_phase_usiigaci_stills"
    for path in sorted((folder / "images").iterdir()):
        labels = imread(next((folder / "masks").glob(path.stem + ".*")))
        # train_set23 and train_set40 show the same field and stay together.
        group = path.stem.replace("set40", "set23")
        yield Labelled("stills", group, path.stem, imread(path), _parts(labels), nth(group, 6))
    folder = data / "t98g_phase_usiigaci_movie"
    images, masks = tifffile.imread(folder / "movie.tif"), tifffile.imread(folder / "gt_masks.tif")
    for t in range(0, len(images), 3):
        yield Labelled("movie", "movie", f"movie_{t}", images[t], _parts(masks[t]), False)


def _parts(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Parts of a cell that do not touch are cells of their own; crumbs are unknown."""
    parts = label(labels, connectivity=1).astype(np.int32)
    small = np.bincount(parts.ravel()) < 60
    small[0] = False
    return np.where(small[parts], -1, parts).astype(np.int32)


def training(data: Path, made: int = 300, seed: int = 0) -> tuple[list[Picture], NDArray[np.float64]]:
    """All pictures to learn from, and the chance of each to be taken."""
    rng = np.random.default_rng(seed)
    source: list[str] = []
    groups: list[str] = []
    pictures: list[Picture] = []

    def add(kind: str, group: str, one: Picture) -> None:
        source.append(kind)
        groups.append(group)
        pictures.append(one)

    for one in real(data):
        if not one.held_back:
            diameter = 28.0 if one.source == "bbbc" and not one.labels.any() else 0.0
            add(one.source, one.group, picture(one.image, one.labels, diameter))
    outlined = [one for one in pictures if min(one.labels.shape) >= 160]
    for image, labels in simulated(rng):
        add("sim", "", picture(image, labels))
    for n in range(made):
        labels = outlines(320, rng, KINDS[n % len(KINDS)])
        add("made", "", picture(painted(labels, rng), labels, 24.0))
    for _ in range(made // 2):
        chosen = outlined[rng.integers(len(outlined))]
        labels = np.maximum(chosen.labels[:400, :400], 0)
        add("repainted", "", picture(painted(labels, rng), chosen.labels[:400, :400], 24.0))
    return pictures, _chances(source, groups)


def _chances(source: list[str], groups: list[str]) -> NDArray[np.float64]:
    """Share of each source; within it, groups of few pictures count more than their number."""
    keys = [f"{one}/{group}" for one, group in zip(source, groups, strict=True)]
    weight = np.array([1 / np.sqrt(keys.count(key)) for key in keys])
    kinds = np.array(source)
    for kind, share in SHARES.items():
        weight[kinds == kind] *= share / weight[kinds == kind].sum()
    return weight / weight.sum()


def simulated(rng: np.random.Generator) -> Iterator[tuple[NDArray[np.generic], NDArray[np.integer]]]:
    """Frames of our own simulated movies of fluorescent cells."""
    for n in range(16):
        light = Light(
            brightness=float(np.exp(rng.uniform(np.log(40), np.log(600)))),
            texture=float(rng.uniform(0.05, 0.35)),
            psf_sigma=float(rng.uniform(0.7, 2)),
        )
        long = float(rng.uniform(1, 3))
        body = Body(elongation=(1.0 + long / 4, 1.0 + long / 2, 1.0 + long), gap=float(rng.uniform(0, 1)))
        scene = Scene(frames=13, size=256, cells=int(rng.integers(8, 36)), overhang=20.0, light=light, body=body)
        movie = run_movie(scene, seed=(77, n))
        for t in (0, 6, 12):
            yield movie.images[t], movie.masks[t]
