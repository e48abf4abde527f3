"""Tests with one number a replicate: Welch's t, or its paired form. The primary test of everything here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import MINIMUM, Design
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Difference between the means of two conditions, for any number of quantities at once (shape ...).

    Attributes
    ----------
    estimate : (...) mean of the other condition less mean of the reference, in the units of what was given.
    se : (...) its standard error.
    df : (...) degrees of freedom (Welch-Satterthwaite, or pairs - 1).
    p : (...) two-sided; NaN with fewer than three replicates a condition or three pairs.
    n_a, n_b : (...) replicates that had a value.
    paired : whether differences within replicates were tested.

    Notes
    -----
    n is replicates. Never give it cells, windows, tracks, or several movies of one replicate as if each were one:
    at 4 against 4 animals that rejects most true nulls. p > .05 does not mean "the same"; for that see
    `verdict.decide`, which asks for an interval inside a margin.
    """

    estimate: Floats
    se: Floats
    df: Floats
    p: Floats
    n_a: Ints
    n_b: Ints
    paired: bool

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper bound; NaN where fewer than two replicates (or pairs) leave the spread unknown."""
        from scipy.special import stdtrit

        half = stdtrit(self.df, (1 + level) / 2) * self.se
        return self.estimate - half, self.estimate + half


def compare_means(a: NDArray[Any], b: NDArray[Any], *, paired: bool = False) -> Contrast:
    """Welch's t, or the paired t, on one number a replicate.

    Parameters
    ----------
    a, b : (..., Ra) and (..., Rb), one number a replicate of the reference and of the other condition (a log rate,
        a logit occupancy, a mean), NaN where a replicate has none. Paired: Ra = Rb, one replicate at each place.

    Raises
    ------
    InputError
        Paired, and the shapes differ.

    Notes
    -----
    Welch 1947, Biometrika 34:28. Quantities are tested one by one; correct for their number (`correction`).
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if paired:
        if a.shape != b.shape:
            raise InputError(f"compare: paired values of shapes {a.shape} and {b.shape}; expected one pair a replicate")
        return compare_with_zero(b - a)
    mean_a, var_a, n_a = _moments(a)
    mean_b, var_b, n_b = _moments(b)
    with np.errstate(invalid="ignore", divide="ignore"):
        part_a, part_b = var_a / n_a, var_b / n_b
        square = part_a + part_b
        df = square**2 / (part_a**2 / (n_a - 1) + part_b**2 / (n_b - 1))
    equal: Floats = np.asarray(n_a + n_b - 2, np.float64)
    df = np.where(square == 0, equal, df)  # no spread in either: the limit of equal variances
    return _contrast(mean_b - mean_a, np.sqrt(square), df, n_a, n_b, paired=False)


def compare_with_zero(differences: NDArray[Any]) -> Contrast:
    """One-sample t: whether the mean of one number a replicate is 0.

    Parameters
    ----------
    differences : (..., R), NaN where a replicate has none.
    """
    mean, var, n = _moments(np.asarray(differences, np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(var / n)
    return _contrast(mean, se, np.asarray(n - 1, np.float64), n, n, paired=True)


def compare_conditions(values: NDArray[Any], design: Design) -> Contrast:
    """The test that fits a design.

    Parameters
    ----------
    values : (..., S), one number a sample.
    """
    a, b = design.split(np.asarray(values, np.float64))
    return compare_means(a, b, paired=design.paired)


def finite_mean(values: NDArray[Any]) -> Floats:
    """Mean of the finite values along the last axis; NaN where there are none."""
    return _moments(np.asarray(values, np.float64))[0]


def _moments(values: Floats) -> tuple[Floats, Floats, Ints]:
    """Mean, variance and number of the finite values along the last axis."""
    there = np.isfinite(values)
    n = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, values, 0.0).sum(axis=-1) / n
        square = np.where(there, values - mean[..., None], 0.0) ** 2
        var = square.sum(axis=-1) / np.where(n > 1, n - 1.0, np.nan)
    return mean, var, n


def _contrast(estimate: Floats, se: Floats, df: Floats, n_a: Ints, n_b: Ints, *, paired: bool) -> Contrast:
    from scipy.special import stdtr

    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(estimate) / se
        p = np.where((estimate == 0) & (se == 0), 1.0, 2 * stdtr(df, -t))
    p = np.where(np.minimum(n_a, n_b) >= MINIMUM, p, np.nan)
    df = np.where(np.isfinite(se), df, np.nan)
    return Contrast(np.asarray(estimate), np.asarray(se), df, p, np.asarray(n_a), np.asarray(n_b), paired)
