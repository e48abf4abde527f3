"""A mixed model beside the t-test: cells in movies in replicates, and a t with the replicates' degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import MINIMUM, Design, Samples

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Mixed:
    """Effect of the condition in a mixed model.

    Attributes
    ----------
    estimate, se : in the units of what was given.
    df : replicates less conditions, or pairs less one.
    p : by a t; NaN with fewer than three replicates a condition or three pairs.
    shares : variance between pairs, samples (replicates in a condition), movies and cells, as shares of all.
    """

    estimate: float
    se: float
    df: float
    p: float
    shares: tuple[float, float, float, float]


def mixed_model(values: NDArray[Any], movie: Ints, samples: Samples, design: Design) -> Mixed:
    """Fit a random intercept for each pair, sample and movie by restricted maximum likelihood.

    Parameters
    ----------
    values : (N,) one number a cell (track); NaN is left out.
    movie : (N,) from 0, into `samples.of`.

    Notes
    -----
    The usual z of such models rejects 10 % and more of true nulls with few replicates; the t has the degrees of
    freedom of the replicates ("containment"). Against the t-test on one mean a replicate it weighs replicates by
    their cells, which matters where these numbers differ much. A check: the t-test decides.
    """
    from scipy.optimize import minimize
    from scipy.special import stdtr

    there = np.isfinite(values) & np.isin(samples.of[movie], np.concatenate([design.a, design.b]))
    movies, row = np.unique(movie[there], return_inverse=True)
    x = np.asarray(values, np.float64)[there]
    n = np.bincount(row).astype(np.float64)
    if len(movies) < 3 or len(x) <= len(movies):
        return _unknown()
    mean = np.bincount(row, x) / n
    within = float(((x - mean[row]) ** 2).sum())
    scale = float(x.var()) or 1.0
    model = _Model(mean / np.sqrt(scale), n, within / scale, *_groups(samples, design, movies))
    start = np.log(np.array([0.1] * len(model.random) + [1.0]))
    found = minimize(
        model.criterion, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6, "maxiter": 600}
    )
    estimate, se = model.effect(found.x)
    df = float(len(design.a) - 1 if design.paired else len(design.a) + len(design.b) - 2)
    p = 2 * float(stdtr(df, -abs(estimate) / se)) if se > 0 and min(design.n) >= MINIMUM else float("nan")
    parts = dict(zip([*model.random, "cells"], np.exp(found.x), strict=True))
    whole = sum(parts.values())
    shares = [parts.get(name, 0.0) / whole for name in ("pairs", "samples", "movies", "cells")]
    return Mixed(estimate * np.sqrt(scale), se * np.sqrt(scale), df, p, (shares[0], shares[1], shares[2], shares[3]))


def _unknown() -> Mixed:
    nan = float("nan")
    return Mixed(nan, nan, nan, nan, (nan, nan, nan, nan))


def _groups(samples: Samples, design: Design, movies: Ints) -> tuple[Floats, dict[str, Floats]]:
    """Design of the fixed effects, (M, 2), and covariance of movie means for unit variance of each random effect."""
    sample = samples.of[movies]
    other = np.isin(sample, design.b).astype(np.float64)
    fixed = np.stack([np.ones(len(movies)), other], axis=1)
    random = {}
    if design.paired:
        pair = samples.replicate[sample]
        random["pairs"] = (pair[:, None] == pair[None]).astype(np.float64)
    random["samples"] = (sample[:, None] == sample[None]).astype(np.float64)
    if len(np.unique(sample)) < len(movies):
        random["movies"] = np.eye(len(movies))
    return fixed, random


@dataclass(frozen=True, eq=False)
class _Model:
    mean: Floats
    n: Floats
    within: float
    fixed: Floats
    random: dict[str, Floats]

    def _covariance(self, logs: Floats) -> Floats:
        parts = np.exp(np.clip(logs, -25, 10))
        whole = np.diag(parts[-1] / self.n)
        for share, part in zip(parts[:-1], self.random.values(), strict=True):
            whole = whole + share * part
        return whole

    def criterion(self, logs: Floats) -> float:
        """Twice the negative restricted log likelihood, less a constant."""
        covariance = self._covariance(logs)
        solved = np.linalg.solve(covariance, self.fixed)
        information = self.fixed.T @ solved
        effect = np.linalg.solve(information, solved.T @ self.mean)
        rest = self.mean - self.fixed @ effect
        residual = float(np.exp(np.clip(logs[-1], -25, 10)))
        free = self.n.sum() - len(self.n)
        determinants = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
        return float(
            determinants + rest @ np.linalg.solve(covariance, rest) + free * np.log(residual) + self.within / residual
        )

    def effect(self, logs: Floats) -> tuple[float, float]:
        """Effect of the other condition and its standard error."""
        covariance = self._covariance(logs)
        solved = np.linalg.solve(covariance, self.fixed)
        inverse = np.linalg.inv(self.fixed.T @ solved)
        effect = inverse @ solved.T @ self.mean
        return float(effect[1]), float(np.sqrt(inverse[1, 1]))
