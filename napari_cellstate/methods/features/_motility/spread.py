"""How far the positions spread: gyration, MSD exponent, diffusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._motility.names import AT

Floats = NDArray[np.float64]

RADIUS, ANISOTROPY, EXPONENT = AT["gyration_radius"], AT["gyration_anisotropy"], AT["msd_exponent"]
DIFFUSION, DIFFUSION_SE, NOISE = AT["diffusion"], AT["diffusion_se"], AT["localisation_error"]


@compiled
def _fill_gyration(y: Floats, x: Floats, out: Floats) -> None:
    """Radius and anisotropy of the cloud of positions."""
    there = np.isfinite(y) & np.isfinite(x)
    if there.sum() < 2:
        return
    y, x = y[there] - y[there][0], x[there] - x[there][0]  # so that a cell at rest is exactly at 0
    y, x = y - y.mean(), x - x.mean()
    yy, xx, xy = (y * y).mean(), (x * x).mean(), (x * y).mean()
    out[RADIUS] = np.sqrt(yy + xx)
    if yy + xx > 0:
        out[ANISOTROPY] = min(((yy - xx) ** 2 + 4 * xy * xy) / (yy + xx) ** 2, 1.0)


@compiled
def _msd(y: Floats, x: Floats, lag: int) -> float:
    """Mean squared displacement over all pairs so far apart, NaN for none."""
    total, n = 0.0, 0
    for t in range(len(x) - lag):
        square = (x[t + lag] - x[t]) ** 2 + (y[t + lag] - y[t]) ** 2
        if not np.isnan(square):
            total, n = total + square, n + 1
    return total / n if n else np.nan


@compiled
def _exponent(y: Floats, x: Floats, frames: int, noise: float) -> float:
    """Slope of ln MSD on ln lag by least squares, without the part of a position noise of so many px an axis."""
    lags = max(2, frames // 10)
    if frames < 3:
        return np.nan
    log_lag, log_msd = np.empty(lags), np.empty(lags)
    for lag in range(1, lags + 1):
        msd = _msd(y, x, lag) - 4 * noise * noise
        if not msd > 0:
            return np.nan
        log_lag[lag - 1], log_msd[lag - 1] = np.log(lag), np.log(msd)
    around = log_lag - log_lag.mean()
    slope: float = (around * log_msd).sum() / (around * around).sum()
    return slope


@compiled
def _fill_diffusion(y: Floats, x: Floats, out: Floats) -> None:
    """Covariance-based estimates: D = <d^2> / 2 + <d d'>, noise^2 = -<d d'>, of one axis, over both.

    Exposures are taken to be short: there is no term for the blur of moving cells.
    """
    squares, products, n, pairs = 0.0, 0.0, 0, 0
    for t in range(len(x) - 1):
        dy, dx = y[t + 1] - y[t], x[t + 1] - x[t]
        if np.isnan(dy) or np.isnan(dx):
            continue
        squares, n = squares + (dy * dy + dx * dx) / 2, n + 1
        if t + 2 < len(x) and not (np.isnan(y[t + 2]) or np.isnan(x[t + 2])):
            products += (dy * (y[t + 2] - y[t + 1]) + dx * (x[t + 2] - x[t + 1])) / 2
            pairs += 1
    if n < 2 or pairs < 1:
        return
    covariance = products / pairs
    diffusion = squares / n / 2 + covariance
    out[DIFFUSION], out[NOISE] = diffusion, np.sqrt(max(0.0, -covariance))
    if diffusion > 0:
        ratio = max(0.0, -covariance) / diffusion
        variance = (6 + 4 * ratio + 2 * ratio * ratio) / n + 4 * (1 + ratio) ** 2 / n**2
        out[DIFFUSION_SE] = diffusion * np.sqrt(variance / 2)


@compiled
def fill_spread(y: Floats, x: Floats, frames: NDArray[np.int64], noise: float, out: Floats) -> None:
    """All columns of this file for paths y, x (N, W) that span so many frames."""
    for row in range(len(x)):
        _fill_gyration(y[row], x[row], out[row])
        out[row, EXPONENT] = _exponent(y[row], x[row], frames[row], noise)
        _fill_diffusion(y[row], x[row], out[row])
