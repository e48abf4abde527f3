"""Sums over the pixels of all cells, each in one pass in raster order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def sum_moments(cell: Ints, row: Ints, column: Ints, y: Floats, x: Floats) -> Floats:
    """Sums of dy^2, dy dx and dx^2 around (y, x) of each cell, (3, N)."""
    sums = np.zeros((3, len(y)))
    for p in range(len(cell)):
        i = cell[p]
        dy, dx = row[p] - y[i], column[p] - x[i]
        sums[0, i] += dy * dy
        sums[1, i] += dy * dx
        sums[2, i] += dx * dx
    return sums


@compiled
def sum_squares(cell: Ints, values: Floats, mean: Floats) -> Floats:
    """Sum of (value - mean of its cell)^2 over the pixels of each cell, (N,)."""
    sums = np.zeros(len(mean))
    for p in range(len(cell)):
        away = values[p] - mean[cell[p]]
        sums[cell[p]] += away * away
    return sums


@compiled
def sum_outlines(image: NDArray[np.int32], pixel: Ints, lengths: Floats, n: int) -> Floats:
    """Sum over border pixels of a length by how their border neighbours lie, (N,).

    Parameters
    ----------
    image : (Y, X), cells numbered 1..N, with an empty row or column at each side.
    pixel : (P,) flat indices of the cells' pixels.
    lengths : (50,), by 1 + 2 for each neighbour beside + 10 for each diagonal one.
    """
    width, flat = image.shape[1], image.ravel()
    border = np.zeros(len(flat), np.int32)
    for at in pixel:
        own = flat[at]
        if flat[at - width] != own or flat[at - 1] != own or flat[at + 1] != own or flat[at + width] != own:
            border[at] = own
    sums = np.zeros(n)
    for at in pixel:
        own = border[at]
        if own == 0:
            continue
        code = 1
        for offset in (-width, -1, 1, width):
            code += 2 * (border[at + offset] == own)
        for offset in (-width - 1, -width + 1, width - 1, width + 1):
            code += 10 * (border[at + offset] == own)
        sums[own - 1] += lengths[code]
    return sums


@compiled
def collect(flat: NDArray[np.uint32], number: Ints, pixel: Ints, cell: Ints) -> None:
    """Index and cell of every pixel that belongs to one; `number` says which cell a label is."""
    n = 0
    for at in range(len(flat)):
        if flat[at]:
            pixel[n], cell[n] = at, number[flat[at]]
            n += 1


@compiled
def count_labels(flat: NDArray[np.uint32], largest: int) -> Ints:
    """Pixels of each label up to the largest, (largest + 1,)."""
    count = np.zeros(largest + 1, np.int64)
    for value in flat:
        count[value] += 1
    return count
