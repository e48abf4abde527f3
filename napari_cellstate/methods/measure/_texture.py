"""How the grey levels of neighbouring pixels go together inside each cell; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

COLUMNS = ("contrast", "correlation", "energy", "homogeneity", "entropy")
"""Columns of `describe_textures`."""

LEVELS = 16
SPAN = 2.0
"""Grey levels divide the mean - 2 sd to the mean + 2 sd of each cell; what lies outside goes to the ends."""


@compiled
def _numbers(pairs: Floats, out: Floats) -> None:
    """Haralick's numbers of a symmetric matrix of counts; the correlation stays NaN where only one level is there."""
    total, mean, contrast, energy, near, entropy = pairs.sum(), 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(LEVELS):
        mean += i * pairs[i].sum() / total
    spread, together = 0.0, 0.0
    for i in range(LEVELS):
        for j in range(LEVELS):
            part = pairs[i, j] / total
            if part == 0:
                continue
            contrast, near = contrast + part * (i - j) ** 2, near + part / (1 + (i - j) ** 2)
            energy, entropy = energy + part * part, entropy - part * np.log(part)
            spread, together = spread + part * (i - mean) ** 2, together + part * (i - mean) * (j - mean)
    out[0], out[2], out[3], out[4] = contrast, energy, near, entropy
    if spread > 0:
        out[1] = together / spread


@compiled
def describe_textures(
    image: Places, begin: Ints, y: Places, x: Places, values: Floats, mean: Floats, sd: Floats, step: int
) -> Floats:
    """Texture of each cell, (N, 5) as `COLUMNS`; NaN where all pixels are equal or no two are `step` apart.

    Parameters
    ----------
    image : (Y + 2, X + 2), cells numbered 1..N inside an empty border.
    begin, y, x : the pixels of each cell; values : (P,), their brightness.
    mean, sd : (N,), of the values of each cell.
    step : pixels between the two of a pair, to the right, down and along both diagonals, all in one matrix.

    Notes
    -----
    Haralick, Shanmugam and Dinstein 1973, IEEE Trans. Syst. Man Cybern. 3:610, with both orders of each pair.
    """
    level = np.zeros(image.shape, np.int8)
    out = np.full((len(begin) - 1, 5), np.nan)
    for i in range(len(begin) - 1):
        if not sd[i] > 1e-9 * abs(mean[i]):
            continue
        for p in range(begin[i], begin[i + 1]):
            place = np.floor((values[p] - mean[i] + SPAN * sd[i]) / (2 * SPAN * sd[i]) * LEVELS)
            level[y[p] + 1, x[p] + 1] = min(max(place, 0.0), LEVELS - 1.0)
        pairs, n = np.zeros((LEVELS, LEVELS)), 0
        for p in range(begin[i], begin[i + 1]):
            for dy, dx in ((0, step), (step, 0), (step, step), (step, -step)):
                row, column = y[p] + 1 + dy, x[p] + 1 + dx
                if row >= image.shape[0] or not 0 <= column < image.shape[1] or image[row, column] != i + 1:
                    continue
                a, b = level[y[p] + 1, x[p] + 1], level[row, column]
                pairs[a, b] += 1
                pairs[b, a] += 1
                n += 1
        if n:
            _numbers(pairs, out[i])
    return out
