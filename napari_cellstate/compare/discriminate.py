"""Whether windows of two conditions can be told apart: a classifier two-sample test with replicates kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design, Samples
from napari_cellstate.compare.permutation import groupings
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ROWS = 400
"""Rows of a sample that are looked at; more say little new of a replicate."""
_CROSSED = 6
_RIDGE = 0.05


@dataclass(frozen=True, eq=False)
class Discrimination:
    """How well a classifier tells the conditions of replicates that it has not seen.

    Attributes
    ----------
    accuracy : (R,) share of the windows of each left out sample that are given to their condition; first those of
        the reference, then those of the other condition.
    p : how often relabeled replicates are told apart as well; NaN with fewer than three a condition or three pairs.
    smallest_p : the smallest p that so many replicates can give.

    Notes
    -----
    0.5 is chance. Any two animals can be told apart: a classifier that has seen windows of the same movie "finds" a
    difference between any two conditions, so whole replicates are left out, and the p asks how often relabeled
    replicates do as well. Low accuracy is no evidence of one law.
    """

    accuracy: Floats
    p: float
    smallest_p: float

    @property
    def mean(self) -> float:
        """Mean over the left out samples."""
        return float(self.accuracy.mean())


def tell_apart(points: NDArray[Any], samples: Samples, design: Design, *, seed: int = 0) -> Discrimination:
    """Train on all replicates but one (or but one pair), ask about the one, and repeat with relabeled replicates.

    Parameters
    ----------
    points : (N, D) finite, in a space that does not know the conditions; `samples.of` gives the sample of each.

    Raises
    ------
    InputError
        Points not finite or of another number than `samples.of`, or a replicate without points.

    Notes
    -----
    Linear discriminant on the dimensions, their squares and the products of the first six, so that a change of spread
    or correlation is seen too; each replicate weighs the same. Classifier two-sample test: Lopez-Paz and Oquab 2017,
    arXiv 1610.06545, with p by permutation of replicates.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or len(points) != len(samples.of) or not np.isfinite(points).all():
        raise InputError(f"compare: points {points.shape} for {len(samples.of)} rows; expected (N, D) finite, one each")
    rng = np.random.default_rng(seed)
    here = [int(one) for one in np.concatenate([design.a, design.b])]
    rows = {one: np.flatnonzero(samples.of == one) for one in here}
    if min(map(len, rows.values())) < 1:
        raise InputError("compare: a replicate without points; expected some rows in each")
    chosen = {one: rng.permutation(at)[:MOST_ROWS] for one, at in rows.items()}
    expanded = _expand(points[np.concatenate(list(chosen.values()))])
    ends = np.cumsum([len(at) for at in chosen.values()])[:-1]
    clouds = dict(zip(here, np.split(expanded, ends), strict=True))
    solver = _Solver(clouds, design)
    groups = groupings(design, seed)
    real = solver.accuracy(*groups[0])
    if not design.enough:
        return Discrimination(real, float(np.nan), 1 / len(groups))
    found = np.array([solver.accuracy(*group).mean() for group in groups])
    return Discrimination(real, float(np.mean(found >= found[0] - 1e-12)), 1 / len(groups))


class _Solver:
    """Discriminants without one sample (or pair), whose within covariance does not depend on the labels."""

    def __init__(self, clouds: dict[int, Floats], design: Design) -> None:
        self.clouds = clouds
        self.means = {one: cloud.mean(axis=0) for one, cloud in clouds.items()}
        partner = dict(zip(design.a.tolist(), design.b.tolist(), strict=True)) if design.paired else {}
        self.partner = partner | {b: a for a, b in partner.items()}
        within = {one: np.cov(cloud.T, bias=True).reshape(len(cloud.T), -1) for one, cloud in clouds.items()}
        whole = sum(within.values())
        ridge = _RIDGE * np.diag(np.maximum(np.diag(whole) / len(clouds), 1e-9))
        self.inverse = {}
        for one in clouds:
            gone = {one, self.partner.get(one, one)}
            left = (whole - sum(within[other] for other in gone)) / max(len(clouds) - len(gone), 1)
            self.inverse[one] = np.linalg.inv(left + ridge)

    def accuracy(self, first: list[int], second: list[int]) -> Floats:
        """Accuracy on each left out sample, those of `first` before those of `second`."""
        return np.array(
            [self._left_out(one, first, second, at == 1) for at, of in enumerate((first, second)) for one in of]
        )

    def _left_out(self, one: int, first: list[int], second: list[int], is_second: bool) -> float:
        gone = {one, self.partner.get(one, one)}
        sides = [[self.means[other] for other in side if other not in gone] for side in (first, second)]
        if not all(sides):
            return 0.5
        a, b = (np.mean(side, axis=0) for side in sides)
        score = (self.clouds[one] - (a + b) / 2) @ (self.inverse[one] @ (b - a))
        return float(np.mean(score > 0) if is_second else np.mean(score < 0))


def _expand(points: Floats) -> Floats:
    """Dimensions, squares and products, each cut at three sd and scaled to sd 1."""
    first = _scaled(points)
    few = first[:, :_CROSSED]
    upper = np.triu_indices(few.shape[1], 1)
    return np.concatenate([first, _scaled(first**2), _scaled(few[:, upper[0]] * few[:, upper[1]])], axis=1)


def _scaled(values: Floats) -> Floats:
    sd = values.std(axis=0)
    return np.asarray(np.clip((values - values.mean(axis=0)) / np.where(sd > 0, sd, 1.0), -3, 3))
