"""Permutation of replicate labels: the check beside the t-test."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]

EXACT = 20_000
"""Relabelings up to which all are tried."""

MOST_GROUPINGS = 200
"""Relabelings of what takes long to compute for each."""


@dataclass(frozen=True, eq=False)
class Permutation:
    """How often relabeled replicates differ as much as the real ones.

    Attributes
    ----------
    p : (...) two-sided; NaN where a replicate has no value.
    smallest_p : the smallest p that so many replicates can give: 4 against 4 .029, 3 against 3 .10, three pairs .25.
    relabelings : how many were compared.
    exact : whether these were all that there are.

    Notes
    -----
    A permutation p is exact whatever the distribution, but with few replicates it is coarse: where `smallest_p` is
    above .05 it can never call a difference, and its large p is no evidence that there is none.
    """

    p: Floats
    smallest_p: float
    relabelings: int
    exact: bool


def permute(
    a: NDArray[Any], b: NDArray[Any], *, paired: bool = False, relabelings: int = 2000, seed: int = 0
) -> Permutation:
    """Permutation test of the difference between means.

    Parameters
    ----------
    a, b : (..., Ra) and (..., Rb), one number a replicate. Paired: one replicate at each place; labels are exchanged
        within replicates.
    relabelings : how many at random, where there are more than `EXACT`; the real one is counted among them.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if paired and a.shape != b.shape:
        raise InputError(f"compare: paired values of shapes {a.shape} and {b.shape}; expected one pair a replicate")
    if paired:
        values, (weights, exact) = b - a, sign_flips(a.shape[-1], relabelings=relabelings, seed=seed)
        weights = weights / max(a.shape[-1], 1)
    else:
        values = np.concatenate([a, b], axis=-1)
        labels, exact = relabelings_of(a.shape[-1], b.shape[-1], relabelings=relabelings, seed=seed)
        weights = np.where(labels, 1 / max(b.shape[-1], 1), -1 / max(a.shape[-1], 1))
    found = np.abs(values @ weights.T)
    seen = found[..., :1]  # the first relabeling is the real one
    as_much = found >= seen - 1e-9 * (np.abs(values).mean(axis=-1, keepdims=True) + seen)
    p = np.where(np.isfinite(seen[..., 0]), as_much.mean(axis=-1), np.nan)
    smallest = smallest_p(a.shape[-1], b.shape[-1], paired=paired) if exact else 1 / len(weights)
    return Permutation(p, smallest, len(weights), exact)


def smallest_p(n_a: int, n_b: int, *, paired: bool = False) -> float:
    """Smallest two-sided p of the exact test."""
    if paired:
        return min(1.0, 2.0 ** (1 - n_a))
    ways = comb(n_a + n_b, n_a)
    return min(1.0, (2 if n_a == n_b else 1) / ways)  # of equal sizes, each relabeling has a mirror image


def relabelings_of(n_a: int, n_b: int, *, relabelings: int, seed: int) -> tuple[NDArray[np.bool_], bool]:
    """Which replicates are called "other" in each relabeling, (P, n_a + n_b), the real one first; and if these are all.

    Replicates are in the order reference, other.
    """
    n = n_a + n_b
    if comb(n, n_b) <= EXACT:
        chosen = np.array(list(combinations(range(n - 1, -1, -1), n_b)), np.int64).reshape(-1, n_b)
        labels = np.zeros((len(chosen), n), np.bool_)
        np.put_along_axis(labels, chosen, True, axis=1)
        return labels, True
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(np.arange(n), (relabelings, 1)), axis=1)
    order[0] = np.arange(n)
    return order >= n_a, False


def sign_flips(n: int, *, relabelings: int, seed: int) -> tuple[Floats, bool]:
    """Sign of each pair's difference in each relabeling, (P, n), the real one first; and whether these are all."""
    if 2**n <= EXACT:
        return np.array(list(product((1.0, -1.0), repeat=n))).reshape(-1, n), True
    signs = np.random.default_rng(seed).choice((1.0, -1.0), (relabelings, n))
    signs[0] = 1.0
    return signs, False


def groupings(design: Design, seed: int) -> list[tuple[list[int], list[int]]]:
    """Ways to share out the samples of a design between two sides, the real one first.

    A grouping and its mirror image are one; beyond `MOST_GROUPINGS` so many are drawn. For statistics that do not
    know which side is which and take long to compute.
    """
    if design.paired:
        signs, exact = sign_flips(len(design.a), relabelings=MOST_GROUPINGS, seed=seed)
        swapped = signs < 0
        a, b = np.where(swapped, design.b, design.a), np.where(swapped, design.a, design.b)
    else:
        everyone = np.concatenate([design.a, design.b])
        labels, exact = relabelings_of(*design.n, relabelings=MOST_GROUPINGS, seed=seed)
        b = np.array([everyone[chosen] for chosen in labels])
        a = np.array([everyone[~chosen] for chosen in labels])
    groups = [(sorted(map(int, first)), sorted(map(int, second))) for first, second in zip(a, b, strict=True)]
    unique = {frozenset((tuple(first), tuple(second))): (first, second) for first, second in reversed(groups)}
    if exact and len(unique) <= MOST_GROUPINGS:
        return [groups[0], *(group for group in unique.values() if sorted(group) != sorted(groups[0]))]
    others = np.random.default_rng(seed).permutation(min(len(groups) - 1, EXACT))[: MOST_GROUPINGS - 1] + 1
    return [groups[0], *(groups[int(nth)] for nth in others)]
