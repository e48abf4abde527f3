"""Area of convex hulls of all cells of a frame, in whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Ints = NDArray[np.int64]

NONE = 1 << 40


@compiled
def _envelope(x: Ints, chain: Ints) -> int:
    """Places of the lower convex envelope of x over 0, 1, ... (`NONE` where there is no point), into `chain`."""
    n = 0
    for at in range(len(x)):
        if x[at] == NONE:
            continue
        while n > 1:
            a, b = chain[n - 2], chain[n - 1]
            if (x[b] - x[a]) * (at - a) < (x[at] - x[a]) * (b - a):
                break
            n -= 1
        chain[n] = at
        n += 1
    return n


@compiled
def _first_columns(x: Ints, chain: Ints, n: int, rows: int, out: Ints) -> None:
    """The least whole column in each row on or right of the envelope; places of `x` are half rows, x half columns."""
    edge = 0
    for row in range(rows):
        at = 2 * row + 1
        while edge < n - 2 and chain[edge + 1] < at:
            edge += 1
        a, b = chain[edge], chain[edge + 1]
        above, below = x[a] * (b - a) + (x[b] - x[a]) * (at - a), 2 * (b - a)
        out[row] = -((-above) // below)


@compiled
def hull_areas(begin: Ints, row: NDArray[np.int32], column: NDArray[np.int32]) -> Ints:
    """Pixels whose middle is in or on the convex hull of each cell's pixels, each pixel a diamond.

    Parameters
    ----------
    begin : (N + 1,) where the pixels of each cell begin.
    row, column : (P,) of every pixel, in raster order within a cell.

    Notes
    -----
    As `skimage.morphology.convex_hull_image`: the hull is that of the middles of all pixel sides. In half pixels all
    its corners are whole numbers, so that nothing is rounded.
    """
    cells = len(begin) - 1
    areas = np.zeros(cells, np.int64)
    for i in range(cells):
        top, n = row[begin[i]], row[begin[i + 1] - 1] - row[begin[i]] + 1
        sides = np.full((2, 2 * n + 1), NONE)  # the right side is the left one of the mirror image
        for p in range(begin[i], begin[i + 1]):
            ends = (p == begin[i] or row[p - 1] != row[p]), (p + 1 == begin[i + 1] or row[p + 1] != row[p])
            for side in range(2):
                if ends[side]:
                    at, x = 2 * (row[p] - top), 2 * column[p] if side == 0 else -2 * column[p]
                    sides[side, at] = min(sides[side, at], x)
                    sides[side, at + 1] = min(sides[side, at + 1], x - 1)
                    sides[side, at + 2] = min(sides[side, at + 2], x)
        chain, bounds = np.empty(2 * n + 1, np.int64), np.empty((2, n), np.int64)
        for side in range(2):
            corners = _envelope(sides[side], chain)
            _first_columns(sides[side], chain, corners, n, bounds[side])
        areas[i] = (-bounds[1] - bounds[0] + 1).sum()
    return areas
