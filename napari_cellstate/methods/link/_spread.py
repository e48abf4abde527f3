"""How far cells are from where they were expected: a law with as heavy tails as the cells show."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TAILS = (2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 100.0)
_MEMORIES = (0.0, 0.3, 0.6, 0.85)
_ROUNDS = 12
_PRIOR = 10.0


@dataclass(frozen=True)
class Spread:
    """Student's t in `dims` dimensions, the same in all directions.

    Attributes
    ----------
    scale2 : square of the scale, px^2, by length of the history (`LEVELS` of it).
    tail : degrees of freedom; few are heavy tails, many a Gaussian.
    memory : how much the recent steps of a cell say of the size of its next, 0 to 1.
    dims : number of dimensions.
    """

    scale2: Floats
    tail: float
    memory: float
    dims: int

    def of(self, level: NDArray[np.int64], size: Floats) -> Floats:
        """Square of the scale for each cell, from its history and the recent size of its steps (1 is usual)."""
        return np.asarray(self.scale2[level] * (1 - self.memory + self.memory * size))

    def log(self, square: Floats, scale2: Floats) -> Floats:
        """Log density, per px^dims, at a squared distance."""
        nu, d = self.tail, self.dims
        constant = lgamma((nu + d) / 2) - lgamma(nu / 2) - d / 2 * np.log(nu * np.pi)
        return np.asarray(constant - d / 2 * np.log(scale2) - (nu + d) / 2 * np.log1p(square / (nu * scale2)))

    def reach(self, log_density: Floats, scale2: Floats) -> Floats:
        """Distance at which the density falls to this; 0 where it is below everywhere."""
        nu, d = self.tail, self.dims
        over = (self.log(np.zeros(1), scale2) - log_density) * 2 / (nu + d)
        return np.asarray(np.sqrt(nu * scale2 * np.expm1(np.clip(over, 0, 50))))


def fit_spread(square: Floats, level: NDArray[np.int64], size: Floats, n_levels: int, dims: int, far: float) -> Spread:
    """Fit by expectation and maximisation, with a uniform share of wrong links out to the distance `far`.

    Parameters
    ----------
    square : (N,) squared distances from the expected position.
    level, size : (N,) as for `Spread.of`.
    """
    best, law = -np.inf, None
    start = max(float(np.median(square)), 1e-12)
    flat = -_log_ball(far, dims)
    for memory in _MEMORIES:
        for tail in _TAILS:
            found = Spread(np.full(n_levels, start / dims), tail, memory, dims)
            wrong = 0.02
            value = -np.inf
            for _ in range(_ROUNDS):
                scale2 = found.of(level, size)
                right = np.log1p(-wrong) + found.log(square, scale2)
                total = np.logaddexp(right, np.log(wrong) + flat)
                value = float(total.sum())
                weight = np.exp(right - total)
                wrong = float(np.clip(1 - weight.mean(), 1e-4, 0.2))
                pull = weight * (tail + dims) / (tail + square / scale2)
                part = square / (scale2 / found.scale2[level]) * pull
                shared = max(part.sum() / (weight.sum() * dims), 1e-12)
                sums = np.bincount(level, part, n_levels) + _PRIOR * dims * shared
                new = sums / (dims * (np.bincount(level, weight, n_levels) + _PRIOR))
                found = Spread(new, tail, memory, dims)
            if value > best:
                best, law = value, found
    assert law is not None
    return law


def _log_ball(radius: float, dims: int) -> float:
    """Log volume of a ball."""
    return dims / 2 * np.log(np.pi) - lgamma(dims / 2 + 1) + dims * np.log(radius)
