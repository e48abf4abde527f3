"""How strange a row is to controls, as a calibrated p-value.

A score alone says nothing: how much of it is too much is read from controls that the score was not made from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of controls, each group of them (a track, a movie) counting the same.

    Attributes
    ----------
    scores : (N,), sorted.
    above : (N + 1,), share of controls whose score is at least `scores[i]`; the last is 0.
    groups : how many groups.
    """

    scores: Floats
    above: Floats
    groups: int

    def p_values(self, scores: Floats) -> Floats:
        """Chance that a control scores as high or higher: (1 + groups * share) / (groups + 1).

        Notes
        -----
        Conformal: for a new group that is exchangeable with those of the controls, p <= alpha happens with probability
        alpha, on average (pooled empirical distributions of groups, Dunn, Wasserman and Ramdas 2022). Rows of one group
        are not independent; a movie that differs from all controls as a movie makes all of its rows strange.
        """
        at = np.searchsorted(self.scores, scores, side="left")
        return np.asarray((1 + self.groups * self.above[at]) / (self.groups + 1))

    def threshold(self, alpha: float) -> float:
        """Smallest score that is called novel at a false positive rate; infinite where there are too few groups."""
        p = self.p_values(self.scores)
        novel = p <= alpha
        above = np.flatnonzero(novel)
        if len(above):
            return float(self.scores[above[0]])
        return float(np.nextafter(self.scores[-1], np.inf)) if 1 / (self.groups + 1) <= alpha else np.inf


def calibrate(scores: Floats, group: Ints) -> Calibration:
    """Read from scores of controls how high they get.

    Parameters
    ----------
    scores : (N,), of controls that the score was not made from.
    group : (N,), what is exchangeable with what will be tested: the track of each row, or its movie.

    Raises
    ------
    InputError
        No rows, or scores that are not finite.
    """
    scores = np.asarray(scores, np.float64)
    if not len(scores) or not np.isfinite(scores).all():
        raise InputError(f"novelty: {len(scores)} scores of controls; expected at least one, all finite")
    number, count = np.unique(group, return_inverse=True, return_counts=True)[1:]
    weight = 1 / (count[number] * len(count))
    order = np.argsort(scores, kind="stable")
    above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    return Calibration(scores[order], above, len(count))


def distance_scores(points: Floats, reference: Floats, *, neighbours: int = 5) -> Floats:
    """Mean distance of each point to its nearest rows of a reference: a score for any embedding.

    Parameters
    ----------
    points : (N, D).
    reference : (M, D), rows of controls that are used for nothing else.
    neighbours : how many; fewer where there are fewer.
    """
    from sklearn.neighbors import NearestNeighbors

    if not len(reference):
        raise InputError("novelty: no rows of controls to compare with")
    near = NearestNeighbors(n_neighbors=min(neighbours, len(reference)), n_jobs=1).fit(reference)
    return np.asarray(near.kneighbors(points)[0].mean(axis=1))
