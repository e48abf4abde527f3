"""Correction for the number of tests within one question."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def benjamini_hochberg(p: NDArray[Any]) -> Floats:
    """Adjusted p-values that bound the share of false findings among all findings.

    Parameters
    ----------
    p : (..., T) tests of one question along the last axis; NaN for what was not tested, which is not counted.

    Notes
    -----
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289. Correct within one question, with all its tests: not only
    those that look promising.
    """
    p, order, rank, m = _sorted(p)
    with np.errstate(invalid="ignore"):
        stepped = np.take_along_axis(p, order, -1) * m / rank
    smallest = np.fmin.accumulate(stepped[..., ::-1], axis=-1)[..., ::-1]
    return _back(smallest, p, order)


def holm(p: NDArray[Any]) -> Floats:
    """Adjusted p-values that bound the chance of any false finding; stricter than `benjamini_hochberg`.

    Parameters
    ----------
    p : (..., T); NaN for what was not tested.

    Notes
    -----
    Holm 1979, Scand J Stat 6:65.
    """
    p, order, rank, m = _sorted(p)
    with np.errstate(invalid="ignore"):
        stepped = np.take_along_axis(p, order, -1) * (m - rank + 1)
    return _back(np.fmax.accumulate(stepped, axis=-1), p, order)


def _sorted(p: NDArray[Any]) -> tuple[Floats, NDArray[np.intp], Floats, NDArray[np.int64]]:
    p = np.asarray(p, np.float64)
    order = np.argsort(p, axis=-1, kind="stable")  # NaN goes last
    return p, order, np.arange(1.0, p.shape[-1] + 1), np.isfinite(p).sum(axis=-1, keepdims=True)


def _back(stepped: Floats, p: Floats, order: NDArray[np.intp]) -> Floats:
    result = np.empty_like(stepped)
    np.put_along_axis(result, order, np.minimum(stepped, 1.0), axis=-1)
    return np.where(np.isfinite(p), result, np.nan)
