"""Divisions: where the two daughters are, beside where their mother was expected."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._spread import Spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STARTS = 10
_ROUNDS = 10
_WIDTH = 0.25
_PRIOR = 3.0
_NUMBERS = 3


@dataclass(frozen=True)
class Division:
    """Law of divisions: the middle of the daughters near the mother's expected place, their distance log-normal.

    Attributes
    ----------
    log_rate : log probability that a cell divides before the next frame; -inf where no division was seen.
    apart, width : median distance of the daughters in px, and spread of its logarithm.
    """

    log_rate: float
    apart: float
    width: float

    def log(self, middle: Floats, distance: Floats, spread: Spread, scale2: Floats) -> Floats:
        """Log density, per px^D of each daughter, that a cell divides into these two.

        Parameters
        ----------
        middle : squared distance of the daughters' middle from where the mother was expected.
        distance : of one daughter from the other.
        """
        off = (np.log(distance) - np.log(self.apart)) / self.width
        log_distance = -(off**2) / 2 - np.log(self.width * distance) - np.log(2 * np.pi) / 2
        d = spread.dims
        log_sphere = np.log(2) + d / 2 * np.log(np.pi) - lgamma(d / 2) + (d - 1) * np.log(distance)
        return np.asarray(self.log_rate + spread.log(middle, scale2) + log_distance - log_sphere)


NEVER = Division(-np.inf, 1.0, 1.0)


def fit_division(
    start: Ints,
    middle: Floats,
    distance: Floats,
    against: Floats,
    spread: Spread,
    scale2: Floats,
    opportunities: int,
    rate: float,
) -> Division:
    """Learn from pairs of a mother and an appearing cell, of which most are chance, by expectation and maximisation.

    Parameters
    ----------
    start : (K,) the appearing cell of each pair, numbered from 0.
    middle, distance, spread, scale2 : as for `Division.log`.
    against : (K,) log density without division: of the link to the first daughter, and of a cell that appears.
    opportunities : cells that could have divided.
    rate : probability of a division, or 0 to learn it.

    Returns
    -------
    `NEVER` where chance explains the pairs as well.
    """
    if not len(start):
        return NEVER if rate <= 0 else Division(float(np.log(rate)), 2 * float(np.sqrt(scale2.mean() or 1.0)), 0.5)
    best, law = -np.inf, NEVER
    for apart in np.unique(np.quantile(distance, (np.arange(_STARTS) + 0.5) / _STARTS)):
        first = rate if rate > 0 else 0.3 * (start.max() + 1) / opportunities
        found, value = Division(float(np.log(first)), float(apart), _WIDTH), -np.inf
        for _ in range(_ROUNDS):
            odds = np.exp(np.minimum(found.log(middle, distance, spread, scale2) - against, 50))
            total = 1 + np.bincount(start, odds)
            value = float(np.log(total).sum())
            weight = odds / total[start]
            log = np.log(distance)
            centre = float((weight @ log + 0.1 * np.log(found.apart)) / (weight.sum() + 0.1))
            width2 = (weight @ (log - centre) ** 2 + _PRIOR * _WIDTH**2) / (weight.sum() + _PRIOR)
            new = rate if rate > 0 else max(float(weight.sum()), 1e-3) / opportunities
            found = Division(float(np.log(new)), float(np.exp(centre)), float(np.sqrt(width2)))
        if value > best:
            best, law = value, found
    needed = np.log(_STARTS) + _NUMBERS / 2 * np.log(start.max() + 2)  # Schwarz 1978: what three free numbers gain by chance
    return law if rate > 0 or best > needed else NEVER
