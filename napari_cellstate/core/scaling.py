"""One scaling of a feature table for all movies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SKEWED = 1.0
"""A non-negative feature whose skewness is above this is scaled as ln(1 + x / its median)."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """How each of F columns is scaled: ``(g(x) - median) / spread``, g = ln(1 + x / log_scale) where that is not 0.

    Attributes
    ----------
    log_scale : (F,), 0 where the column is taken as it is.
    median, spread : (F,), of g(x); spread is 1.4826 times the median absolute deviation, or the standard
        deviation where that is 0 (more than half of the values are equal), or 0 for a constant column.
    """

    log_scale: Floats
    median: Floats
    spread: Floats

    def apply(self, values: Floats) -> Floats:
        """Scale (N, F) values; NaN becomes 0, the median, and so does a constant column."""
        takes_log = self.log_scale > 0
        over = np.where(takes_log, self.log_scale, 1)
        logged = np.where(takes_log, np.log1p(np.where(takes_log, values / over, 0)), values)
        scaled = (logged - self.median) / np.where(self.spread > 0, self.spread, 1)
        return np.where(np.isfinite(scaled) & (self.spread > 0), scaled, 0.0)


def fit_scaling(values: Floats) -> Scaling:
    """Median and MAD of each column of (N, F), NaN left out, after a logarithm where it is skewed and not negative.

    The logarithm is of the value over its median, so that the result does not depend on the unit.
    """
    n_columns = values.shape[1]
    log_scale, median, spread = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
    for column in range(n_columns):
        x = values[:, column]
        x = x[np.isfinite(x)]
        if not len(x):
            continue
        centre = float(np.median(x))
        if x.min() >= 0 and centre > 0 and _skewness(x) > SKEWED:
            log_scale[column] = centre
            x = np.log1p(x / centre)
        median[column] = np.median(x)
        spread[column] = 1.4826 * np.median(np.abs(x - median[column]))
        if spread[column] <= 1e-12 * max(1.0, abs(median[column])):
            sd = float(x.std())
            spread[column] = sd if sd > 1e-9 * max(1.0, float(np.abs(x).max())) else 0.0
    return Scaling(log_scale, median, spread)


def _skewness(x: Floats) -> float:
    """Biased sample skewness, 0 for a constant."""
    centred = x - x.mean()
    sd = centred.std()
    return float((centred**3).mean() / sd**3) if sd > 0 else 0.0
