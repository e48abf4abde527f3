"""p_rturn and theta: where the cell goes beside a line through the positions around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._heteromotility.names import AT, PAIRS
from napari_cellstate.methods.features._heteromotility.reasons import NO_TURNS, TOO_SHORT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

RIGHT, THETA = AT["p_rturn_9_5"], AT["mean_theta_9_5"]
ROUNDING = 1e-12
"""Coordinates that differ by less than this part of the largest are the same."""
SHORTEST = 20
"""A shorter track has other columns in the original tool (one lag of 6 frames), which are not made here."""
ALL_FRAMES = 30
"""Up to this many positions every frame is looked at, beyond it every third."""


@compiled
def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept by least squares; slope NaN where x never changes."""
    n = len(x)
    mean_x, mean_y, differs = 0.0, 0.0, False
    for at in range(n):
        mean_x, mean_y, differs = mean_x + x[at], mean_y + y[at], differs or x[at] != x[0]
    mean_x, mean_y = mean_x / n, mean_y / n
    xx, xy = 0.0, 0.0
    for at in range(n):
        xx += (x[at] - mean_x) ** 2
        xy += (x[at] - mean_x) * (y[at] - mean_y)
    slope = xy / xx if differs and xx > 0 else np.nan
    return slope, mean_y - slope * mean_x


@compiled
def _turns(y: Floats, x: Floats, tau: int, reach: int, found: Floats) -> bool:
    """Part of right turns and mean, least and greatest angle, into `found`; False if there is no angle.

    As in the original, an angle whose cosine rounding takes beyond 1 is left out but its turn is not, and where no
    angle is left, one half turn is added.
    """
    turns, right, angles, total, least, greatest = 0, 0.0, 0, 0.0, np.inf, -np.inf
    close = ROUNDING * np.abs(x).max()
    for n in range(reach, len(x) - tau):
        if len(x) > ALL_FRAMES and n % 3 != 0:
            continue
        along = x[n + tau] - x[n]
        if abs(along) <= close:
            continue
        slope, intercept = _line(x[n - reach : n + reach], y[n - reach : n + reach])
        if np.isnan(slope):
            continue
        below = not (slope * x[n + tau] + intercept < y[n + tau])
        turns, right = turns + 1, right + (1.0 if below == (along > 0) else 0.0)
        way = (y[n + tau] - y[n]) / along
        cosine = (1 + slope * way) / (np.sqrt(1 + slope * slope) * np.sqrt(1 + way * way))
        if abs(cosine) > 1:
            continue
        angle = np.arccos(cosine)
        angles, total = angles + 1, total + angle
        least, greatest = min(least, angle), max(greatest, angle)
    if angles == 0:
        found[0], found[1:] = (right + 0.5) / (turns + 1), 0.0
        return False
    found[0], found[1], found[2], found[3] = right / turns, total / angles, least, greatest
    return True


@compiled
def fill_turns(y: Floats, x: Floats, start: Ints, count: Ints, out: Floats, why: Codes) -> None:
    """All columns of this file for each track."""
    found = np.empty(4)
    for row in range(len(start)):
        n = count[row]
        if n == 0:
            continue
        if n < SHORTEST:
            why[row, RIGHT : RIGHT + 4 * len(PAIRS)] = TOO_SHORT
            continue
        py, px = y[start[row] : start[row] + n], x[start[row] : start[row] + n]
        for nth in range(len(PAIRS)):
            angle = _turns(py, px, PAIRS[nth][0], PAIRS[nth][1], found)
            out[row, RIGHT + nth] = found[0]
            out[row, THETA + 3 * nth : THETA + 3 * nth + 3] = found[1:]
            if not angle:
                why[row, RIGHT + nth] = NO_TURNS
                why[row, THETA + 3 * nth : THETA + 3 * nth + 3] = NO_TURNS
