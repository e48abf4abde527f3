"""MSD_slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._heteromotility.names import AT
from napari_cellstate.methods.features._heteromotility.reasons import TOO_SHORT, ZERO_MSD

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

SLOPE = AT["MSD_slope"]
LAGS = 30
ROUNDING = 1e-12
"""A distance below this part of the largest coordinate is 0."""


@compiled
def _slope(y: Floats, x: Floats, lags: int, log_lag: Floats) -> float:
    """Slope of ln MSD on ln lag; NaN where an MSD is 0 but for rounding, inf where there is one lag."""
    logs = np.empty(lags)
    zero = (ROUNDING * max(np.abs(x).max(), np.abs(y).max())) ** 2
    for lag in range(1, lags + 1):
        total = 0.0
        for t in range(len(x) - lag):
            total += (x[t + lag] - x[t]) ** 2 + (y[t + lag] - y[t]) ** 2
        if total <= zero * (len(x) - lag):
            return np.nan
        logs[lag - 1] = np.log(total / (len(x) - lag))
    around = log_lag[:lags] - log_lag[:lags].mean()
    return (around * logs).sum() / (around * around).sum() if lags > 1 else np.inf


@compiled
def fill_msd(y: Floats, x: Floats, start: Ints, count: Ints, out: Floats, why: Codes) -> None:
    """Slope of each track over lags 1 to 30, or all that it has."""
    log_lag = np.log(np.arange(1.0, LAGS + 1))
    for row in range(len(start)):
        n = count[row]
        if n == 0:
            continue
        if n == 1:
            why[row, SLOPE] = TOO_SHORT
            continue
        slope = _slope(y[start[row] : start[row] + n], x[start[row] : start[row] + n], min(n - 1, LAGS), log_lag)
        if np.isnan(slope):
            out[row, SLOPE], why[row, SLOPE] = 0.0, ZERO_MSD
        elif np.isinf(slope):
            why[row, SLOPE] = TOO_SHORT
        else:
            out[row, SLOPE] = slope
