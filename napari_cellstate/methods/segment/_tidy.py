"""Which parts of a mask are cells, and in which order they are numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


def without_pinholes(mask: Mask, largest: float) -> Mask:
    """Fill holes of at most so many pixels."""
    holes, small = _holes(mask, largest)
    return mask | small[holes] if small.any() else mask


def filled(labels: Labels, largest: float) -> Labels:
    """Fill holes of at most so many pixels that lie within one cell; what several cells surround is a gap."""
    holes, small = _holes(labels > 0, largest)
    at = np.flatnonzero(small[holes])
    if not len(at):
        return labels
    hole, flat, width = holes.ravel()[at], labels.ravel(), labels.shape[1]
    lowest, highest = np.full(len(small), np.iinfo(np.int32).max), np.zeros(len(small), np.int32)
    for offset in (-width, -1, 1, width):  # a hole does not touch the border of the image, so this stays inside
        beside = flat[at + offset]
        cell = beside > 0
        np.minimum.at(lowest, hole[cell], beside[cell])
        np.maximum.at(highest, hole[cell], beside[cell])
    filling = np.where(lowest == highest, highest, 0)
    result = labels.copy()
    result.ravel()[at] = filling[hole]
    return result


def _holes(mask: Mask, largest: float) -> tuple[Labels, Mask]:
    """Numbered pieces of background, and which of them are holes of at most so many pixels."""
    from scipy.ndimage import label

    pieces, n = label(~mask)
    small = np.bincount(pieces.ravel(), minlength=n + 1) <= largest
    small[0] = False
    small[at_border(pieces)] = False
    return pieces, small


def at_border(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Numbers of the parts that touch the border of the image."""
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).astype(np.int64)
    return np.flatnonzero(np.bincount(edges))


def highest_in(labels: NDArray[np.integer], values: NDArray[np.floating], n: int) -> NDArray[np.float64]:
    """Largest value within each part 0..n (part 0: minus infinity)."""
    inside = np.flatnonzero(labels)
    top = np.full(n + 1, -np.inf)
    np.maximum.at(top, labels.ravel()[inside], values.ravel()[inside])
    return top


def numbered(labels: NDArray[np.integer], keep: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Number the parts to keep from 1 in the order of their first pixel, row by row; the rest is background."""
    inside = np.flatnonzero(labels)
    first = np.full(len(keep), labels.size)
    first[labels.ravel()[inside[::-1]]] = inside[::-1]  # the last one written, the first pixel, stays
    first[~keep] = labels.size
    first[0] = labels.size
    n = int((first < labels.size).sum())
    number = np.zeros(len(keep), np.uint32)
    number[np.argsort(first, kind="stable")[:n]] = np.arange(1, n + 1, dtype=np.uint32)
    return np.asarray(number[labels])
