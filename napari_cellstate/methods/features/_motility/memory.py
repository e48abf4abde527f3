"""How long steps remember: Hurst exponents and the spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._motility.names import AT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RS, DFA, SPECTRUM = AT["hurst_rs"], AT["hurst_dfa"], AT["spectral_slope"]
SHORTEST = 32
SMALLEST = 4


@compiled
def _slope(x: Floats, y: Floats) -> float:
    """Least squares, over the entries that are there; NaN for fewer than two or no spread."""
    there = np.isfinite(x) & np.isfinite(y)
    if there.sum() < 2:
        return np.nan
    x, y = x[there] - x[there].mean(), y[there]
    slope: float = (x * y).sum() / (x * x).sum()
    return slope


@compiled
def _rescaled_range(dy: Floats, dx: Floats, n: int) -> float:
    """Mean R/S over blocks of n steps: R is the diameter of the path less its mean drift, S the steps' spread."""
    total, used = 0.0, 0
    for begin in range(0, len(dx) // n * n, n):
        v, u = (
            dy[begin : begin + n] - dy[begin : begin + n].mean(),
            dx[begin : begin + n] - dx[begin : begin + n].mean(),
        )
        spread = np.sqrt((v * v + u * u).mean())
        if not spread > 0:
            continue
        py, px, widest = np.cumsum(v), np.cumsum(u), 0.0
        for a in range(n):
            for b in range(a):
                widest = max(widest, (py[a] - py[b]) ** 2 + (px[a] - px[b]) ** 2)
        total, used = total + np.sqrt(widest) / spread, used + 1
    return total / used if used else np.nan


@compiled
def _residual(values: Floats) -> float:
    """Mean squared distance from a straight line in time."""
    n = len(values)
    t = np.arange(n) - (n - 1) / 2
    around = values - values.mean()
    slope = (t * around).sum() / (t * t).sum()
    left: float = ((around - slope * t) ** 2).mean()
    return left


@compiled
def _fluctuation(y: Floats, x: Floats, n: int) -> float:
    """Root mean square distance from straight pieces of n positions."""
    total, used = 0.0, 0
    for begin in range(0, len(x) // n * n, n):
        total, used = total + _residual(y[begin : begin + n]) + _residual(x[begin : begin + n]), used + 1
    root: float = np.sqrt(total / used)
    return root


@compiled
def _exponents(y: Floats, x: Floats) -> tuple[float, float]:
    """Hurst exponents by R/S and by DFA, block sizes from 4 to a quarter, each about 1.4 times the one before."""
    dy, dx = y[1:] - y[:-1], x[1:] - x[:-1]
    log_n, log_rs, log_f = np.full(32, np.nan), np.full(32, np.nan), np.full(32, np.nan)
    size, nth = float(SMALLEST), 0
    while size <= len(x) // 4 and nth < 32:
        n = int(size)
        log_n[nth] = np.log(n)
        log_rs[nth] = np.log(_rescaled_range(dy, dx, n))
        f = _fluctuation(y, x, n)
        log_f[nth] = np.log(f) if f > 0 else np.nan
        size, nth = size * np.sqrt(2.0), nth + 1
    return _slope(log_n, log_rs), _slope(log_n, log_f)


@compiled
def fill_exponents(y: Floats, x: Floats, first: Ints, frames: Ints, out: Floats) -> None:
    """Hurst exponents for paths y, x (N, W) that begin at `first`, span `frames` and have no gap."""
    for row in range(len(x)):
        py, px = y[row, first[row] : first[row] + frames[row]], x[row, first[row] : first[row] + frames[row]]
        if frames[row] < SHORTEST or np.isnan(py).any() or np.isnan(px).any():
            continue
        out[row, RS], out[row, DFA] = _exponents(py, px)


def fill_spectrum(y: Floats, x: Floats, first: Ints, frames: Ints, out: Floats) -> None:
    """Spectral slope, for paths of one length at a time."""
    for n in np.unique(frames[frames >= SHORTEST]):
        rows = np.flatnonzero(frames == n)
        at = first[rows, None] + np.arange(n)
        steps = np.diff(np.stack([y[rows[:, None], at], x[rows[:, None], at]]), axis=-1)
        power = (np.abs(np.fft.rfft(steps - steps.mean(-1, keepdims=True))) ** 2).sum(0)[:, 1:]
        log_f = np.log(np.arange(1, power.shape[1] + 1))
        around = log_f - log_f.mean()
        defined = (power > 1e-24 * power.sum(-1, keepdims=True)).all(-1)
        slope = np.log(np.where(defined[:, None], power, 1.0)) @ around / (around @ around)
        out[rows, SPECTRUM] = np.where(defined, slope, np.nan)
