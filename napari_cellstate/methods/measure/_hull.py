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
def hull_areas(cell: Ints, row: Ints, column: Ints, top: Ints, bottom: Ints) -> Ints:
    """Pixels whose middle is in or on the convex hull of each cell's pixels, each pixel a diamond.

    Parameters
    ----------
    cell, row, column : (P,) of every pixel.
    top, bottom : (N,) first and last row of each cell.

    Notes
    -----
    As `skimage.morphology.convex_hull_image`: the hull is that of the middles of all pixel sides. In half pixels all
    its corners are whole numbers, so that nothing is rounded.
    """
    rows = bottom - top + 1
    begin = np.cumsum(rows) - rows
    first, last = np.full(rows.sum(), NONE), np.full(rows.sum(), -NONE)
    for p in range(len(cell)):
        at = begin[cell[p]] + row[p] - top[cell[p]]
        first[at], last[at] = min(first[at], column[p]), max(last[at], column[p])
    areas = np.zeros(len(rows), np.int64)
    for i in range(len(rows)):
        n = rows[i]
        sides = np.full((2, 2 * n + 1), NONE)
        for r in range(n):
            if first[begin[i] + r] == NONE:
                continue
            for side in range(2):  # the right side is the left one of the mirror image
                x = 2 * first[begin[i] + r] if side == 0 else -2 * last[begin[i] + r]
                sides[side, 2 * r + 1] = min(sides[side, 2 * r + 1], x - 1)
                for at in (2 * r, 2 * r + 2):
                    sides[side, at] = min(sides[side, at], x)
        chain, bounds = np.empty(2 * n + 1, np.int64), np.empty((2, n), np.int64)
        for side in range(2):
            corners = _envelope(sides[side], chain)
            _first_columns(sides[side], chain, corners, n, bounds[side])
        areas[i] = (-bounds[1] - bounds[0] + 1).sum()
    return areas
