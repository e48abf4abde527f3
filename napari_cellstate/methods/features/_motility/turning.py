"""Angles from step to step, and how steps go on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled
from napari_cellstate.methods.features._motility.names import AT

Floats = NDArray[np.float64]

MEAN, SIZE, COSINE, AUTO = AT["turning_mean"], AT["turning_abs"], AT["turning_cos"], AT["turning_autocorr"]
ONE, TWO, NONGAUSSIAN = AT["persistence"], AT["velocity_autocorr_2"], AT["nongaussian"]


@compiled
def _fill_angles(dy: Floats, dx: Floats, out: Floats) -> None:
    """Signed angles, counter-clockwise on the screen (y runs down) positive; none from or to a step of 0."""
    n, total, size, cosine, products, squares, pairs = 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0
    before = np.nan
    for t in range(len(dx) - 1):
        cross = dy[t] * dx[t + 1] - dx[t] * dy[t + 1]
        along = dx[t] * dx[t + 1] + dy[t] * dy[t + 1]
        rests = (dx[t] == 0 and dy[t] == 0) or (dx[t + 1] == 0 and dy[t + 1] == 0)
        angle = np.nan if rests else np.arctan2(cross, along)
        if not np.isnan(angle):
            n, total, size, cosine = n + 1, total + angle, size + abs(angle), cosine + np.cos(angle)
            if not np.isnan(before):
                pairs, products = pairs + 1, products + angle * before
                squares += (angle * angle + before * before) / 2
        before = angle
    if n:
        out[MEAN], out[SIZE], out[COSINE] = total / n, size / n, cosine / n
    if squares > 0 and pairs > 1:
        out[AUTO] = products / squares


@compiled
def _autocorrelation(dy: Floats, dx: Floats, lag: int) -> float:
    """Products of steps `lag` apart over their mean squares, NaN where there is none or none moves."""
    products, squares = 0.0, 0.0
    for t in range(len(dx) - lag):
        product = dx[t] * dx[t + lag] + dy[t] * dy[t + lag]
        if not np.isnan(product):
            products += product
            squares += (dx[t] ** 2 + dy[t] ** 2 + dx[t + lag] ** 2 + dy[t + lag] ** 2) / 2
    return min(1.0, max(-1.0, products / squares)) if squares > 0 else np.nan


@compiled
def _non_gaussian(dy: Floats, dx: Floats) -> float:
    """Non-Gaussian parameter of the steps in the plane, NaN for fewer than two."""
    squares, fourth, n = 0.0, 0.0, 0
    for t in range(len(dx)):
        square = dx[t] ** 2 + dy[t] ** 2
        if not np.isnan(square):
            squares, fourth, n = squares + square, fourth + square * square, n + 1
    return fourth * n / (2 * squares * squares) - 1 if n > 1 and squares > 0 else np.nan


@compiled
def fill_turning(y: Floats, x: Floats, out: Floats) -> None:
    """All columns of this file for paths y, x (N, W)."""
    for row in range(len(x)):
        dy, dx = y[row, 1:] - y[row, :-1], x[row, 1:] - x[row, :-1]
        _fill_angles(dy, dx, out[row])
        out[row, ONE], out[row, TWO] = _autocorrelation(dy, dx, 1), _autocorrelation(dy, dx, 2)
        out[row, NONGAUSSIAN] = _non_gaussian(dy, dx)
