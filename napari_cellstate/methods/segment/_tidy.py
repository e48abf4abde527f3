"""Which parts of a mask are cells, and in which order they are numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def filled(mask: Mask, largest: float) -> Mask:
    """Fill holes of at most so many pixels; a larger one is background that cells stand around."""
    from scipy.ndimage import label

    holes, n = label(~mask)
    area = np.bincount(holes.ravel(), minlength=n + 1)
    fill = area <= largest
    fill[0] = False
    fill[at_border(holes)] = False
    return mask | fill[holes] if fill.any() else mask


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
