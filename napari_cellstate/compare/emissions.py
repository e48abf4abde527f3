"""States shared between conditions, or each condition its own: held-out likelihood of what the states look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.permutation import groupings
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Emissions:
    """What separate states gain over shared ones.

    Attributes
    ----------
    gain : (R,) log likelihood a window (nats) of each left out sample with the states of its own condition, less
        that with states shared by all; first the samples of the reference, then those of the other condition.
    p : how often relabeled replicates gain as much; NaN with fewer than three replicates a condition or three pairs.
    smallest_p : the smallest p that so many replicates can give.

    Notes
    -----
    Below 0, states fitted to all replicates foretell a new one better than states fitted to those of its condition:
    sharing costs nothing. Above 0 with a small p, conditions have states of their own. The p asks whether the gain
    goes with the condition and not with any split of the replicates.
    """

    gain: Floats
    p: float
    smallest_p: float

    @property
    def mean(self) -> float:
        """Mean over the left out samples."""
        return float(np.nanmean(self.gain)) if np.isfinite(self.gain).any() else float("nan")


def compare_emissions(
    points: NDArray[Any], state: Ints, sample: Ints, design: Design, *, states: int, seed: int = 0
) -> Emissions:
    """Shared against separate Gaussian emissions, each replicate judged by a fit to the others.

    Parameters
    ----------
    points : (N, D) finite; few dimensions serve best.
    state : (N,) 1 to `states`, 0 for none, decoded without knowing the conditions.
    sample : (N,) from 0.

    Raises
    ------
    InputError
        Points not finite.

    Notes
    -----
    Rows keep their decoded state; only its mean and covariance are fitted anew, from the rows of all other samples
    (shared) or of the other samples of the same side (separate), the latter drawn a little towards the former.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise InputError(f"compare: points {points.shape}; expected (N, D) finite")
    everyone = [int(one) for one in np.concatenate([design.a, design.b])]
    moments = {one: _moments(points[sample == one], state[sample == one], states) for one in everyone}
    partner = dict(zip(design.a.tolist(), design.b.tolist(), strict=True)) if design.paired else {}
    partner |= {b: a for a, b in partner.items()}
    shared = {}
    for one in everyone:
        rest = _sum([moments[other] for other in everyone if other not in (one, partner.get(one))], moments[one])
        shared[one] = _fit(rest, _sum(list(moments.values()), moments[one]))
    groups = groupings(design, seed)
    found = [_gains(group, moments, shared, partner) for group in groups]
    if not design.enough:
        return Emissions(found[0], float("nan"), 1 / len(groups))
    means = np.array([np.nanmean(one) if np.isfinite(one).any() else -np.inf for one in found])
    return Emissions(found[0], float(np.mean(means >= means[0] - 1e-12)), 1 / len(groups))


@dataclass(frozen=True, eq=False)
class _Moments:
    rows: Floats  # (k,)
    total: Floats  # (k, D)
    square: Floats  # (k, D, D)


@dataclass(frozen=True, eq=False)
class _Gaussians:
    mean: Floats  # (k, D)
    covariance: Floats  # (k, D, D)


def _moments(points: Floats, state: Ints, states: int) -> _Moments:
    parts = [points[state == one] for one in range(1, states + 1)]
    return _Moments(
        np.array([float(len(part)) for part in parts]),
        np.stack([part.sum(axis=0) for part in parts]),
        np.stack([part.T @ part for part in parts]),
    )


def _sum(parts: list[_Moments], like: _Moments) -> _Moments:
    rows, total, square = np.zeros_like(like.rows), np.zeros_like(like.total), np.zeros_like(like.square)
    for part in parts:
        rows, total, square = rows + part.rows, total + part.total, square + part.square
    return _Moments(rows, total, square)


def _fit(found: _Moments, all_rows: _Moments, towards: _Gaussians | None = None) -> _Gaussians:
    """Mean and covariance of each state; with few rows near those of `towards`, or of all rows together."""
    dimensions = found.total.shape[1]
    if towards is None:
        n = max(all_rows.rows.sum(), 1.0)
        centre = all_rows.total.sum(axis=0) / n
        whole = all_rows.square.sum(axis=0) / n - np.outer(centre, centre)
        whole = np.diag(np.maximum(np.diag(whole), 1e-9))
        towards = _Gaussians(np.broadcast_to(centre, found.total.shape), np.broadcast_to(whole, found.square.shape))
    prior = dimensions + 2.0
    n = found.rows[:, None]
    mean = (found.total + towards.mean) / (n + 1)
    cross = np.einsum("ki,kj->kij", found.total, mean)
    around = (
        found.square
        - cross
        - cross.transpose(0, 2, 1)
        + found.rows[:, None, None] * np.einsum("ki,kj->kij", mean, mean)
    )
    covariance = (around + prior * towards.covariance) / (found.rows + prior)[:, None, None]
    return _Gaussians(mean, covariance)


def _gains(
    group: tuple[list[int], list[int]],
    moments: dict[int, _Moments],
    shared: dict[int, _Gaussians],
    partner: dict[int, int],
) -> Floats:
    gains = []
    for side in group:
        for one in side:
            own = [moments[other] for other in side if other not in (one, partner.get(one))]
            rest = _sum(own, moments[one])
            separate = _fit(rest, rest, shared[one])
            rows = moments[one].rows.sum()
            gain = _likelihood(moments[one], separate) - _likelihood(moments[one], shared[one])
            gains.append(gain / rows if rows and own else np.nan)
    return np.array(gains)


def _likelihood(found: _Moments, model: _Gaussians) -> float:
    """Log likelihood of rows from their moments, without the constant."""
    inverse = np.linalg.inv(model.covariance)
    determinant = np.linalg.slogdet(model.covariance)[1]
    cross = np.einsum("ki,kj->kij", found.total, model.mean)
    around = (
        found.square
        - cross
        - cross.transpose(0, 2, 1)
        + found.rows[:, None, None] * np.einsum("ki,kj->kij", model.mean, model.mean)
    )
    return float(-0.5 * (found.rows * determinant + np.einsum("kij,kji->k", inverse, around)).sum())
