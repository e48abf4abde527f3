"""Columns of the displacements' distribution and order: Hurst, non-Gaussian parameter, moments, autocorrelation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._heteromotility.names import AT
from napari_cellstate.methods.features._heteromotility.reasons import (
    CONSTANT_STEPS,
    FEW_STEPS,
    NO_MOTION,
    ROUNDING,
    TOO_SHORT,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

HURST, NONGAUSS, VARIANCE, SKEWNESS = AT["hurst_RS"], AT["nongauss"], AT["disp_var"], AT["disp_skew"]
KURTOSIS, AUTOCORRELATION = AT["rw_kurtosis01"], AT["autocorr_1"]
LAGS = 10
NOISE = 1e-9
"""Steps whose spread is below this part of their mean differ by rounding alone."""


@compiled
def _displacements(y: Floats, x: Floats, lag: int) -> Floats:
    """Lengths of the displacements from positions 1, 1 + lag, ... (the first step is left out, as in the original)."""
    n = max(0, (len(x) - 2) // lag)
    found = np.empty(n)
    for at in range(n):
        a = 1 + at * lag
        found[at] = np.sqrt((x[a + lag] - x[a]) ** 2 + (y[a + lag] - y[a]) ** 2)
    return found


@compiled
def _spread_code(steps: Floats) -> int:
    """Whether the lengths are all the same, or but for rounding."""
    if steps.min() == steps.max():
        return CONSTANT_STEPS
    return ROUNDING if steps.std() <= NOISE * steps.mean() else 0


@compiled
def _rescaled_range(steps: Floats, n: int) -> float:
    """Mean R/S over windows of n that end to end fill the series, those without spread left out; NaN for none."""
    total, used = 0.0, 0
    for begin in range(0, len(steps) // n * n, n):
        part = steps[begin : begin + n]
        sd = part.std()
        if sd <= 0:
            continue
        level, low, high, mean = 0.0, np.inf, -np.inf, part.mean()
        for value in part:
            level += value - mean
            low, high = min(low, level), max(high, level)
        total, used = total + (high - low) / sd, used + 1
    return total / used if used else np.nan


@compiled
def _hurst(steps: Floats) -> float:
    """Slope of ln R/S on ln n for n = L, L/2, L/4, ... down to 3 or more; inf for a single n."""
    halvings = 0
    while len(steps) // 2**halvings > 1:
        halvings += 1
    sizes = halvings - 1
    if sizes < 2:
        return np.inf
    log_n, log_rs = np.empty(sizes), np.empty(sizes)
    for nth in range(sizes):
        n = len(steps) // 2**nth
        log_n[nth], log_rs[nth] = np.log(n), np.log(_rescaled_range(steps, n))
    around = log_n - log_n.mean()
    slope: float = (around * log_rs).sum() / (around * around).sum()
    return slope


@compiled
def _fill_order(steps: Floats, code: int, out: Floats, why: Codes) -> None:
    """Hurst exponent and autocorrelation: columns that need the steps to differ."""
    n = len(steps)
    for lag in range(1, LAGS + 1):
        why[AUTOCORRELATION + lag - 1] = TOO_SHORT if lag >= n else code
    hurst = _hurst(steps)
    why[HURST] = TOO_SHORT if np.isinf(hurst) else code
    if code == CONSTANT_STEPS:
        return
    if not np.isinf(hurst):
        out[HURST] = hurst
        if np.isnan(hurst):
            why[HURST] = CONSTANT_STEPS
    around = steps - steps.mean()
    variance = (around * around).mean()
    for lag in range(1, min(LAGS, n - 1) + 1):
        out[AUTOCORRELATION + lag - 1] = (around[lag:] * around[: n - lag]).sum() / (n - lag) / variance


@compiled
def _fill_shape(steps: Floats, code: int, out: Floats, why: Codes) -> None:
    """Variance, skewness and non-Gaussian parameter of the step lengths."""
    square = (steps * steps).mean()
    if square > 0:
        out[NONGAUSS] = (steps**4).mean() / (3 * square * square) - 1
    else:
        why[NONGAUSS] = NO_MOTION
    why[SKEWNESS] = code
    if code == CONSTANT_STEPS:
        out[VARIANCE] = out[SKEWNESS] = 0.0
        return
    around = steps - steps.mean()
    out[VARIANCE] = (around * around).mean()
    out[SKEWNESS] = (around**3).mean() / out[VARIANCE] ** 1.5


@compiled
def _fill_kurtosis(steps: Floats, at: int, out: Floats, why: Codes) -> None:
    """Excess kurtosis, -3 where all lengths are the same."""
    if len(steps) == 0:
        why[at] = TOO_SHORT
        return
    code = _spread_code(steps)
    why[at] = FEW_STEPS if len(steps) < 3 else code
    if code == CONSTANT_STEPS:
        out[at] = -3.0
        return
    around = steps - steps.mean()
    out[at] = (around**4).mean() / (around * around).mean() ** 2 - 3


@compiled
def fill_displacements(y: Floats, x: Floats, start: Ints, count: Ints, out: Floats, why: Codes) -> None:
    """All columns of this file for each track."""
    for row in range(len(start)):
        n = count[row]
        if n == 0:
            continue
        py, px = y[start[row] : start[row] + n], x[start[row] : start[row] + n]
        steps = _displacements(py, px, 1)
        for lag in range(1, LAGS + 1):
            _fill_kurtosis(_displacements(py, px, lag), KURTOSIS + lag - 1, out[row], why[row])
        if len(steps) == 0:
            for at in (HURST, NONGAUSS, VARIANCE, SKEWNESS):
                why[row, at] = TOO_SHORT
            why[row, AUTOCORRELATION : AUTOCORRELATION + LAGS] = TOO_SHORT
            continue
        code = _spread_code(steps)
        _fill_shape(steps, code, out[row], why[row])
        _fill_order(steps, code, out[row], why[row])
