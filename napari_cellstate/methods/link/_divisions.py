"""Divisions: where the two daughters are, beside where their mother was expected."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._spread import Spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ENOUGH = 1500
_STARTS = 8
_ROUNDS = 8
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
) -> Division:
    """Learn from pairs of a mother and an appearing cell, of which most are chance, by expectation and maximisation.

    Parameters
    ----------
    start : (K,) the appearing cell of each pair, numbered from 0.
    middle, distance, spread, scale2 : as for `Division.log`.
    against : (K,) log density without division: of the link to the first daughter, and of a cell that appears.
    opportunities : cells that could have divided.

    Returns
    -------
    `NEVER` where chance explains the pairs as well.
    """
    if not len(start):
        return NEVER
    if start.max() >= _ENOUGH:
        share = -(-(int(start.max()) + 1) // _ENOUGH)
        some = np.flatnonzero(start % share == 0)
        start, opportunities = start[some] // share, opportunities // share
        middle, distance, against, scale2 = middle[some], distance[some], against[some], scale2[some]
    best, law = -np.inf, NEVER
    for apart in np.unique(np.quantile(distance, (np.arange(_STARTS) + 0.5) / _STARTS)):
        first = 0.3 * (start.max() + 1) / opportunities
        found, value = Division(float(np.log(first)), float(apart), _WIDTH), -np.inf
        log = np.log(distance)
        for _ in range(_ROUNDS):
            odds = np.exp(np.minimum(found.log(middle, distance, spread, scale2) - against, 50))
            total = 1 + np.bincount(start, odds)
            value = float(np.log(total).sum())
            weight = odds / total[start]
            centre = float(((weight * log).sum() + 0.1 * np.log(found.apart)) / (weight.sum() + 0.1))
            width2 = ((weight * (log - centre) ** 2).sum() + _PRIOR * _WIDTH**2) / (weight.sum() + _PRIOR)
            new = max(float(weight.sum()), 1e-3) / opportunities
            found = Division(float(np.log(new)), float(np.exp(centre)), float(np.sqrt(width2)))
        if value > best:
            best, law = value, found
    needed = np.log(_STARTS) + _NUMBERS / 2 * np.log(
        start.max() + 2
    )  # Schwarz 1978: what chance gains by a free number
    return law if best > needed else NEVER
