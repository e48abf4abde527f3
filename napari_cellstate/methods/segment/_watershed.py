"""Clumps to cells: watershed of the distance to the background, joined again where no neck divides the parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.segment._coarse import every, spread, stride
from napari_cellstate.methods.segment._tidy import highest_in

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]
Distance = NDArray[np.float32]

_SPACING = 0.25  # of the diameter
_SMOOTHING = 0.05  # of the diameter


def split(mask: Mask, diameter: float, neck: float) -> tuple[Labels, NDArray[np.float64]]:
    """Label the cells of a mask.

    Parameters
    ----------
    mask : (Y, X), True in cells.
    diameter : px, typical width of a cell. Middles of cells are at least a quarter of it apart: more parts than
        cells are found, and joined where there is no neck.
    neck : two parts stay two where their common border is narrower than this share of the thinner one's width.

    Returns
    -------
    labels : (Y, X) int32 from 1, numbers in no particular order.
    width : (n + 1,) px, of the largest disc in each of them, 0 where one is too thin to tell.
    """
    from scipy.ndimage import label, maximum_filter
    from skimage.segmentation import watershed

    step = stride(diameter)
    clumps, n = label(mask)
    coarse = every(clumps, step)
    distance = _distance_to_background(every(mask, step), max(0.5, _SMOOTHING * diameter / step))
    size = 2 * max(1, round(_SPACING * diameter / step)) + 1
    peaks = (coarse > 0) & (distance > 0) & (distance >= maximum_filter(distance, size))
    markers, n_markers = label(peaks, structure=np.ones((3, 3)))
    owner = np.zeros(n_markers + 1, np.int64)
    owner[markers[peaks]] = coarse[peaks]
    several = np.bincount(owner[1:], minlength=n + 1) > 1
    labels = clumps.astype(np.int32)
    if several.any():
        crowded = several[clumps]
        seeds = np.zeros(mask.shape, np.int32)
        seeds[::step, ::step] = markers * several[coarse]
        parts = watershed(spread(-distance, step, mask.shape), seeds, mask=crowded)  # type: ignore[no-untyped-call]
        root = _join(every(parts, step), distance, n_markers, neck)
        labels = np.where(crowded, root[parts] + n, labels).astype(np.int32)
    return labels, _widths(every(labels, step), distance, int(labels.max()), step)


def _distance_to_background(mask: Mask, sigma: float) -> Distance:
    """Distance of each pixel to the nearest background, px, smoothed; outside the image counts as cell."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    if mask.all():
        return np.zeros(mask.shape, np.float32)
    distance = distance_transform_edt(mask).astype(np.float32)
    return np.asarray(gaussian_filter(distance, sigma, truncate=3.0), np.float32)


def _widths(labels: Labels, distance: Distance, n: int, step: int) -> NDArray[np.float64]:
    highest = np.maximum(highest_in(labels, distance, n), 0)
    return np.asarray(step * np.maximum(2 * highest - 1, 0))


def _join(parts: Labels, distance: Distance, n: int, neck: float) -> NDArray[np.int64]:
    """New number of each part after joining, widest border first, neighbours that no neck divides."""
    pairs, border = _borders(parts, distance, n)
    height = highest_in(parts, distance, n)
    root = list(range(n + 1))
    for nth in np.argsort(-border, kind="stable"):
        one, two = _root(root, int(pairs[nth, 0])), _root(root, int(pairs[nth, 1]))
        if one != two and border[nth] > neck * min(height[one], height[two]):
            low, high = min(one, two), max(one, two)
            root[high] = low
            height[low] = max(height[low], height[high])
    return np.array([_root(root, nth) for nth in range(n + 1)])


def _root(root: list[int], nth: int) -> int:
    while root[nth] != nth:
        nth = root[nth]
    return nth


def _borders(parts: Labels, distance: Distance, n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of parts that touch, and half the width of their common border: the largest distance along it."""
    keys, heights = [], []
    for one, two in ((np.s_[:-1, :], np.s_[1:, :]), (np.s_[:, :-1], np.s_[:, 1:])):
        a, b = parts[one], parts[two]
        at = np.flatnonzero((a != b) & (a > 0) & (b > 0))
        a, b = a.flat[at].astype(np.int64), b.flat[at].astype(np.int64)
        keys.append(np.minimum(a, b) * (n + 1) + np.maximum(a, b))
        heights.append(np.minimum(distance[one].flat[at], distance[two].flat[at]))
    key, height = np.concatenate(keys), np.concatenate(heights)
    order = np.argsort(key, kind="stable")
    key, height = key[order], height[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(start):
        return np.empty((0, 2), np.int64), np.empty(0)
    key = key[start]
    return np.stack([key // (n + 1), key % (n + 1)], axis=1), np.maximum.reduceat(height, start).astype(np.float64)
