"""Background around each cell; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]


@compiled
def ring_medians(
    image: Places, begin: Ints, y: Places, x: Places, plane: NDArray[np.generic], near: int, far: int, fewest: int
) -> Floats:
    """Median brightness of the background around each cell, (N,), NaN where fewer than `fewest` pixels are there.

    Parameters
    ----------
    image : (Y + 2, X + 2), cells numbered 1..N inside an empty border.
    begin, y, x : the pixels of each cell.
    plane : (Y, X), a channel.
    near, far : the ring lies more than `near` and at most `far` px from the cell, in steps to the 4 and to the 8
        neighbours by turns (an octagon). A pixel belongs to the nearest cell, of two equally near ones to that with
        the smaller label.
    """
    width, owner = image.shape[1], image.copy()
    owner[0], owner[-1], owner[:, 0], owner[:, -1] = -1, -1, -1, -1
    flat = owner.ravel()
    front = np.empty(len(flat), np.int64)
    stop = 0
    for p in range(len(y)):
        at = (y[p] + 1) * width + x[p] + 1
        if flat[at - width] == 0 or flat[at - 1] == 0 or flat[at + 1] == 0 or flat[at + width] == 0:
            front[stop], stop = at, stop + 1
    cells, start, kept = len(begin) - 1, 0, stop
    around = (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
    for layer in range(1, far + 1):
        end = stop
        for nth in range(start, end):
            at = front[nth]
            for which in range(4 if layer % 2 else 8):
                beside = at + around[which]
                if flat[beside] == 0:
                    flat[beside], front[stop], stop = flat[at], beside, stop + 1
        start = end
        if layer == near:
            kept = stop
    first = np.zeros(cells + 1, np.int64)
    for nth in range(kept, stop):
        first[flat[front[nth]]] += 1
    first = np.cumsum(first)
    place, values = first.copy(), np.empty(stop - kept)
    for nth in range(kept, stop):
        own = flat[front[nth]] - 1
        values[place[own]] = plane[front[nth] // width - 1, front[nth] % width - 1]
        place[own] += 1
    out = np.full(cells, np.nan)
    for i in range(cells):
        if first[i + 1] - first[i] >= fewest:
            out[i] = np.median(values[first[i] : first[i + 1]])
    return out
