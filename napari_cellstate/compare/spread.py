"""Whether cells are as varied: changes of the covariance, which means do not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def log_spread(points: NDArray[Any], group: Ints, sample: Ints, *, groups: int, samples: int) -> Floats:
    """Log of the root mean squared distance of rows from the mean of their sample and group.

    Parameters
    ----------
    points : (N, D) finite, in one scaling for all.
    group : (N,) from 0, -1 for none; sample : (N,) from 0.

    Returns
    -------
    (samples, groups), NaN where there are fewer than two rows.
    """
    here = group >= 0
    points, cell = np.asarray(points, np.float64)[here], (sample * groups + group)[here]
    size = samples * groups
    rows = np.bincount(cell, minlength=size)
    total = np.stack([np.bincount(cell, column, size) for column in points.T], axis=1)
    around = points - (total / np.maximum(rows, 1)[:, None])[cell]
    square = np.bincount(cell, (around**2).sum(axis=1), size)
    variance = np.full(size, np.nan)
    np.divide(square, rows - 1, out=variance, where=(rows > 1) & (square > 0))
    return np.asarray(np.log(variance).reshape(samples, groups) / 2)


def compare_spread(
    values: Floats, design: Design, *, names: Sequence[str], margin: float = 1.25, unit: str = "ratio of spreads"
) -> list[Finding]:
    """Compare how far the rows of a sample lie from their mean.

    Parameters
    ----------
    values : (S, G) of `log_spread`.
    names : (G,) of the findings.
    margin : spreads within this factor are called the same.

    Returns
    -------
    One finding a group, the ratio of spreads (standard deviations over all dimensions), not yet corrected.

    Notes
    -----
    Sees a cloud that grows or shrinks at the same mean, not one that only turns; for that see `transport`.
    """
    logs = np.asarray(values, np.float64).T
    a, b = design.split(logs)
    wording = Wording("spread", unit, "log spread", (1 / margin, margin), np.exp)
    means = np.exp(np.stack([finite_mean(a), finite_mean(b)], axis=1))
    contrast, permutation = compare_conditions(logs, design), permute(a, b, paired=design.paired)
    return make_findings(list(names), contrast, permutation, design, wording, values=means)
