"""Compiled passes over the pixels of all cells: those of one cell lie next to each other, in raster order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

SUMS = ("top", "left", "bottom", "right", "y", "x", "yy", "yx", "xx", "yyy", "yyx", "yxx", "xxx")
"""Columns of `sum_shapes`: box (both ends included), centroid, then central moments divided by the area."""

BRIGHTNESS = ("mean", "sd", "min", "max", "median", "y", "x")
"""Columns of `sum_brightness`: `y` and `x` are the centroid weighted by the brightness."""


@compiled
def count_labels(labels: NDArray[np.uint32], largest: int) -> Ints:
    """Pixels of each label up to the largest, (largest + 1,)."""
    count = np.zeros(largest + 1, np.int64)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            count[labels[row, column]] += 1
    return count


@compiled
def collect(labels: NDArray[np.uint32], number: Places, begin: Ints, image: Places, y: Places, x: Places) -> None:
    """Row and column of every pixel of cells, cell after cell.

    Parameters
    ----------
    number : which cell a label is, from 1.
    begin : (N + 1,), where the pixels of each cell begin in y and x.
    image : (Y + 2, X + 2) of 0, filled with the number of the cell of each pixel inside an empty border.
    """
    at = begin.copy()
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            if labels[row, column]:
                cell = number[labels[row, column]]
                image[row + 1, column + 1] = cell
                y[at[cell - 1]], x[at[cell - 1]] = row, column
                at[cell - 1] += 1


@compiled
def sum_shapes(begin: Ints, y: Places, x: Places) -> Floats:
    """Box, centroid and central moments of each cell, (N, 13) as `SUMS`."""
    out = np.empty((len(begin) - 1, 13))
    for i in range(len(begin) - 1):
        a, b = begin[i], begin[i + 1]
        n, left, right, rows, columns = b - a, x[a], x[a], 0, 0
        for p in range(a, b):
            rows, columns = rows + y[p], columns + x[p]
            left, right = min(left, x[p]), max(right, x[p])
        cy, cx = rows / n, columns / n
        yy, yx, xx, yyy, yyx, yxx, xxx = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for p in range(a, b):
            dy, dx = y[p] - cy, x[p] - cx
            dyy, dyx, dxx = dy * dy, dy * dx, dx * dx
            yy, yx, xx = yy + dyy, yx + dyx, xx + dxx
            yyy, yyx, yxx, xxx = yyy + dyy * dy, yyx + dyy * dx, yxx + dy * dxx, xxx + dxx * dx
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = y[a], left, y[b - 1], right
        out[i, 4], out[i, 5], out[i, 6], out[i, 7], out[i, 8] = cy, cx, yy / n, yx / n, xx / n
        out[i, 9], out[i, 10], out[i, 11], out[i, 12] = yyy / n, yyx / n, yxx / n, xxx / n
    return out


@compiled
def gather(begin: Ints, y: Places, x: Places, plane: NDArray[np.generic]) -> Floats:
    """Brightness of each pixel of cells, (P,)."""
    values = np.empty(len(y))
    for p in range(len(y)):
        values[p] = plane[y[p], x[p]]
    return values


@compiled
def sum_brightness(begin: Ints, y: Places, x: Places, values: Floats) -> Floats:
    """Statistics of the values (P,) of each cell, (N, 7) as `BRIGHTNESS`; NaN where a weighted centroid is none."""
    out = np.full((len(begin) - 1, 7), np.nan)
    for i in range(len(begin) - 1):
        a, b = begin[i], begin[i + 1]
        total, least, most, rows, columns = 0.0, values[a], values[a], 0.0, 0.0
        for p in range(a, b):
            value = values[p]
            total, least, most = total + value, min(least, value), max(most, value)
            rows, columns = rows + value * y[p], columns + value * x[p]
        mean, squares = total / (b - a), 0.0
        for p in range(a, b):
            squares += (values[p] - mean) ** 2
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = mean, np.sqrt(squares / (b - a)), least, most
        out[i, 4] = np.median(values[a:b])
        if total > 0:
            out[i, 5], out[i, 6] = rows / total, columns / total
    return out
