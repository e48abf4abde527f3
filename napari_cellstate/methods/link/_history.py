"""What the recent past of a cell says about its next step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS = 4
"""No past, one step, two to four, more."""
WAYS = 3
"""Last step, recent mean, mean of all."""

_RECENT = 0.4
_ONE_MORE = 1.0
_SIZE = 0.3
_LIMIT = 16.0
_RIDGE = 5.0


@dataclass(frozen=True)
class History:
    """Past steps of the cells of a frame, less what all cells did together.

    Attributes
    ----------
    last, recent, sum : (N, D) last step, exponential mean, and sum of all steps, px.
    steps : (N,) how many.
    size : (N,) recent squared distance from the expected position beside what is usual.
    """

    last: Floats
    recent: Floats
    sum: Floats
    steps: Ints
    size: Floats

    @classmethod
    def none(cls, n: int, dims: int) -> History:
        """Of cells that just appeared."""
        zero = np.zeros((n, dims))
        return cls(zero, zero, zero, np.zeros(n, np.int64), np.ones(n))

    def level(self) -> Ints:
        """Which of `LEVELS`."""
        return np.searchsorted([1, 2, 5], self.steps, side="right")

    def ways(self) -> Floats:
        """(N, D, WAYS) the steps that the past suggests."""
        mean = self.sum / (self.steps + _ONE_MORE)[:, None]
        return np.stack([self.last, self.recent, mean], axis=-1)

    def after(self, source: Ints, target: Ints, step: Floats, size: Floats, n: int) -> History:
        """Histories of the `n` cells of the next frame, of which `target` follow `source` by these steps."""
        old, dims = self.steps[source], self.last.shape[1]
        last, recent, total = (np.zeros((n, dims)) for _ in range(3))
        steps, sizes = np.zeros(n, np.int64), np.ones(n)
        share = np.where(old > 0, _RECENT, 1.0)[:, None]
        last[target] = step
        recent[target] = self.recent[source] * (1 - share) + step * share
        total[target] = self.sum[source] + step
        steps[target] = old + 1
        sizes[target] = self.size[source] * (1 - _SIZE) + np.minimum(size, _LIMIT) * _SIZE
        return History(last, recent, total, steps, sizes)


def fit_weights(ways: Floats, level: Ints, step: Floats, scale2: float) -> Floats:
    """Weights of the ways by length of the history, (LEVELS, WAYS), by robust ridge regression.

    Parameters
    ----------
    ways : (N, D, WAYS).
    level : (N,).
    step : (N, D) what the cells did.
    scale2 : usual squared size of a step along an axis: shrinks weights that few cells support.
    """
    weights = np.zeros((LEVELS, WAYS))
    left = step
    for _ in range(3):
        off = np.einsum("ndk,nk->nd", ways, weights[level]) - step if weights.any() else left
        pull = 1 / (1 + (off**2).sum(1) / (4 * step.shape[1] * scale2))
        everyone = _solve(ways, step, pull, scale2, np.zeros(WAYS))
        for one in range(1, LEVELS):
            mine = level == one
            weights[one] = _solve(ways[mine], step[mine], pull[mine], scale2, everyone)
    return weights


def _solve(ways: Floats, step: Floats, pull: Floats, scale2: float, toward: Floats) -> Floats:
    pulled = ways * pull[:, None, None]
    gram, right = np.einsum("ndk,ndl->kl", pulled, ways), np.einsum("ndk,nd->k", pulled, step)
    ridge = _RIDGE * step.shape[1] * scale2 * np.eye(WAYS)
    return np.asarray(np.linalg.solve(gram + ridge, right + ridge @ toward))
