"""Images to signals: cells bright, hot pixels gone, background even."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.movie import Array

Signal = NDArray[np.float32]

_GRID = 12
_QUANTILE = 0.25
_ROUNDS = 10
_CLIP = 2.5


def prepared(image: Array, sigma: float, *, dark: bool, even: bool = True) -> Signal:
    """All steps from an image to a signal; sigma in px."""
    signal = smooth(without_specks(to_signal(image, dark=dark)), sigma)
    return flat(signal) if even else signal


def to_signal(image: Array, *, dark: bool = False) -> Signal:
    """Any real image as float32 from 0 to 1, upside down where cells are dark; a constant one is all zero.

    The offset goes before the precision does: a camera that counts from 10^9 loses nothing.
    """
    if image.size == 0 or image.min() == image.max():
        return np.zeros(image.shape, np.float32)
    if image.dtype.kind in "bu" and image.dtype.itemsize <= 2:
        values = image.astype(np.float32)
    else:
        wide = image.astype(np.float64)
        wide /= np.abs(wide).max()  # else the range of very large floats would overflow
        wide -= wide.min()
        values = wide.astype(np.float32)
    values -= values.min()
    values /= values.max() or np.float32(1)
    return 1 - values if dark else values


def without_specks(signal: Signal) -> Signal:
    """Give each pixel that is brighter than all its neighbours the value of the brightest of them.

    A hot pixel would else become, once smoothed, a spot that looks like a small cell.
    """
    if signal.size < 2:
        return signal
    width = signal.shape[1]
    padded = np.pad(signal, 1, constant_values=-np.inf)
    rows = np.maximum(padded[:-2], padded[2:])  # above and below
    around = np.maximum(rows[:, 1:-1], np.maximum(padded[1:-1, :-2], padded[1:-1, 2:]))
    np.maximum(around, rows[:, :width], out=around)
    np.maximum(around, rows[:, 2:], out=around)
    return np.minimum(signal, around)


def smooth(signal: Signal, sigma: float) -> Signal:
    """Gaussian smoothing; sigma in px."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(signal, sigma, truncate=3.0), np.float32)


def flat(signal: Signal) -> Signal:
    """Take away a smooth background: a quadratic surface through the dark quarter of each of 12 x 12 blocks.

    Blocks above the surface hold cells and are left out, round by round, so the surface rests on the background
    whatever the size of the cells. Images of less than 48 px a side stay as they are.
    """
    step_y, step_x = signal.shape[0] // _GRID, signal.shape[1] // _GRID
    if min(step_y, step_x) < 4:
        return signal
    blocks = signal[: step_y * _GRID, : step_x * _GRID].reshape(_GRID, step_y, _GRID, step_x)
    thin = blocks[:, :: max(1, step_y // 16), :, :: max(1, step_x // 16)]
    level = np.quantile(thin, _QUANTILE, axis=(1, 3)).ravel().astype(np.float64)
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in signal.shape)
    block_y = y[: step_y * _GRID].reshape(_GRID, -1).mean(1)
    block_x = x[: step_x * _GRID].reshape(_GRID, -1).mean(1)
    terms = _quadratic(*(grid.ravel() for grid in np.meshgrid(block_y, block_x, indexing="ij")))
    weights = _fit_from_below(terms, level)
    c, cy, cx, cyy, cyx, cxx = weights.astype(np.float32)
    rows, columns = c + cy * y + cyy * y**2, cx * x + cxx * x**2
    surface = rows[:, None] + columns[None, :] + (cyx * y)[:, None] * x[None, :]
    return np.asarray(signal - surface, np.float32)


def _quadratic(y: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=1).astype(np.float64)


def _fit_from_below(terms: NDArray[np.float64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares that leaves out, round by round, what lies above the fit; never more than half."""
    kept = np.ones(len(level), bool)
    for _ in range(_ROUNDS):
        weights = np.linalg.lstsq(terms[kept], level[kept], rcond=None)[0]
        away = level - terms @ weights
        spread = 1.4826 * np.median(np.abs(away[kept] - np.median(away[kept])))
        inside = away <= _CLIP * spread
        if np.array_equal(inside, kept) or inside.sum() < len(level) // 2:
            break
        kept = inside
    return np.asarray(weights)
