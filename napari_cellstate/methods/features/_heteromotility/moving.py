"""avg_moving_speed and time_moving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._heteromotility.names import AT
from napari_cellstate.methods.features._heteromotility.reasons import NEVER_FAST, TOO_SHORT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

MEAN, TIME = AT["avg_moving_speed01"], AT["time_moving01"]
FASTEST = 10


@compiled
def fill_moving(y: Floats, x: Floats, start: Ints, count: Ints, lag: int, out: Floats, why: Codes) -> None:
    """Mean of the speeds over `lag` frames above 1, 2, ... 10 px/frame, and their part, for each track."""
    for row in range(len(start)):
        n, first = count[row] - lag, start[row]
        if count[row] == 0:
            continue
        if n < 1:
            why[row, MEAN : MEAN + FASTEST] = TOO_SHORT
            why[row, TIME : TIME + FASTEST] = TOO_SHORT
            continue
        total, above = np.zeros(FASTEST), np.zeros(FASTEST)
        for t in range(first, first + n):
            speed = np.sqrt((x[t + lag] - x[t]) ** 2 + (y[t + lag] - y[t]) ** 2) / lag
            for nth in range(FASTEST):
                if speed <= nth + 1:
                    break
                total[nth] += speed
                above[nth] += 1
        for nth in range(FASTEST):
            out[row, TIME + nth] = above[nth] / n
            out[row, MEAN + nth] = total[nth] / above[nth] if above[nth] else 0.0
            why[row, MEAN + nth] = 0 if above[nth] else NEVER_FAST
