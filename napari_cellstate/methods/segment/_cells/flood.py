"""Watershed of a map whose hills are cells, with hills that no deep valley parts kept together (compiled)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]


@compiled
def flood(height: Floats, mask: NDArray[np.bool_], depth: float, levels: int) -> Labels:
    """Label the hills of a map.

    Pixels are taken from the highest to the lowest. One without a labelled neighbour begins a hill; one between two
    hills joins them, unless both rise at least `depth` above it: then there is the border.

    Parameters
    ----------
    height : (Y, X) from 0 to 1.
    mask : (Y, X), what belongs to cells at all.
    depth : least height of a hill over the pass to its neighbour.
    levels : in so many steps are heights told apart; those of equal height in the order of rows.

    Returns
    -------
    (Y, X) int32, numbered from 1 in the order of their first pixel; each is connected (by edges of pixels).
    """
    rows, columns = height.shape
    n = rows * columns
    level = np.empty(n, np.int32)
    count = np.zeros(levels + 1, np.int64)
    for y in range(rows):
        for x in range(columns):
            at = y * columns + x
            if mask[y, x]:
                value = min(max(height[y, x], np.float32(0)), np.float32(1))
                level[at] = levels - 1 - min(int(value * levels), levels - 1)
                count[level[at] + 1] += 1
            else:
                level[at] = -1
    for k in range(levels):
        count[k + 1] += count[k]
    order = np.empty(count[levels], np.int64)
    place = count[:levels].copy()
    for at in range(n):
        if level[at] >= 0:
            order[place[level[at]]] = at
            place[level[at]] += 1
    hill = np.zeros(n, np.int32)
    parent = np.empty(len(order) + 1, np.int32)
    top = np.empty(len(order) + 1, np.int32)
    hills = 0
    gap = int(depth * levels + 0.5)
    for at in order:
        y, x = at // columns, at % columns
        own = 0
        for k in range(4):
            yy = y + (k == 0) - (k == 1)
            xx = x + (k == 2) - (k == 3)
            if not (0 <= yy < rows and 0 <= xx < columns):
                continue
            one = hill[yy * columns + xx]
            if one == 0:
                continue
            while parent[one] != one:
                parent[one] = parent[parent[one]]
                one = parent[one]
            if own == 0:
                own = one
            elif own != one:
                high, low = (own, one) if top[own] <= top[one] else (one, own)
                if level[at] - top[low] < gap:
                    parent[low] = high
                own = high
        if own == 0:
            hills += 1
            own = hills
            parent[own] = own
            top[own] = level[at]
        hill[at] = own
    number = np.zeros(hills + 1, np.int32)
    found = 0
    out = np.zeros((rows, columns), np.int32)
    for y in range(rows):
        for x in range(columns):
            one = hill[y * columns + x]
            if one:
                while parent[one] != one:
                    one = parent[one]
                if number[one] == 0:
                    found += 1
                    number[one] = found
                out[y, x] = number[one]
    return out
