"""Persistence time and speed of the persistent random walk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._motility.names import AT

Floats = NDArray[np.float64]

TIME, SPEED = AT["persistence_time"], AT["persistence_speed"]
SHORTEST = 20
"""Frames below which three numbers of an MSD say nothing about a persistence time."""
LEAST = 0.1
FOLDS = 5
GRID = 24


@compiled
def _log_shape(lag: float, time: float) -> tuple[float, float]:
    """The logarithm of the MSD at speed 1, 2 P^2 (t / P - 1 + exp(-t / P)), and its slope over ln P."""
    u = lag / time
    series = u * u / 2 * (1 - u / 3 * (1 - u / 4 * (1 - u / 5 * (1 - u / 6))))
    inner = u + np.expm1(-u) if u > 0.02 else series  # near 0 the terms cancel
    return np.log(2 * time * time * inner), 2 + u * np.expm1(-u) / inner


@compiled
def _misfit(log_msd: Floats, log_time: float) -> tuple[float, float, float]:
    """Weighted squares left, their slope over ln P, and ln S^2; the error of ln MSD grows with the lag."""
    n, time = len(log_msd), np.exp(log_time)
    apart, slopes, weights, level = np.empty(n), np.empty(n), 0.0, 0.0
    for at in range(n):
        shape, slopes[at] = _log_shape(at + 1.0, time)
        apart[at] = log_msd[at] - shape
        weights, level = weights + 1.0 / (at + 1), level + apart[at] / (at + 1)
    level /= weights
    squares, slope = 0.0, 0.0
    for at in range(n):
        squares += (apart[at] - level) ** 2 / (at + 1)
        slope -= 2 * (apart[at] - level) * slopes[at] / (at + 1)
    return squares, slope, level


@compiled
def fit_fuerth(log_msd: Floats, longest: float) -> tuple[float, float]:
    """Persistence time and speed whose MSD fits ln MSD at lags 1, 2, ... best, by halving the interval of ln P.

    The best of a grid is where the search begins; the slope of the misfit decides each half, since the misfit itself
    is flat at its least and would leave half of the digits to rounding.
    """
    grid = np.linspace(np.log(LEAST), np.log(longest), GRID)
    squares = np.empty(GRID)
    for nth in range(GRID):
        squares[nth] = _misfit(log_msd, grid[nth])[0]
    best = int(np.argmin(squares))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    if _misfit(log_msd, low)[1] > 0:
        high = low
    elif _misfit(log_msd, high)[1] < 0:
        low = high
    while high - low > 1e-14:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _misfit(log_msd, middle)[1] > 0:
            high = middle
        else:
            low = middle
    return np.exp(low), np.exp(_misfit(log_msd, low)[2] / 2)


@compiled
def _log_msd(y: Floats, x: Floats, lags: int, noise: float, left_out: int) -> Floats:
    """The ln of MSD less 4 noise^2 at lags 1 to `lags`, without pairs that begin in one fifth (-1: with all)."""
    logs = np.empty(lags)
    for lag in range(1, lags + 1):
        total, n, pairs = 0.0, 0, len(x) - lag
        for t in range(pairs):
            if left_out >= 0 and t * FOLDS // pairs == left_out:
                continue
            square = (x[t + lag] - x[t]) ** 2 + (y[t + lag] - y[t]) ** 2
            if not np.isnan(square):
                total, n = total + square, n + 1
        msd = total / n - 4 * noise * noise if n else np.nan
        logs[lag - 1] = np.log(msd) if msd > 0 else np.nan
    return logs


@compiled
def fill_fuerth(
    y: Floats, x: Floats, first: NDArray[np.int64], frames: NDArray[np.int64], noise: float, out: Floats
) -> None:
    """Persistence time, speed and standard errors for paths y, x (N, W) that begin at `first` and span `frames`.

    A position noise of so many px an axis adds 4 noise^2 to every MSD, which is taken away first.

    The standard error is the jackknife's over fifths: ln MSD at different lags depend on each other, so that the
    residuals of the fit say too little.
    """
    for row in range(len(x)):
        n = frames[row]
        if n < SHORTEST:
            continue
        py, px = y[row, first[row] : first[row] + n], x[row, first[row] : first[row] + n]
        logs = _log_msd(py, px, n // 4, noise, -1)
        if np.isnan(logs).any():
            continue
        out[row, TIME], out[row, SPEED] = fit_fuerth(logs, 10.0 * n)
        times, speeds = np.empty(FOLDS), np.empty(FOLDS)
        for fold in range(FOLDS):
            left = _log_msd(py, px, n // 4, noise, fold)
            times[fold], speeds[fold] = np.nan, np.nan
            if not np.isnan(left).any():
                times[fold], speeds[fold] = fit_fuerth(left, 10.0 * n)
        out[row, TIME + 1] = np.sqrt((FOLDS - 1) * np.var(times))
        out[row, SPEED + 1] = np.sqrt((FOLDS - 1) * np.var(speeds))
