"""Cells from a flow field: every pixel goes to where the arrows lead it, pixels that meet are one cell (compiled)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]


@compiled
def follow(flow: Floats, mask: NDArray[np.bool_], step: float, doublings: int, reach: int) -> Labels:
    """Label pixels by where they end.

    Parameters
    ----------
    flow : (2, Y, X), y and x, at most about 1 long.
    mask : (Y, X), what belongs to cells at all.
    step : px that an arrow of length 1 leads on, less where that would leave the mask.
    doublings : each pixel takes 2^doublings steps (each doubling joins two ways into one).
    reach : ends at most so many px apart (along both axes) are one.

    Returns
    -------
    (Y, X) int32 from 1, in the order of their ends' first pixel.
    """
    rows, columns = mask.shape
    n = rows * columns
    to = np.empty(n, np.int64)
    for y in range(rows):
        for x in range(columns):
            at = y * columns + x
            to[at] = at
            down, right = flow[0, y, x], flow[1, y, x]
            if not mask[y, x] or down * down + right * right < 0.04:
                continue
            # A long step that leaves the cell is tried shorter, and last as the neighbour that lies best.
            long = np.float32(step)
            while long >= 1 and to[at] == at:
                yy, xx = math.floor(y + long * down + 0.5), math.floor(x + long * right + 0.5)
                if 0 <= yy < rows and 0 <= xx < columns and mask[yy, xx]:
                    to[at] = yy * columns + xx
                long -= np.float32(0.75)
            if to[at] == at:
                best = np.float32(0.5)
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        yy, xx = y + dy, x + dx
                        if 0 <= yy < rows and 0 <= xx < columns and mask[yy, xx] and (dy != 0 or dx != 0):
                            along = (dy * down + dx * right) / np.float32(math.sqrt(dy * dy + dx * dx))
                            if along > best:
                                best = along
                                to[at] = yy * columns + xx
    other = np.empty(n, np.int64)
    for _ in range(doublings):
        for at in range(n):
            other[at] = to[to[at]]
        to, other = other, to
    ends = np.zeros(n, np.bool_)
    for y in range(rows):
        for x in range(columns):
            if mask[y, x]:
                ends[to[y * columns + x]] = True
    group = np.zeros(n, np.int32)
    stack = np.empty(n, np.int64)
    groups = 0
    for start in range(n):
        if not ends[start] or group[start]:
            continue
        groups += 1
        group[start] = groups
        stack[0], left = start, 1
        while left:
            left -= 1
            at = stack[left]
            y, x = at // columns, at % columns
            for yy in range(max(y - reach, 0), min(y + reach + 1, rows)):
                for xx in range(max(x - reach, 0), min(x + reach + 1, columns)):
                    near = yy * columns + xx
                    if ends[near] and group[near] == 0:
                        group[near] = groups
                        stack[left] = near
                        left += 1
    out = np.zeros((rows, columns), np.int32)
    for y in range(rows):
        for x in range(columns):
            if mask[y, x]:
                out[y, x] = group[to[y * columns + x]]
    return out
