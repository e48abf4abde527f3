"""Scores of whole tracks: what it takes to correct them, identities kept, complete tracks, divisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.metrics.graphs import CellPairs, TrackGraph

Ints = NDArray[np.int64]

WEIGHTS = {"split": 5.0, "missed": 10.0, "invented": 1.0, "extra": 1.0, "lacking": 1.5, "changed": 1.0}
"""Price of each correction, as the Cell Tracking Challenge sets it (Matula et al. 2015, table 1)."""


@dataclass(frozen=True)
class Corrections:
    """What must be done to a result to make it the truth (acyclic oriented graph matching).

    Attributes
    ----------
    cells, links : in the truth.
    split : outlines that must be split, once for each true cell beyond the first.
    missed, invented : true cells without a found one, and found ones without a true one.
    extra, lacking : links to delete and to add; links between found cells that are no single true cell don't count.
    changed : links that join a mother and a daughter on one side, and cells of one track on the other.

    Notes
    -----
    Matula et al. 2015, doi:10.1371/journal.pone.0144959. A missed cell costs ten times an invented one, so DET and
    TRA say little about over-segmentation. Each score is NaN where the truth has nothing to find.
    """

    cells: int
    links: int
    split: int
    missed: int
    invented: int
    extra: int
    lacking: int
    changed: int

    def _price(self, *what: str) -> float:
        return float(sum(WEIGHTS[name] * getattr(self, name) for name in what))

    def _score(self, price: float, all_new: float) -> float:
        return 1 - min(price, all_new) / all_new if all_new else float("nan")

    @property
    def det(self) -> float:
        """Detection: 1 less the price of correcting the cells, beside that of adding them all."""
        return self._score(self._price("split", "missed", "invented"), WEIGHTS["missed"] * self.cells)

    @property
    def lnk(self) -> float:
        """Linking: 1 less the price of correcting the links, beside that of adding them all."""
        return self._score(self._price("extra", "lacking", "changed"), WEIGHTS["lacking"] * self.links)

    @property
    def tra(self) -> float:
        """Tracking: both together."""
        all_new = WEIGHTS["missed"] * self.cells + WEIGHTS["lacking"] * self.links
        return self._score(self._price(*WEIGHTS), all_new)


def corrections(found: TrackGraph, true: TrackGraph, pairs: CellPairs) -> Corrections:
    """Count the corrections that make a result the truth."""
    single = pairs.single()
    partner = np.full(len(found.frame), -1)
    partner[single.found] = single.true
    source, target, divides = found.edges()
    ours = {
        (int(a), int(b)): bool(d)
        for a, b, d in zip(partner[source], partner[target], divides, strict=True)
        if a >= 0 and b >= 0
    }
    theirs = {(int(a), int(b)): bool(d) for a, b, d in zip(*true.edges(), strict=True)}
    common = ours.keys() & theirs.keys()
    covers = len(np.unique(pairs.found))
    return Corrections(
        cells=len(true.frame),
        links=len(theirs),
        split=len(pairs.found) - covers,
        missed=len(true.frame) - len(pairs.true),
        invented=len(found.frame) - covers,
        extra=len(ours) - len(common),
        lacking=len(theirs) - len(common),
        changed=sum(ours[link] != theirs[link] for link in common),
    )


def idf1(found: TrackGraph, true: TrackGraph, pairs: CellPairs) -> float:
    """F1 of identities: each true cell is given at most one found track, so that most cells have their own.

    Tracks that are an only daughter count as one with their mother. Ristani et al. 2016, arXiv:1609.01775. NaN where
    neither side has a cell; an outline that covers several true cells counts as often.
    """
    from scipy.optimize import linear_sum_assignment

    ours, theirs = found.without_gaps().track, true.without_gaps().track
    invented = len(ours) - len(np.unique(pairs.found))
    total = len(theirs) + len(pairs.found) + invented
    if not total:
        return float("nan")
    a, row = np.unique(theirs[pairs.true], return_inverse=True)
    b, column = np.unique(ours[pairs.found], return_inverse=True)
    shared = np.zeros((len(a), len(b)))
    np.add.at(shared, (row, column), 1)
    return float(2 * shared[linear_sum_assignment(shared, maximize=True)].sum() / total)


def complete_tracks(found: TrackGraph, true: TrackGraph, pairs: CellPairs) -> float:
    """F1 of tracks that are whole: one found track from the true first frame to the true last, and no other cell.

    Ulman et al. 2017, doi:10.1038/nmeth.4473 (CT). NaN where neither side has a track.
    """
    ours, theirs = found.tracks(), true.tracks()
    if not len(ours) + len(theirs):
        return float("nan")
    owner = np.zeros(len(true.frame), np.int64)
    single = pairs.single()
    owner[single.true] = found.track[single.found]
    span = {int(track): (int(first), int(last)) for track, first, last, _ in ours}
    order = np.argsort(true.track, kind="stable")
    starts = np.flatnonzero(np.diff(true.track[order], prepend=-1))
    least, most = (part.reduceat(owner[order], starts) for part in (np.minimum, np.maximum))
    whole = sum(
        low == high and low > 0 and span[int(low)] == (first, last)
        for low, high, (_, first, last, _) in zip(least, most, theirs.tolist(), strict=True)
    )
    return float(2 * whole / (len(ours) + len(theirs)))


@dataclass(frozen=True)
class DivisionScore:
    """Divisions found, beside those in the truth; F1 is NaN where neither has any."""

    common: int
    found: int
    true: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.common / (self.found + self.true) if self.found + self.true else float("nan")


def divisions(found: TrackGraph, true: TrackGraph, pairs: CellPairs, tolerance: int = 0) -> DivisionScore:
    """Compare divisions; ends of mothers and starts of daughters may be `tolerance` frames early or late.

    Two divisions are the same if the mothers are the same cell in the last frame that both have, and each true
    daughter is the same cell as a found one in the first frame that both have (Ulman et al. 2017, branching
    correctness).
    """
    single = pairs.single()
    same = {
        (int(true.frame[b]), int(true.track[b])): int(found.track[a])
        for a, b in zip(single.found, single.true, strict=True)
    }
    ours, theirs = _dividing(found), _dividing(true)
    by_end: dict[int, list[int]] = {}
    for track, (end, _) in ours.items():
        by_end.setdefault(end, []).append(track)
    common = 0
    for track, (end, daughters) in theirs.items():
        near = [one for late in range(-tolerance, tolerance + 1) for one in by_end.get(end + late, [])]
        for one in near:
            their_end, sisters = ours[one]
            if len(sisters) == len(daughters) and same.get((min(end, their_end), track)) == one:
                common += _same_daughters(daughters, sisters, same, tolerance)
    return DivisionScore(common, len(ours), len(theirs))


def _dividing(graph: TrackGraph) -> dict[int, tuple[int, dict[int, int]]]:
    """Last frame, and daughters with their first frames, of each track that has several."""
    table = graph.tracks().tolist()
    end = {track: last for track, _, last, _ in table}
    daughters: dict[int, dict[int, int]] = {}
    for track, first, _, parent in table:
        if parent in end:
            daughters.setdefault(parent, {})[track] = first
    return {mother: (end[mother], all_of) for mother, all_of in daughters.items() if len(all_of) > 1}


def _same_daughters(
    true: dict[int, int], found: dict[int, int], same: dict[tuple[int, int], int], tolerance: int
) -> bool:
    matched = set()
    for daughter, start in true.items():
        for sister, begin in found.items():
            if abs(start - begin) <= tolerance and same.get((max(start, begin), daughter)) == sister:
                matched.add(sister)
                break
    return len(matched) == len(true)
