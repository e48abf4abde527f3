"""Exact assignment among few candidates for each point, and how clear the choice was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def assign(row: Ints, column: Ints, gain: Floats, shape: tuple[int, int]) -> Ints:
    """Choose the pairs with the largest sum of gains, no row and no column twice.

    Parameters
    ----------
    row, column : (E,) candidate pairs, each at most once.
    gain : (E,) what a pair is worth beside leaving both alone; pairs of no gain are never chosen.
    shape : number of rows and of columns.

    Returns
    -------
    (M,) positions of the chosen pairs, ascending.
    """
    worth = np.flatnonzero(gain > 0)
    row, column = row[worth], column[worth]
    alone = (np.bincount(row, minlength=shape[0])[row] == 1) & (np.bincount(column, minlength=shape[1])[column] == 1)
    contested = np.flatnonzero(~alone)
    chosen = [worth[alone]]
    if len(contested):
        chosen.append(worth[contested[_matching(row[contested], column[contested], gain[worth[contested]])]])
    return np.sort(np.concatenate(chosen))


def _matching(row: Ints, column: Ints, gain: Floats) -> Ints:
    """The same where pairs compete: every row takes a column or a dummy of its own, so that a full matching exists."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    at_row, n = _renumbered(row)
    at_column, m = _renumbered(column)
    cost = np.append(gain.max() + 1 - gain, np.full(n, gain.max() + 1))  # above 0: a stored 0 is no pair there
    ends = (np.append(at_row, np.arange(n)), np.append(at_column, m + np.arange(n)))
    graph = csr_array((cost, ends), shape=(n, m + n))
    taken = np.full(n, -1)
    picked, partner = min_weight_full_bipartite_matching(graph)
    taken[picked] = partner
    return np.flatnonzero(taken[at_row] == at_column)


def _renumbered(number: Ints) -> tuple[Ints, int]:
    """Numbers from 0 without gaps, in the same order, and how many there are."""
    there = np.zeros(int(number.max()) + 1, np.bool_)
    there[number] = True
    place = np.cumsum(there)
    return place[number] - 1, int(place[-1])


def confidence(row: Ints, column: Ints, gain: Floats, chosen: Ints, shape: tuple[int, int]) -> Floats:
    """How sure the chosen pairs are, given gains in nats (log-odds).

    Parameters
    ----------
    row, column, gain, shape : as for `assign`.
    chosen : what it returned.

    Returns
    -------
    (M,) from 0 to 1: 1 / (1 + sum of exp(-margin)) over the other solutions that lack the pair and differ in one
    exchange: the pair left alone, or one of its two ends taking another partner, whose own partner then takes what
    is left over or nothing.
    """
    partner = np.full(shape[0], -1)
    partner[row[chosen]] = column[chosen]
    owner = np.full(shape[1], -1)
    owner[column[chosen]] = row[chosen]
    of_row, of_column = np.zeros(shape[0]), np.zeros(shape[1])
    of_row[row[chosen]] = of_column[column[chosen]] = gain[chosen]
    others = gain > -_FAR
    others[chosen] = False
    other = np.flatnonzero(others)
    a, b = row[other], column[other]
    swapped = _gain_of(row, column, gain, owner[b], partner[a], shape[1])
    margin = of_row[a] + of_column[b] - gain[other] - np.maximum(swapped, 0)
    odds = np.exp(-np.maximum(margin, 0))
    total = np.bincount(a, odds, shape[0])[row[chosen]] + np.bincount(b, odds, shape[1])[column[chosen]]
    return np.asarray(1 / (1 + total + np.exp(-gain[chosen])))


_FAR = 30.0


def _gain_of(row: Ints, column: Ints, gain: Floats, a: Ints, b: Ints, width: int) -> Floats:
    """Gain of the pairs (a, b); 0 where there is no such candidate or one of both is -1."""
    if not len(row):
        return np.zeros(len(a))
    key = row * width + column
    order = np.argsort(key)
    wanted = np.where((a >= 0) & (b >= 0), a * width + b, -1)
    at = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][at] == wanted, gain[order][at], 0.0)
