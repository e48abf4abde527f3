"""How alike two cells look: how much more likely a change of size, shape or brightness is in one cell than in two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SIZES = ("area", "perimeter")
_SHAPES = ("eccentricity", "elongation", "solidity", "form_factor")
_TAIL = 4.0
_PRIOR = 20.0
_ROUNDS = 6
_TORN = 0.05
"""Share of outlines that are torn or merged, whose looks say nothing."""


@dataclass(frozen=True)
class Looks:
    """Two laws of the difference between two cells, (F, F) each: of one cell a frame later, and of two cells."""

    same: Floats
    other: Floats

    @classmethod
    def unknown(cls, features: int) -> Looks:
        """Nothing learned: every pair is as likely."""
        return cls(np.eye(features), np.eye(features))

    def ratio(self, difference: Floats) -> Floats:
        """Log of how much more likely each difference, (N, F), is in one cell than in two."""
        if not difference.shape[1]:
            return np.zeros(len(difference))
        ratio = _log(difference, self.same) - _log(difference, self.other)
        return np.asarray(np.logaddexp(np.log1p(-_TORN) + ratio, np.log(_TORN)))


def appearance(cells: pd.DataFrame) -> Floats:
    """Size, shape and brightness of each cell as far as they were measured, (N, F), logarithms of sizes.

    Columns that are the same in all cells, or not finite in any, say nothing and are left out.
    """
    columns = []
    for name in map(str, cells.columns):
        bright = name.startswith(("mean_", "intensity_mean")) or name.endswith("mean_intensity")
        if name not in _SIZES and name not in _SHAPES and not bright:
            continue
        values = cells[name].to_numpy(np.float64)
        if not np.isfinite(values).all() or (name not in _SHAPES and (values <= 0).any()):
            continue
        values = values if name in _SHAPES else np.log(values)
        spread = values.std() if len(values) else 0.0
        if spread > 1e-9:
            columns.append((values - values.mean()) / spread)
    return np.stack(columns, axis=1) if columns else np.empty((len(cells), 0))


def fit_looks(same: Floats, other: Floats) -> Looks:
    """Learn from differences within cells and between neighbours, (N, F) and (M, F); few pairs teach little."""
    features = same.shape[1]
    if not features or len(other) <= features:
        return Looks.unknown(features)
    between = _scatter(other, np.eye(features), 1.0)
    return Looks(_scatter(same, between, _PRIOR), between)


def _scatter(difference: Floats, prior: Floats, strength: float) -> Floats:
    """Scatter of a t law around 0, by expectation and maximisation, pulled toward a prior worth `strength` pairs."""
    n, features = difference.shape
    found = prior
    for _ in range(_ROUNDS):
        square = _square(difference, found)
        pull = (_TAIL + features) / (_TAIL + square)
        # no matrix product: the order of its sums may depend on the number of threads
        scatter = np.einsum("nf,ng->fg", difference * pull[:, None], difference)
        found = (scatter + strength * prior) / (n + strength)
        found = found + 1e-9 * np.eye(features)
    return found


def _log(difference: Floats, scatter: Floats) -> Floats:
    square = _square(difference, scatter)
    features = difference.shape[1]
    return np.asarray(-np.linalg.slogdet(scatter)[1] / 2 - (_TAIL + features) / 2 * np.log1p(square / _TAIL))


def _square(difference: Floats, scatter: Floats) -> Floats:
    return np.asarray(np.einsum("nf,nf->n", np.einsum("nf,fg->ng", difference, np.linalg.inv(scatter)), difference))
