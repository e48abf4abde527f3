"""Measures of many short paths at once, where positions may be missing.

Everywhere (N, W, 2) are N paths of W positions (y, x), px, NaN where a cell is missing; a result is NaN where too
little is there to define it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean(values: Floats) -> Floats:
    """Mean of what is there along the last axis, NaN where nothing is; never a warning."""
    there = np.isfinite(values)
    return ratio(np.where(there, values, 0.0).sum(-1), there.sum(-1).astype(np.float64))


def spread(values: Floats) -> Floats:
    """Standard deviation (divided by n) of what is there along the last axis, NaN for fewer than two values."""
    around = values - mean(values)[..., None]
    enough = np.isfinite(values).sum(-1) > 1
    return np.where(enough, np.sqrt(mean(around**2)), np.nan)


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where the whole is 0 or either is NaN."""
    defined = np.isfinite(whole) & (whole != 0)
    return np.where(defined, part / np.where(defined, whole, 1.0), np.nan)


def steps(at: Floats) -> Floats:
    """Steps between successive positions, (N, W - 1, 2), NaN where either end is missing."""
    return np.diff(at, axis=1)
