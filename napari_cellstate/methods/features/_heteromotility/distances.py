"""Columns of the whole path: distances, linearity, speeds over four frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._heteromotility.names import AT
from napari_cellstate.methods.features._heteromotility.reasons import CONSTANT_AXIS, NO_MOTION, TOO_SHORT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

TOTAL, NET, LINEARITY, SPEARMAN = AT["total_distance"], AT["net_distance"], AT["linearity"], AT["spearmanrsq"]
PROGRESSIVITY, FASTEST, SLOWEST, SPEED = AT["progressivity"], AT["max_speed"], AT["min_speed"], AT["avg_speed"]
RW_LINEARITY, RW_NET = AT["rw_linearity"], AT["rw_netdist"]
ROUNDING = 1e-12
"""Coordinates that differ by less than this part of the largest are the same."""


@compiled
def _ranks(values: Floats) -> Floats:
    """Ranks from 1, values that are equal but for rounding share their mean rank."""
    n = len(values)
    order = np.argsort(values)
    close = ROUNDING * max(abs(values[order[0]]), abs(values[order[-1]]))
    ranks = np.empty(n)
    begin = 0
    while begin < n:
        end = begin + 1
        while end < n and values[order[end]] - values[order[end - 1]] <= close:
            end += 1
        for at in range(begin, end):
            ranks[order[at]] = (begin + end + 1) / 2
        begin = end
    return ranks


@compiled
def _r_squared(x: Floats, y: Floats) -> float:
    """Squared correlation, at most 1."""
    x, y = x - x.mean(), y - y.mean()
    xy = (x * y).sum()
    r: float = xy / np.sqrt((x * x).sum() * (y * y).sum())
    return min(r * r, 1.0)


@compiled
def _fill_lines(y: Floats, x: Floats, expected: float, out: Floats, why: Codes) -> None:
    """Both linearities; the original has no slope, so no linearity, where x never changes."""
    still_x, still_y = x.min() == x.max(), y.min() == y.max()
    if still_x or still_y:
        why[LINEARITY] = why[RW_LINEARITY] = why[SPEARMAN] = CONSTANT_AXIS
        out[SPEARMAN] = 0.0
        if not still_x:
            out[LINEARITY], out[RW_LINEARITY] = 0.0, -expected
        return
    out[LINEARITY] = _r_squared(x, y)
    out[RW_LINEARITY] = out[LINEARITY] - expected
    out[SPEARMAN] = _r_squared(_ranks(x), _ranks(y))


@compiled
def _fill_extremes(y: Floats, x: Floats, out: Floats, why: Codes) -> None:
    """Greatest and least displacement over 4 frames, over 5."""
    if len(x) < 5:
        why[FASTEST] = why[SLOWEST] = TOO_SHORT
        return
    fastest, slowest = -np.inf, np.inf
    for t in range(len(x) - 4):
        speed = np.sqrt((x[t + 4] - x[t]) ** 2 + (y[t + 4] - y[t]) ** 2) / 5
        fastest, slowest = max(fastest, speed), min(slowest, speed)
    out[FASTEST], out[SLOWEST] = fastest, slowest


@compiled
def fill_distances(y: Floats, x: Floats, start: Ints, count: Ints, expected: Floats, out: Floats, why: Codes) -> None:
    """Distances and speeds of each track; `expected` is the linearity of a random walk of its length."""
    for row in range(len(start)):
        n = count[row]
        if n == 0:
            continue
        py, px = y[start[row] : start[row] + n], x[start[row] : start[row] + n]
        total = 0.0
        for t in range(n - 1):
            total += np.sqrt((px[t + 1] - px[t]) ** 2 + (py[t + 1] - py[t]) ** 2)
        net = np.sqrt((px[n - 1] - px[0]) ** 2 + (py[n - 1] - py[0]) ** 2)
        out[row, TOTAL], out[row, NET] = total, net
        if n > 1:
            out[row, SPEED] = total / (n - 1)
            out[row, RW_NET] = net - np.sqrt(2.0) * total / (n - 1) * np.sqrt(float(n))
        else:
            why[row, SPEED] = why[row, RW_NET] = TOO_SHORT
        if total > 0:
            out[row, PROGRESSIVITY] = net / total
        else:
            why[row, PROGRESSIVITY] = NO_MOTION
        _fill_lines(py, px, expected[row], out[row], why[row])
        _fill_extremes(py, px, out[row], why[row])
