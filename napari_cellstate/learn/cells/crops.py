"""Labelled pictures to batches: cells brought to one size, crops, augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_cellstate.learn.augment import Augment
from napari_cellstate.learn.cells.heads import DIAMETER, EDGE_WIDTH
from napari_cellstate.learn.cells.picture import channels, levelled, resized
from napari_cellstate.learn.objectives import Batch

Labels = NDArray[np.int32]
Rng = np.random.Generator
AUGMENT = Augment(rotation=180.0, scale=1.0, gain=0.25, offset=0.25, gamma=0.6, blur=1.0, noise=0.15)
_OUTSIDE = -3
_MARGIN = 32  # px around a crop, cut off after turning


@dataclass(frozen=True, eq=False)
class Picture:
    """A labelled picture whose typical cell is `DIAMETER` wide, and the same at half the size.

    Attributes
    ----------
    image, small : (Y, X) float32, levelled.
    labels, small_labels : int32; -1 where nothing is known, -2 in a cell of which nothing else is known.
    size : (largest label + 1,) float32, log diameter of each cell over `DIAMETER`, in `image`.
    """

    image: NDArray[np.float32]
    labels: Labels
    small: NDArray[np.float32]
    small_labels: Labels
    size: NDArray[np.float32]


@dataclass(frozen=True)
class Crops:
    """How crops are taken.

    Attributes
    ----------
    side : px.
    batch : crops in each.
    jitter : largest factor of size between usual crops and `DIAMETER`.
    wide : share of crops whose cells have any size, within the factor `widest`: what the size head learns from.
    invert : share of crops with bright and dark exchanged.
    slope : largest uneven light, of the image's range.
    """

    side: int = 192
    batch: int = 8
    jitter: float = 1.3
    wide: float = 0.25
    widest: float = 2.5
    invert: float = 0.15
    slope: float = 0.3


def typical_diameter(labels: NDArray[np.integer]) -> float:
    """Median diameter of labelled cells (of the disc of equal area), px; 0 where there are none."""
    area = np.bincount(labels[labels > 0].ravel())
    return float(np.median(np.sqrt(4 / np.pi * area[area > 0]))) if area.any() else 0.0


def picture(image: NDArray[np.generic], labels: NDArray[np.integer], diameter: float = 0.0) -> Picture:
    """Bring a labelled picture to the net's size.

    Parameters
    ----------
    image, labels : (Y, X); labels -1 where nothing is known.
    diameter : px of a typical cell; 0 takes the median of the labels.
    """
    wide = diameter or typical_diameter(labels) or DIAMETER
    factor = DIAMETER / wide
    area = np.bincount(labels[labels > 0].ravel(), minlength=2).astype(np.float64)
    size = np.log(np.sqrt(4 / np.pi * np.maximum(area, 1)) / wide).astype(np.float32)
    values, found = torch.from_numpy(levelled(image))[None, None], labels.astype(np.int32)
    one, two = (_at(values, found, factor * part) for part in (1.0, 0.5))
    return Picture(one[0], one[1], two[0], two[1], size)


def _at(image: Tensor, labels: Labels, factor: float) -> tuple[NDArray[np.float32], Labels]:
    height, width = (max(8, round(n * factor)) for n in labels.shape)
    return resized(image, height, width)[0, 0].numpy(), nearest(labels, height, width)


def nearest(labels: Labels, height: int, width: int) -> Labels:
    """Labels in another size; every pixel takes that of the nearest one."""
    y = np.minimum(((np.arange(height) + 0.5) * labels.shape[0] / height).astype(int), labels.shape[0] - 1)
    x = np.minimum(((np.arange(width) + 0.5) * labels.shape[1] / width).astype(int), labels.shape[1] - 1)
    return np.ascontiguousarray(labels[y[:, None], x])


def batch(pictures: Sequence[Picture], chosen: Crops, generator: torch.Generator, augment: Augment = AUGMENT) -> Batch:
    """Crops of these pictures, one each, augmented, with the targets of all heads.

    Returns
    -------
    ``image`` (B, 2, Y, X), ``targets`` (B, all heads + 1, Y, X), ``known`` and ``cell_known`` (B, Y, X); float32.
    """
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    side = chosen.side + 2 * _MARGIN
    taken = [_crop(one, chosen, side, rng) for one in pictures]
    images = torch.stack([torch.from_numpy(image) for image, _, _ in taken])[:, None]
    labels = torch.stack([torch.from_numpy(labels) for _, labels, _ in taken])[:, None]
    images, labels = augment(images, labels, generator, _OUTSIDE)
    labels = torch.where(labels == _OUTSIDE, -1, labels)
    inner = (..., slice(_MARGIN, _MARGIN + chosen.side), slice(_MARGIN, _MARGIN + chosen.side))
    return targeted(images[inner], labels[inner][:, 0].numpy(), [size for _, _, size in taken])


def targeted(images: Tensor, labels: Labels, sizes: Sequence[NDArray[np.float32]]) -> Batch:
    """Input and targets of levelled images (B, 1, Y, X) and labels (B, Y, X)."""
    from napari_cellstate.learn.cells.targets import targets

    wanted = [
        targets(np.ascontiguousarray(one), size, DIAMETER / 2, EDGE_WIDTH)
        for one, size in zip(labels, sizes, strict=True)
    ]
    return {
        "image": channels(images),
        "targets": torch.from_numpy(np.stack(wanted)),
        "known": torch.from_numpy((labels >= 0).astype(np.float32)),
        "cell_known": torch.from_numpy((labels != -1).astype(np.float32)),
    }


def _crop(one: Picture, chosen: Crops, side: int, rng: Rng) -> tuple[NDArray[np.float32], Labels, NDArray[np.float32]]:
    most = chosen.widest if rng.random() < chosen.wide else chosen.jitter
    factor = float(np.exp(rng.uniform(-np.log(most), np.log(most))))
    small = factor < 0.7
    image, labels = (one.small, one.small_labels) if small else (one.image, one.labels)
    reach = max(8, round(side / factor / (2 if small else 1)))
    place = [_start(n, reach, at, rng) for n, at in zip(image.shape, _aim(labels, rng), strict=True)]
    part, known = _cut(image, place, reach, -1), _cut(labels, place, reach, 0)
    part = resized(torch.from_numpy(part)[None, None], side, side)[0, 0].numpy()
    if rng.random() < chosen.invert:
        part = 1 - part
    slope = rng.uniform(-chosen.slope, chosen.slope, 2) * rng.random()
    ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    part = part + (slope[0] * ramp[:, None] + slope[1] * ramp).astype(np.float32)
    return part, nearest(known.astype(np.int32), side, side), one.size + np.float32(np.log(factor))


def _aim(labels: Labels, rng: Rng) -> tuple[float, float]:
    """Anywhere, or at a pixel of a cell, each half of the time."""
    if rng.random() < 0.5:
        inside = np.flatnonzero(labels > 0)
        if len(inside):
            y, x = divmod(int(inside[rng.integers(len(inside))]), labels.shape[1])
            return float(y), float(x)
    return float(rng.uniform(0, labels.shape[0])), float(rng.uniform(0, labels.shape[1]))


def _start(n: int, reach: int, at: float, rng: Rng) -> int:
    """First row (or column) of a crop that holds a place; it keeps within the picture where that is large enough."""
    if n <= reach:
        return -int(rng.integers(0, reach - n + 1))
    return int(np.clip(at - rng.uniform(0.2, 0.8) * reach, 0, n - reach))


def _cut(values: NDArray[np.generic], place: Sequence[int], reach: int, kind: int) -> NDArray[np.generic]:
    """A square; outside of the picture it is mirrored (kind -1) or unknown (labels)."""
    inside = tuple(slice(max(at, 0), at + reach) for at in place)
    part = values[inside]
    before = [max(-at, 0) for at in place]
    pad = [(first, reach - first - n) for first, n in zip(before, part.shape, strict=True)]
    if kind == -1:
        return np.ascontiguousarray(np.pad(part, pad, mode="symmetric"))
    return np.pad(part, pad, constant_values=-1)
