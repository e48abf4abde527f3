"""Whether states are the same states: means of features, of all rows or of each state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design, Samples
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupMeans:
    """Means of features for each movie and group (state, or all rows as one group).

    Attributes
    ----------
    means : (M, G, F), NaN for a movie without rows of a group.
    sd : (G, F) standard deviation of the rows around the mean of their movie and group.
    rows : (M, G) rows.

    Notes
    -----
    `sd` is the yardstick of an effect, never of its uncertainty: that comes from replicates.
    """

    means: Floats
    sd: Floats
    rows: Ints


def group_means(values: NDArray[Any], group: Ints, movie: Ints, *, groups: int, movies: int) -> GroupMeans:
    """Mean of each feature in each movie and group.

    Parameters
    ----------
    values : (N, F); values that are not finite are left out, feature by feature.
    group : (N,) from 0, -1 for none.
    movie : (N,) from 0.
    """
    values = np.asarray(values, np.float64)[group >= 0]
    cell = movie[group >= 0] * groups + group[group >= 0]
    shape = (movies, groups, values.shape[1])
    there = np.isfinite(values)
    n = _sums(there, cell, shape)
    means = np.divide(_sums(np.where(there, values, 0), cell, shape), n, out=np.full(shape, np.nan), where=n > 0)
    around = np.where(there, values - means.reshape(-1, shape[2])[cell], 0) ** 2
    free = np.maximum(n - 1, 0).sum(axis=0)
    sd = np.sqrt(_sums(around, cell, shape).sum(axis=0) / np.where(free > 0, free, np.nan))
    return GroupMeans(means, sd, np.bincount(cell, minlength=movies * groups).reshape(movies, groups))


def _sums(values: NDArray[Any], cell: Ints, shape: tuple[int, int, int]) -> Floats:
    """Sum of each column over the rows of each movie and group."""
    size = shape[0] * shape[1]
    sums: Floats = np.stack([np.bincount(cell, column, size).astype(np.float64) for column in values.T], axis=1)
    return sums.reshape(shape)


def compare_states(
    found: GroupMeans,
    samples: Samples,
    design: Design,
    *,
    states: Sequence[str],
    features: Sequence[str],
    margin: float = 0.25,
) -> list[Finding]:
    """Compare where the states are.

    Parameters
    ----------
    found : means of each movie and state.
    states, features : (G,) and (F,) names.
    margin : in standard deviations of the rows.

    Returns
    -------
    One finding for each state and feature, in such standard deviations, not yet corrected.

    Notes
    -----
    States must have been made from all conditions together, without knowing them. A state that moved is a changed
    state; the rates in and out of it are then those of another thing, and not comparable. Only means are seen here,
    not a state that grew wider: see `transport`.
    """
    scaled = samples.mean(found.means / np.where(found.sd > 0, found.sd, np.nan))
    names = [f"state {state} {feature}" for state in states for feature in features]
    return _findings(names, scaled.reshape(len(scaled), -1).T, design, "states", margin, "sd of rows")


def compare_features(
    values: NDArray[Any],
    design: Design,
    *,
    features: Sequence[str],
    sd: NDArray[Any],
    margin: float = 0.25,
) -> list[Finding]:
    """Compare the mean of each feature.

    Parameters
    ----------
    values : (S, F), one mean a sample.
    sd : (F,) standard deviation of cells, the yardstick of the margin.

    Returns
    -------
    One finding "mean FEATURE" a feature, in standard deviations; `values` are in the feature's own unit. Not yet
    corrected.
    """
    values, sd = np.asarray(values, np.float64), np.asarray(sd, np.float64)
    if values.shape[1:] != sd.shape or len(features) != len(sd):
        raise InputError(
            f"compare: means {values.shape}, {len(sd)} sd, {len(features)} names; expected one sd a feature"
        )
    names = [f"mean {feature}" for feature in features]
    scaled = values / np.where(sd > 0, sd, np.nan)
    found = _findings(names, scaled.T, design, "means", margin, "sd of cells")
    return _in_own_unit(found, sd)


def _in_own_unit(findings: Sequence[Finding], sd: Floats) -> list[Finding]:
    return [
        replace(one, values=(one.values[0] * unit, one.values[1] * unit))
        for one, unit in zip(findings, sd.tolist(), strict=True)
    ]


def _findings(
    names: Sequence[str], values: Floats, design: Design, question: str, margin: float, unit: str
) -> list[Finding]:
    a, b = design.split(values)
    wording = Wording(question, unit, "mean", (-margin, margin), np.asarray)
    contrast, permutation = compare_conditions(values, design), permute(a, b, paired=design.paired)
    means = np.stack([finite_mean(a), finite_mean(b)], axis=1)
    return make_findings(names, contrast, permutation, design, wording, values=means)
