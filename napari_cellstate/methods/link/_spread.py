"""How far cells are from where they were expected: a law with as heavy tails as the cells show."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TAILS = (2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 100.0)
_MEMORIES = (0.0, 0.3, 0.6, 0.85)
_ROUNDS = 8
_ENOUGH = 3000
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
        return log_t(square, scale2, self.tail, self.dims)

    def reach(self, log_density: float, scale2: float) -> float:
        """Distance at which the density falls to this; 0 where it is below everywhere."""
        nu, d = self.tail, self.dims
        over = (float(self.log(np.zeros(()), np.asarray(scale2))) - log_density) * 2 / (nu + d)
        return float(np.sqrt(nu * scale2 * np.expm1(np.clip(over, 0, 50))))


def fit_spread(square: Floats, level: NDArray[np.int64], size: Floats, n_levels: int, dims: int, far: float) -> Spread:
    """Fit by expectation and maximisation, with a uniform share of wrong links out to the distance `far`.

    Parameters
    ----------
    square : (N,) squared distances from the expected position.
    level, size : (N,) as for `Spread.of`.
    """
    some = slice(None, None, max(len(square) // _ENOUGH, 1))
    lessons = _Lessons(square[some], level[some], size[some], n_levels, dims, -log_ball(far, dims))
    tail = max(_TAILS, key=lambda one: lessons.fit(one, 0.0)[0])
    memory = max(_MEMORIES, key=lambda one: lessons.fit(tail, one)[0])
    tail = max(_TAILS, key=lambda one: lessons.fit(one, memory)[0])
    return lessons.fit(tail, memory)[1]


@dataclass(frozen=True)
class _Lessons:
    square: Floats
    level: NDArray[np.int64]
    size: Floats
    n_levels: int
    dims: int
    flat: float

    def fit(self, tail: float, memory: float) -> tuple[float, Spread]:
        """Log likelihood and scales for a tail and a memory."""
        start = max(float(np.median(self.square)), 1e-12) / self.dims
        found, wrong, value = Spread(np.full(self.n_levels, start), tail, memory, self.dims), 0.02, -np.inf
        per_size = 1 - memory + memory * self.size
        for _ in range(_ROUNDS):
            scale2 = found.of(self.level, self.size)
            right = np.log1p(-wrong) + found.log(self.square, scale2)
            total = np.logaddexp(right, np.log(wrong) + self.flat)
            value = float(total.sum())
            weight = np.exp(right - total)
            wrong = float(np.clip(1 - weight.mean(), 1e-4, 0.2))
            part = weight * (tail + self.dims) / (tail + self.square / scale2) * self.square / per_size
            shared = max(part.sum() / (weight.sum() * self.dims), 1e-12)
            sums = np.bincount(self.level, part, self.n_levels) + _PRIOR * self.dims * shared
            counts = np.bincount(self.level, weight, self.n_levels) + _PRIOR
            found = Spread(sums / (self.dims * counts), tail, memory, self.dims)
        return value, found


def log_t(square: Floats, scale2: Floats | float, tail: float, dims: int) -> Floats:
    """Log density of Student's t in `dims` dimensions, at a squared distance and of a squared scale."""
    constant = lgamma((tail + dims) / 2) - lgamma(tail / 2) - dims / 2 * np.log(tail * np.pi)
    return np.asarray(constant - dims / 2 * np.log(scale2) - (tail + dims) / 2 * np.log1p(square / (tail * scale2)))


def log_ball(radius: float, dims: int) -> float:
    """Log volume of a ball."""
    return float(dims / 2 * np.log(np.pi) - lgamma(dims / 2 + 1) + dims * np.log(radius))
