"""All 79 columns of many tracks, in blocks over threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.features._heteromotility.displacements import fill_displacements
from napari_cellstate.methods.features._heteromotility.distances import fill_distances
from napari_cellstate.methods.features._heteromotility.moving import fill_moving
from napari_cellstate.methods.features._heteromotility.msd import fill_msd
from napari_cellstate.methods.features._heteromotility.names import FEATURES
from napari_cellstate.methods.features._heteromotility.reasons import EMPTY, GAP
from napari_cellstate.methods.features._heteromotility.turns import fill_turns
from napari_cellstate.methods.features._heteromotility.walks import expected_linearity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

BLOCK = 2000
"""Tracks between two looks at whether to stop."""


def fill_table(at: Floats, start: Ints, count: Ints, lag: int, runtime: Runtime) -> tuple[Floats, Codes]:
    """Describe tracks that lie one after the other.

    Parameters
    ----------
    at : (M, 2), positions (y, x), px.
    start, count : (N,), where in `at` each track begins, and its number of positions.
    lag : frames over which `avg_moving_speed` and `time_moving` take the speed.

    Returns
    -------
    values, reasons : (N, 79); a position that is not finite makes all of its track NaN.
    """
    y, x = np.ascontiguousarray(at[:, 0]), np.ascontiguousarray(at[:, 1])
    missing = np.append(0, np.cumsum(~(np.isfinite(y) & np.isfinite(x))))
    gap = missing[start + count] > missing[start]
    values = np.full((len(start), len(FEATURES)), np.nan)
    reasons = np.zeros(values.shape, np.uint8)
    reasons[count == 0], reasons[gap] = EMPTY, GAP
    used = np.where(gap, 0, count)

    def fill(rows: slice) -> None:
        of = (y, x, start[rows], used[rows])
        fill_distances(*of, expected_linearity(used[rows]), values[rows], reasons[rows])
        fill_msd(*of, values[rows], reasons[rows])
        fill_displacements(*of, values[rows], reasons[rows])
        fill_moving(*of, lag, values[rows], reasons[rows])
        fill_turns(*of, values[rows], reasons[rows])

    threads, n = max(1, runtime.threads), len(start)
    size = min(BLOCK, -(-n // threads)) or 1
    blocks = [slice(begin, min(begin + size, n)) for begin in range(0, n, size)]
    runtime.progress(0, n, "features")
    with ThreadPoolExecutor(threads) as pool:
        for begin in range(0, len(blocks), threads):
            some = blocks[begin : begin + threads]
            list(pool.map(fill, some))
            runtime.progress(some[-1].stop, n, "features")
    return values, reasons
