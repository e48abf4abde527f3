"""What a Markov chain comes to, and how fast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]


def check_probability(probability: Floats) -> None:
    """Raise InputError unless rows are probabilities that sum to 1."""
    k = len(probability)
    if probability.shape != (k, k) or not k:
        raise InputError(f"dynamics: transition matrix of shape {probability.shape}; expected a square one")
    bad = np.flatnonzero(~(np.isfinite(probability).all(axis=1) & np.isclose(probability.sum(axis=1), 1, atol=1e-6)))
    if len(bad):
        raise InputError(
            f"dynamics: probabilities from state {bad[0] + 1} sum to {probability[bad[0]].sum():g}; expected 1 (a "
            "state that nothing leaves must be left out first)"
        )
    if (probability < -1e-12).any():
        raise InputError(f"dynamics: a probability of {probability.min():g}; expected at least 0")


def stationary(probability: Floats) -> Floats:
    """Long-run share of each state, (k,).

    Parameters
    ----------
    probability : (k, k), rows sum to 1. Where the chain falls apart into parts with no way between them, the share
        that lies nearest to even is given.

    Notes
    -----
    It is where the chain would settle if nothing else changed, and not where the cells are: compare with occupancy.
    """
    check_probability(probability)
    k = len(probability)
    system = np.vstack([probability.T - np.eye(k), np.ones(k)])
    even = np.full(k, 1.0 / k)
    change = np.linalg.lstsq(system, np.append(np.zeros(k), 1.0) - system @ even, rcond=None)[0]
    share = np.clip(even + change, 0.0, None)
    return np.asarray(share / share.sum())


def relaxation_times(probability: Floats, lag: float = 1.0) -> Floats:
    """Times over which the chain forgets, (k - 1,), slowest first, in the unit of `lag`.

    -lag / ln |eigenvalue| (Prinz et al. 2011, J. Chem. Phys. 134:174105): inf for a chain that falls apart, 0 for one
    that forgets within a step. If it is Markovian, they do not depend on the lag; see `implied_timescales`.
    """
    check_probability(probability)
    size = np.sort(np.abs(np.linalg.eigvals(probability)))[::-1][1:]
    with np.errstate(divide="ignore"):
        times = -lag / np.log(np.clip(size, 0.0, 1.0))
    return np.where(size >= 1 - 1e-12, np.inf, times)


def visited(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers (from 0) of the states among which a chain can go on for ever, given counted transitions, (V,).

    States that are never left, and then those from which only such can be reached, are taken away.
    """
    kept = np.arange(len(counts))
    while True:
        leaves = counts[np.ix_(kept, kept)].sum(axis=1) > 0
        if leaves.all():
            return kept
        kept = kept[leaves]
