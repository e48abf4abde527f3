"""How long it takes to get from one state to another, and which of two comes first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.stationary import check_probability

Floats = NDArray[np.float64]


def mean_first_passage(probability: Floats) -> Floats:
    """Mean number of steps from each state until each is first reached, (k, k).

    The diagonal is the mean time of return. inf where a state may never be reached. Kemeny and Snell 1976, Finite
    Markov Chains, chapter 4.

    Notes
    -----
    Times far beyond the length of tracks are extrapolations of the chain, nobody has seen them.
    """
    check_probability(probability)
    k = len(probability)
    times = np.empty((k, k))
    for target in range(k):
        others = np.delete(np.arange(k), target)
        times[:, target] = 1.0
        if not len(others):
            continue
        away = probability[np.ix_(others, others)]
        to = np.full(k - 1, np.inf)
        sure = _surely(away, probability[others, target])
        if sure.any():
            system = np.eye(int(sure.sum())) - away[np.ix_(sure, sure)]
            to[sure] = np.linalg.solve(system, np.ones(int(sure.sum())))
        times[others, target] = to
        with np.errstate(invalid="ignore"):
            onward = np.where(probability[target, others] > 0, probability[target, others] * to, 0.0)
        times[target, target] = 1.0 + onward.sum()
    return times


def committor(probability: Floats, start: Sequence[int], end: Sequence[int]) -> Floats:
    """Probability of reaching a state of `end` before one of `start`, from each state, (k,).

    Parameters
    ----------
    probability : (k, k), rows sum to 1.
    start, end : states from 0; there the committor is 0 and 1.

    Raises
    ------
    InputError
        A state is in both, one of them is empty, or a state is not there.

    Notes
    -----
    E and Vanden-Eijnden 2006, J. Stat. Phys. 123:503. NaN where neither can be reached.
    """
    check_probability(probability)
    k, a, b = len(probability), sorted(set(start)), sorted(set(end))
    if not a or not b or set(a) & set(b) or min(a + b) < 0 or max(a + b) >= k:
        raise InputError(f"dynamics: committor from states {a} to {b}; expected different ones out of 0 to {k - 1}")
    result = np.zeros(k)
    result[b] = 1.0
    free = np.setdiff1d(np.arange(k), a + b)
    if len(free):
        away = probability[np.ix_(free, free)]
        reach = _reaching(away, probability[free][:, a + b].sum(axis=1))
        result[free] = np.nan
        at = free[reach]
        system = np.eye(len(at)) - probability[np.ix_(at, at)]
        result[at] = np.linalg.solve(system, probability[at][:, b].sum(axis=1))
    return result


def _reaching(away: Floats, there: Floats) -> NDArray[np.bool_]:
    """Which states can come to the end at all."""
    reach = there > 0
    for _ in range(len(away)):
        reach = reach | ((away > 0) & reach).any(axis=1)
    return np.asarray(reach)


def _surely(away: Floats, there: Floats) -> NDArray[np.bool_]:
    """Which states come to the end with certainty: those that cannot get to one that never does."""
    lost = ~_reaching(away, there)
    for _ in range(len(away)):
        lost = lost | ((away > 0) & lost).any(axis=1)
    return np.asarray(~lost)
