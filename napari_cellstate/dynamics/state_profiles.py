"""What a state is like: mean of every feature, what tells it from the rest, typical windows, a suggested name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TELLING = 5
_LARGE = 0.8
"""Difference in standard deviations from which it enters a name."""

WORDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("speed", "total_distance", "diffusivity", "net_distance", "step"), "fast", "slow"),
    (
        ("straightness", "persistence", "progressivity", "linearity", "msd_exponent", "directionality"),
        "straight",
        "turning",
    ),
    (("elongation", "eccentricity", "aspect"), "elongated", "round"),
    (("solidity", "circularity"), "smooth", "ragged"),
    (("area", "perimeter", "diameter"), "large", "small"),
    (("intensity",), "bright", "dim"),
    (("neighbour", "density", "crowd"), "crowded", "alone"),
)
"""Beginnings or parts of the names of features, and what much and little of them is called."""


@dataclass(frozen=True, eq=False)
class StateProfiles:
    """What states are like.

    Attributes
    ----------
    means : a row for each state and feature: state, feature, unit, mean, mean_rest, difference (in standard deviations
        of the scaled feature, over rows), rank (1 tells most).
    names : (k,), suggested; from the features that tell most, no biology.
    exemplars : (k, E), numbers of typical rows, each of another track where possible, most typical first; -1 where
        there are fewer.

    Notes
    -----
    The states were made from these features: that they differ is no finding, and no p belongs here.
    """

    means: pd.DataFrame
    names: tuple[str, ...]
    exemplars: Ints

    def telling(self, state: int) -> list[str]:
        """The five features that tell a state (from 1) from the rest, in words."""
        rows = self.means[(self.means["state"] == state) & (self.means["rank"] <= TELLING)].sort_values("rank")
        said = []
        for row in rows.to_dict("records"):
            unit = f" {row['unit']}" if row["unit"] else ""
            said.append(f"{row['feature']} {row['mean']:.3g}{unit} (rest {row['mean_rest']:.3g})")
        return said


def state_profiles(
    values: Floats,
    scaled: Floats,
    state: Ints,
    k: int,
    *,
    names: list[str],
    units: list[str],
    track: NDArray[Any],
    probability: Floats | None = None,
    exemplars: int = 12,
) -> StateProfiles:
    """Describe states.

    Parameters
    ----------
    values : (N, F), in `units`; NaN where not defined. scaled : (N, F), the same in one scaling.
    state : (N,), 1 to `k`, 0 for none.
    track : (N,), what exemplars should differ in.
    probability : (N,), of each row's state; exemplars are taken among the surest half.
    exemplars : typical rows a state.
    """
    import pandas as pd

    rows, called, typical = [], [], np.full((k, exemplars), -1, np.int64)
    for one in range(1, k + 1):
        mine, rest = state == one, (state > 0) & (state != one)
        difference = _means(scaled, mine) - _means(scaled, rest)
        order = np.argsort(-np.abs(np.nan_to_num(difference)), kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(1, len(order) + 1)
        mean, mean_rest = _means(values, mine), _means(values, rest)
        for at, name in enumerate(names):
            rows.append((one, name, units[at], mean[at], mean_rest[at], difference[at], rank[at]))
        called.append(_name([(names[at], difference[at]) for at in order]))
        found = _typical(scaled, mine, track, probability, exemplars)
        typical[one - 1, : len(found)] = found
    columns = ["state", "feature", "unit", "mean", "mean_rest", "difference", "rank"]
    return StateProfiles(pd.DataFrame(rows, columns=columns), _different(called), typical)


def _means(values: Floats, rows: NDArray[np.bool_]) -> Floats:
    part = values[rows]
    finite = np.isfinite(part)
    count = finite.sum(axis=0)
    total = np.where(finite, part, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(values.shape[1], np.nan), where=count > 0))


def _name(differences: list[tuple[str, float]]) -> str:
    """Up to two words for what a state has much or little of."""
    said: list[str] = []
    for feature, difference in differences:
        if not np.isfinite(difference) or abs(difference) < _LARGE or len(said) == 2:
            break
        lower = feature.lower()
        pair = next((words[1:] for words in WORDS if any(part in lower for part in words[0])), None)
        word = (pair[0] if difference > 0 else pair[1]) if pair else f"{'high' if difference > 0 else 'low'} {feature}"
        if word not in said and not any(pair and other in pair for other in said):
            said.append(word)
    return ", ".join(said) or "middling"


def _different(names: list[str]) -> tuple[str, ...]:
    """The same names, those that are there twice numbered."""
    return tuple(
        f"{name} {names[: at + 1].count(name)}" if names.count(name) > 1 else name for at, name in enumerate(names)
    )


def _typical(
    scaled: Floats, mine: NDArray[np.bool_], track: NDArray[Any], probability: Floats | None, count: int
) -> Ints:
    """Rows nearest to the median of their state, of as many tracks as possible."""
    rows = np.flatnonzero(mine)
    if not len(rows):
        return rows
    if probability is not None and np.isfinite(probability[rows]).any():
        rows = rows[probability[rows] >= np.nanmedian(probability[rows])]
    away = np.square(scaled[rows] - np.median(scaled[rows], axis=0)).sum(axis=1)
    order = rows[np.argsort(away, kind="stable")]
    _, first = np.unique(np.asarray(track)[order], return_index=True)
    chosen = order[np.sort(first)][:count]
    if len(chosen) < count:
        chosen = np.append(chosen, order[~np.isin(order, chosen)][: count - len(chosen)])
    return np.asarray(chosen, np.int64)
