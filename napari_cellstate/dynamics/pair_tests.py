"""Each pair of states by itself: as many transitions one way as back? For comparison with published analyses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PairTests:
    """Tests of pairs of states.

    Attributes
    ----------
    first, second : (E,) states from 0, first < second, or equal where staying was counted as a pair.
    forth, back : (E,), transitions from the first to the second and back.
    p : (E,), two-sided binomial.
    q : (E,), after Benjamini and Hochberg 1995.

    Notes
    -----
    A binomial test takes every transition as an independent observation, which those of one cell are not, and drift
    of the occupancy makes transitions one-sided without any driving: read `balance` first.
    """

    first: Ints
    second: Ints
    forth: Ints
    back: Ints
    p: Floats
    q: Floats


def pair_tests(counts: Ints, *, more_than: int = 3, as_published: bool = False) -> PairTests:
    """Test every pair of states with more than so many transitions in one of the two directions.

    Parameters
    ----------
    counts : (k, k).
    more_than : transitions.
    as_published : count staying in a state as a pair too, with p = 1, as the probability flux analysis of Kimmel et al.
        2018 (PLoS Comput. Biol. 14:e1005927) did. It says nothing and makes q larger.
    """
    first, second = np.triu_indices(len(counts))
    return _found(first, second, counts[first, second], counts[second, first], more_than, as_published)


def pair_tests_of(source: Ints, target: Ints, *, more_than: int = 3, as_published: bool = False) -> PairTests:
    """The same for transitions one by one, where there are too many states for a matrix of them.

    Parameters
    ----------
    source, target : (T,), states from 0 of each transition.
    """
    low, high = np.minimum(source, target), np.maximum(source, target)
    keys, of = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    forth = np.bincount(of.ravel()[source <= target], minlength=keys.shape[1])
    back = np.bincount(of.ravel()[source >= target], minlength=keys.shape[1])
    return _found(keys[0], keys[1], forth, back, more_than, as_published)


def _found(first: Ints, second: Ints, forth: Ints, back: Ints, more_than: int, as_published: bool) -> PairTests:
    from scipy.stats import binom

    kept = (np.maximum(forth, back) > more_than) & (as_published | (first != second))
    first, second, forth, back = first[kept], second[kept], forth[kept], back[kept]
    p = np.minimum(1.0, 2.0 * binom.cdf(np.minimum(forth, back), forth + back, 0.5))
    weight = np.where(first == second, 1, 2)  # a pair was tested from both sides, which changes no q by itself
    return PairTests(first, second, forth, back, p, _benjamini_hochberg(p, weight))


def _benjamini_hochberg(p: Floats, weight: Ints) -> Floats:
    """Least false discovery rate at which each is rejected; each p stands `weight` times."""
    order = np.argsort(p, kind="stable")
    rank = np.cumsum(weight[order])
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate((p[order] * weight.sum() / rank)[::-1])[::-1]
    return np.minimum(q, 1.0)
