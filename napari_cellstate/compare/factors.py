"""Conditions made of several factors (age, drug): main effects and interactions, with replicates as n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import MINIMUM, Samples
from napari_cellstate.compare.replicate_tests import Contrast
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Effect:
    """One main effect or interaction, as weights of the cells of the design.

    Attributes
    ----------
    name : "age: aged" or "age: aged x drug: FGF2".
    weights : weight of each combination of levels; main effects average over the other factors, each level alike.
    interaction : whether it is the difference of differences.
    """

    name: str
    weights: Mapping[tuple[str, ...], float]
    interaction: bool


@dataclass(frozen=True, eq=False)
class Factors:
    """Levels of each factor in each sample.

    Attributes
    ----------
    names : (F,) of the factors.
    levels : (S, F) level of each sample.
    """

    names: tuple[str, ...]
    levels: NDArray[Any]

    def order(self, nth: int) -> list[str]:
        """Levels of one factor in the order in which they come; the first is the reference."""
        return list(dict.fromkeys(self.levels[:, nth].tolist()))


def find_effects(factors: Factors) -> list[Effect]:
    """Main effects of each level against the first of its factor, then interactions of two factors.

    Raises
    ------
    InputError
        A combination of levels was not measured: nothing can be averaged over it.
    """
    orders = [factors.order(nth) for nth in range(len(factors.names))]
    there = {tuple(row) for row in factors.levels.tolist()}
    missing = [cell for cell in product(*orders) if cell not in there]
    if missing:
        what = ", ".join(f"{name} {level}" for name, level in zip(factors.names, missing[0], strict=True))
        raise InputError(f"compare: no replicate of {what}; main effects need every combination of the factors")
    effects = [
        Effect(f"{factors.names[nth]}: {level}", _weights(orders, {nth: level}), False)
        for nth, order in enumerate(orders)
        for level in order[1:]
    ]
    for one, two in combinations(range(len(orders)), 2):
        for first, second in product(orders[one][1:], orders[two][1:]):
            name = f"{factors.names[one]}: {first} x {factors.names[two]}: {second}"
            effects.append(Effect(name, _weights(orders, {one: first, two: second}), True))
    return effects


def _weights(orders: Sequence[Sequence[str]], changed: Mapping[int, str]) -> dict[tuple[str, ...], float]:
    """Weight of each cell: +1 and -1 along the factors that change, equal shares along the others."""
    each = []
    for nth, order in enumerate(orders):
        if nth in changed:
            each.append({level: float(level == changed[nth]) - float(level == order[0]) for level in order})
        else:
            each.append(dict.fromkeys(order, 1 / len(order)))
    return {
        cell: float(np.prod([one[level] for one, level in zip(each, cell, strict=True)])) for cell in product(*orders)
    }


def effect_contrast(values: NDArray[Any], samples: Samples, factors: Factors, effect: Effect) -> Contrast:
    """Test a weighted sum of cell means, one number a replicate.

    Parameters
    ----------
    values : (..., S), one number a sample; NaN where a sample has none.

    Returns
    -------
    Contrast with p NaN where a group of replicates has fewer than three; `paired` where every replicate was seen in
    all cells, so that each gives the whole difference by itself.

    Notes
    -----
    Replicates seen in the same cells are a group. Each replicate gives the weighted sum of its own values, groups are
    added up, and the degrees of freedom are Satterthwaite's: a replicate seen under both drugs is compared with
    itself, one seen under one drug with others. Nothing is assumed equal between cells. Where some replicates miss a
    cell that others of their kind have, they are left out.
    """
    values = np.asarray(values, np.float64)
    profiles, unit_values = _units(values, samples, factors, effect)
    estimate, square, below = (np.zeros(values.shape[:-1]) for _ in range(3))
    least = np.full(values.shape[:-1], np.inf)
    for profile in _disjoint(profiles, effect):
        mine = unit_values[..., [one == profile for one in profiles]]
        there = np.isfinite(mine)
        n = there.sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(there, mine, 0).sum(axis=-1) / n
            spread = np.where(there, mine - mean[..., None], 0) ** 2
            part = spread.sum(axis=-1) / np.where(n > 1, n - 1.0, np.nan) / n
            below = below + part**2 / np.where(n > 1, n - 1.0, np.nan)
        estimate, square, least = estimate + mean, square + part, np.minimum(least, n)
    if not np.isfinite(least).all():
        nothing = np.full(values.shape[:-1], np.nan)
        return _contrast(nothing, nothing, nothing, np.zeros(values.shape[:-1]), paired=False)
    return _contrast(estimate, square, below, least, paired=len(set(profiles)) == 1 and len(profiles[0]) > 1)


def _disjoint(profiles: list[tuple[tuple[str, ...], ...]], effect: Effect) -> list[tuple[tuple[str, ...], ...]]:
    """Groups of replicates that share no cell, the fullest first; nothing if they leave a cell that counts empty."""
    chosen: list[tuple[tuple[str, ...], ...]] = []
    covered: set[tuple[str, ...]] = set()
    for profile in sorted(dict.fromkeys(profiles), key=lambda one: (-len(one), -profiles.count(one))):
        if not covered & set(profile):
            chosen.append(profile)
            covered |= set(profile)
    return chosen if covered == {cell for cell, weight in effect.weights.items() if weight} else []


def _contrast(estimate: Any, square: Any, below: Any, least: Any, *, paired: bool) -> Contrast:
    from scipy.special import stdtr

    se = np.sqrt(square)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = square**2 / below
        p = np.where((np.asarray(estimate) == 0) & (se == 0), 1.0, 2 * stdtr(df, -np.abs(estimate) / se))
    p = np.where(least >= MINIMUM, p, np.nan)
    n = np.asarray(least, np.int64)
    return Contrast(np.asarray(estimate), np.asarray(se), np.asarray(df), p, n, n, paired)


def _units(
    values: Floats, samples: Samples, factors: Factors, effect: Effect
) -> tuple[list[tuple[tuple[str, ...], ...]], Floats]:
    """Cells in which each replicate was seen (those that count), and its weighted sum."""
    cells = [tuple(row) for row in factors.levels.tolist()]
    sums: dict[str, Any] = {}
    seen: dict[str, list[tuple[str, ...]]] = {}
    for nth, cell in enumerate(cells):
        weight = effect.weights[cell]
        if not weight:
            continue
        name = str(samples.replicate[nth])
        sums[name] = sums.get(name, 0.0) + weight * values[..., nth]
        seen.setdefault(name, []).append(cell)
    profiles = [tuple(sorted(one)) for one in seen.values()]
    return profiles, np.stack(list(sums.values()), axis=-1)
