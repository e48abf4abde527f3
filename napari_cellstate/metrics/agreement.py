"""How well two ways to divide the same rows agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Ints = NDArray[np.int64]


def adjusted_rand(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Adjusted Rand index: 1 for the same division under any names, about 0 for divisions by chance.

    Parameters
    ----------
    a, b : (N,), numbers or text, the class of each row.

    Returns
    -------
    float, at most 1; NaN without rows; 1 if neither divides the rows at all.

    Notes
    -----
    Hubert and Arabie 1985, Journal of Classification 2:193. Rows of overlapping windows are not independent, and a
    state that most rows have decides most of the index.
    """
    table = contingency(a, b)[0]
    rows = int(table.sum())
    if rows == 0:
        return float(np.nan)
    both, of_a, of_b, every = (_pairs(n) for n in (table, table.sum(axis=1), table.sum(axis=0), np.array([rows])))
    if of_a == of_b == both:  # also where there is nothing to divide
        return 1.0
    expected = of_a * of_b / every
    return (both - expected) / ((of_a + of_b) / 2 - expected)


def match_states(found: NDArray[Any], truth: NDArray[Any]) -> dict[Any, Any]:
    """Which true state each found state stands for, so that the most rows agree.

    Parameters
    ----------
    found, truth : (N,), numbers or text, the state of each row.

    Returns
    -------
    From found states to true ones, one to one; where there are more found than true states, those left over are not
    in it.
    """
    from scipy.optimize import linear_sum_assignment

    table, names, true_names = contingency(found, truth)
    at, true_at = linear_sum_assignment(table, maximize=True)
    return dict(zip(names[at].tolist(), true_names[true_at].tolist(), strict=True))


def contingency(a: NDArray[Any], b: NDArray[Any]) -> tuple[Ints, NDArray[Any], NDArray[Any]]:
    """Rows in each class of `a` and of `b` at once, (A, B), and the names of both, sorted."""
    if len(a) != len(b):
        raise InputError(f"agreement: {len(a)} rows beside {len(b)}; expected the same rows twice")
    names, number = np.unique(np.asarray(a), return_inverse=True)
    other_names, other = np.unique(np.asarray(b), return_inverse=True)
    shape = (len(names), len(other_names))
    counts = np.bincount(number * shape[1] + other, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.int64), names, other_names


def _pairs(counts: Ints) -> int:
    """Pairs of rows within the groups of these sizes."""
    return int((counts.astype(object) * (counts.astype(object) - 1) // 2).sum()) if counts.size else 0
