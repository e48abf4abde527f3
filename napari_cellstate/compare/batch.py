"""Whether batches (plates, days, wells) or positions could pass for the condition."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.checks import Check
from napari_cellstate.compare.design import Samples
from napari_cellstate.compare.variance import variance_shares

Ints = NDArray[np.int64]

APART = 0.99
"""Cramer's V from which batch and condition are taken for one."""


def check_batch(samples: Samples, batch: NDArray[Any]) -> Check:
    """How far batch and condition go together: Cramer's V, 1 where each batch holds one condition only.

    Parameters
    ----------
    batch : (M,) name of each movie's batch, "" where not known; empty where none is.
    """
    if not len(batch) or not any(batch):
        return Check("batch", nan, nan, nan, nan, "Cramer's V", "no batch given; name plate or day with --batch")
    pairs = {(str(batch[nth]), int(of)) for nth, of in enumerate(samples.of)}
    names, conditions = sorted({one for one, _ in pairs}), list(dict.fromkeys(samples.condition.tolist()))
    table = np.zeros((len(names), len(conditions)))
    for name, of in pairs:
        table[names.index(name), conditions.index(samples.condition[of])] += 1
    value = _cramer(table)
    if len(names) == 1:
        says = "one batch; nothing can pass for the condition"
    elif value >= APART:
        says = "each batch holds one condition only: batch and condition cannot be told apart, and no effect is certain"
    elif value > 0.3:
        says = "conditions are spread unevenly over batches; look at each batch by itself"
    else:
        says = "conditions are spread over all batches"
    return Check("batch", value, nan, nan, nan, "Cramer's V of batch and condition", says)


def confounded(check: Check) -> bool:
    """Whether a batch check says that batch and condition cannot be told apart."""
    return check.name == "batch" and np.isfinite(check.value) and check.value >= APART


def check_position(points: NDArray[Any], movie: Ints, samples: Samples) -> Check:
    """How much movies of one replicate differ, as a share of the variance of rows.

    Parameters
    ----------
    points : (N, D) finite; movie : (N,) from 0.
    """
    unit = "share of variance between movies of one replicate"
    several = len(samples.of) > len(samples.condition)
    if not several or not len(points) or not np.ptp(points, axis=0).any():
        says = "one movie a replicate: position and replicate cannot be told apart" if not several else "no features"
        return Check("position", nan, nan, nan, nan, unit, says)
    of = samples.of[movie]
    levels = {"condition": samples.condition[of], "replicate": of, "movie": movie}
    found = variance_shares(points, levels)
    shares = dict(zip(found.factors, found.adjusted, strict=True))
    own, replicate, condition = (max(float(shares[name]), 0.0) for name in ("movie", "replicate", "condition"))
    against = "less than" if own < condition else "as much as or more than"
    says = (
        f"movies of one replicate make {own:.1%} of the variance, {against} conditions ({condition:.1%}); "
        f"replicates make {replicate:.1%}"
    )
    return Check("position", own, nan, nan, nan, unit, says)


def _cramer(table: NDArray[Any]) -> float:
    """Cramer's V of a table of counts; 0 where a side has one level only."""
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    least = min(table.shape) - 1
    if least < 1:
        return 0.0
    expected = rows * columns / table.sum()
    square = ((table - expected) ** 2 / np.where(expected > 0, expected, 1)).sum()
    return float(np.sqrt(square / (table.sum() * least)))
