"""Which links are doubtful, and why: the queue of a review by exception.

Everything is judged beside the other links of the same movie, so that it works for any linker and for tracks made
elsewhere. A doubt is a number from 0 to 1 that ranks; it is not a calibrated probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.tables import BY_HAND, CONFIDENCE, merges

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

REASONS = {
    "confidence": "the linker itself was in doubt",
    "jump": "the step is far longer than those of the movie",
    "size": "the area changes far more than it does in the movie",
    "tie": "another cell lies as near",
    "gap": "frames are missing in between",
    "division": "a division of which a daughter is gone at once, or the daughters differ much in size",
    "daughter": "the cell shrinks to about half and stays so, as if a daughter were missing",
    "merge": "another track ends here and the cell is as large as both were: did two cells become one?",
    "swap": "exchanged with a neighbour's, both links would go on straighter",
}
"""What each reason means."""

_WILD = 4.0
_TIE = 1.5
_SHRUNK = (0.35, 0.7)
_UNLIKE = 3.0
_BRIEF = 2
_MERGE = 0.5
_UNSURE = 0.9
_LESS = 1e-4


@dataclass(frozen=True, eq=False)
class Doubts:
    """Doubts about each link, in the order of the link table.

    Attributes
    ----------
    score : (L,) 0 to 1, the more the more doubtful.
    reasons : (L,) names of `REASONS` for each, separated by blanks; "" for none.
    by_reason : (L,) how much each reason says, 0 to 1.
    """

    score: Floats
    reasons: NDArray[np.str_]
    by_reason: dict[str, Floats]

    def queue(self, seen: Bools) -> Ints:
        """Links to look at, the most doubtful first; those that were seen are left out."""
        open_ = np.flatnonzero((self.reasons != "") & ~seen)
        return open_[np.argsort(-self.score[open_], kind="stable")]


def doubts(cells: pd.DataFrame, links: pd.DataFrame) -> Doubts:
    """Look at every link.

    Parameters
    ----------
    cells, links : tables of one movie; `area` and `confidence` are used where they are there. Corrected links
        are not doubted.
    """
    pairs = _Pairs.of(cells, links)
    given = pairs.confidence
    by_reason = {
        "confidence": np.where(np.isfinite(given), 1 - given, 0.0),
        "jump": _wild(pairs.step, pairs.span == 1),
        "size": _wild(np.abs(pairs.growth), pairs.alone & (pairs.span == 1)) * pairs.alone,
        "tie": _ties(pairs),
        "gap": np.where(pairs.span > 1, 0.3, 0.0),
        "division": _odd_divisions(pairs),
        "daughter": _missing_daughters(pairs),
        "merge": _merged(links),
        "swap": _swaps(pairs),
    }
    if BY_HAND in links.columns:
        sure = links[BY_HAND].to_numpy(np.bool_)
        by_reason = {name: np.where(sure, 0.0, values) for name, values in by_reason.items()}
    return Doubts(_together(by_reason, np.isfinite(given)), _named(by_reason), by_reason)


def _named(by_reason: dict[str, Floats]) -> NDArray[np.str_]:
    """Names of the reasons of each link: only a few sets of them occur, so texts are made of those alone."""
    least = {name: 1 - _UNSURE if name == "confidence" else 0.0 for name in by_reason}
    flags = [(values > least[name]).astype(np.int64) << nth for nth, (name, values) in enumerate(by_reason.items())]
    codes, which = np.unique(np.sum(flags, axis=0), return_inverse=True)
    texts = [" ".join(name for nth, name in enumerate(by_reason) if code >> nth & 1) for code in codes.tolist()]
    return np.array(texts, np.str_)[which]


def _together(by_reason: dict[str, Floats], known: Bools) -> Floats:
    """One number: what the reasons say together (as if independent), or the linker's confidence where it is known.

    Such a linker has weighed steps, sizes and rivals already, and better: there the reasons only say what to look at,
    and order what it is as sure of. Merges it asks about itself, however sure it is of the link.
    """
    others = np.ones_like(by_reason["gap"])
    for name, values in by_reason.items():
        if name != "confidence":
            others *= 1 - values
    told = by_reason["confidence"]
    return np.maximum(np.where(known, told + _LESS * (1 - told) * (1 - others), 1 - others), by_reason["merge"])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Links with what is known of their cells.

    Attributes
    ----------
    source, target, span : (L,) rows, and frames between.
    step : (L,) px per root of a frame.
    growth : (L,) change of the logarithm of the area; 0 where not known.
    alone : (L,) the source has one target only.
    at, frame, area : of the cells; area is NaN where not known.
    before : (N,) link that leads to each cell, -1 for none; after : (N,) the first that leads on.
    """

    source: Ints
    target: Ints
    span: Ints
    step: Floats
    growth: Floats
    alone: Bools
    at: Floats
    frame: Ints
    area: Floats
    before: Ints
    after: Ints
    confidence: Floats

    @classmethod
    def of(cls, cells: pd.DataFrame, links: pd.DataFrame) -> _Pairs:
        source, target = links["source"].to_numpy(np.int64), links["target"].to_numpy(np.int64)
        frame, at = cells["frame"].to_numpy(np.int64), cells[["y", "x"]].to_numpy(np.float64)
        area = cells["area"].to_numpy(np.float64) if "area" in cells.columns else np.full(len(cells), np.nan)
        area = np.where(area > 0, area, np.nan)
        span = frame[target] - frame[source]
        growth = np.nan_to_num(np.log(area[target]) - np.log(area[source]))
        before, after = np.full(len(cells), -1), np.full(len(cells), -1)
        before[target] = after[source] = np.arange(len(links))
        sure = links[CONFIDENCE].to_numpy(np.float64) if CONFIDENCE in links.columns else np.full(len(links), np.nan)
        return cls(
            source,
            target,
            span,
            np.hypot(*(at[target] - at[source]).T) / np.sqrt(np.maximum(span, 1)),
            growth,
            np.bincount(source, minlength=len(cells))[source] == 1,
            at,
            frame,
            area,
            before,
            after,
            sure,
        )

    def expected(self) -> Floats:
        """Where each link's source would be at the target's time if it went on as before, (L, 2)."""
        last = self.before[self.source]
        step = (
            np.where((last >= 0)[:, None], self.at[self.source] - self.at[self.source[last]], 0.0)
            / np.where(last >= 0, self.span[last], 1)[:, None]
        )
        return np.asarray(self.at[self.source] + step * self.span[:, None])


def _wild(size: Floats, usual: Bools) -> Floats:
    """How far each is beyond what is usual: 0 up to `_WILD` robust deviations of the logarithm, and then up to 1."""
    known = size[usual & (size > 0)]
    if len(known) < 10:
        return np.zeros(len(size))
    middle, high = np.quantile(known, [0.5, 0.8413])
    deviation = max(float(high - middle), 1e-9)
    z = (size - middle) / deviation
    return np.asarray(np.where(z > _WILD, 1 - _WILD / np.maximum(z, _WILD), 0.0))


def _ties(pairs: _Pairs) -> Floats:
    """How near the next-best cell is beside the chosen one, from where the source is or would be: 1 is as near."""
    from scipy.spatial import cKDTree

    found = np.zeros(len(pairs.source))
    expected = pairs.expected()
    order = np.argsort(pairs.frame[pairs.target], kind="stable")
    frames = pairs.frame[pairs.target][order]
    for group in np.split(order, np.flatnonzero(np.diff(frames)) + 1) if len(order) else ():
        t = pairs.frame[pairs.target[group[0]]]
        low, high = np.searchsorted(pairs.frame, [t, t + 1])
        if high - low < 2:
            continue
        tree = cKDTree(pairs.at[low:high])
        for place in (expected[group], pairs.at[pairs.source[group]]):
            away, index = tree.query(place, 2)
            chosen = np.hypot(*(pairs.at[pairs.target[group]] - place).T)
            rival = np.where(low + index[:, 0] == pairs.target[group], away[:, 1], away[:, 0])
            ratio = rival / np.maximum(chosen, 1e-9)
            tied = np.where(ratio < _TIE, np.clip((_TIE - ratio) / _TIE, 0, 1), 0.0)
            found[group] = np.maximum(found[group], np.where(pairs.alone[group], tied, 0.0))
    return found


def _odd_divisions(pairs: _Pairs) -> Floats:
    """Divisions of which a daughter ends at once, or whose daughters differ much in size."""
    found = np.zeros(len(pairs.source))
    both = np.flatnonzero(~pairs.alone)
    if not len(both):
        return found
    order = both[np.argsort(pairs.source[both], kind="stable")]
    one, other = order[::2], order[1::2]
    ratio = np.abs(np.nan_to_num(np.log(pairs.area[pairs.target[one]] / pairs.area[pairs.target[other]])))
    last = pairs.frame.max(initial=0)
    for mine in (one, other):
        brief = _length_from(pairs, pairs.target[mine]) <= _BRIEF
        gone = brief & (pairs.frame[pairs.target[mine]] < last - _BRIEF)
        found[mine] = np.maximum(found[mine], np.where(gone, 0.6, 0.0))
    unlike = np.where(ratio > np.log(_UNLIKE), 0.4, 0.0)
    both_found = np.maximum(np.maximum(found[one], found[other]), unlike)
    found[one] = found[other] = both_found
    return found


def _length_from(pairs: _Pairs, cell: Ints) -> Ints:
    """Cells of a track from this one on, as far as `_BRIEF` + 1."""
    count, here = np.ones(len(cell), np.int64), cell
    for _ in range(_BRIEF):
        link = np.where(here >= 0, pairs.after[here], -1)
        here = np.where(link >= 0, pairs.target[link], -1)
        count += here >= 0
    return count


def _missing_daughters(pairs: _Pairs) -> Floats:
    """One target of about half the area, which stays as small."""
    following = pairs.after[pairs.target]
    next_area = np.where(following >= 0, pairs.area[pairs.target[following]], np.nan)
    low, high = _SHRUNK
    with np.errstate(invalid="ignore"):
        now, then = pairs.area[pairs.target] / pairs.area[pairs.source], next_area / pairs.area[pairs.source]
        shrunk = pairs.alone & (now > low) & (now < high) & (then > low) & (then < high)
    return np.where(shrunk, 0.4, 0.0)


def _merged(links: pd.DataFrame) -> Floats:
    """Links to cells that another seems to have become one with: as often two outlines became one."""
    found = np.zeros(len(links))
    found[merges(links)[0]] = _MERGE
    return found


def _swaps(pairs: _Pairs) -> Floats:
    """Links that would go on straighter if exchanged with that of the neighbour nearest to the target."""
    from scipy.spatial import cKDTree

    found = np.zeros(len(pairs.source))
    expected, past = pairs.expected(), pairs.before[pairs.source] >= 0
    near = np.flatnonzero((pairs.span == 1) & pairs.alone & past)
    if len(near) < 2:
        return found
    apart = 10 * float(np.ptp(pairs.at, axis=0).max() + 1)
    t = pairs.frame[pairs.source[near]]
    tree = cKDTree(np.column_stack([expected[near], t * apart]))
    target = pairs.at[pairs.target[near]]
    _, index = tree.query(np.column_stack([target, t * apart]), 3)
    for nth in range(index.shape[1]):
        known = index[:, nth] < len(near)
        other = near[np.where(known, index[:, nth], 0)]
        real = known & (other != near) & (pairs.frame[pairs.source[other]] == t)
        as_is = _square(expected[near] - target) + _square(expected[other] - pairs.at[pairs.target[other]])
        swapped = _square(expected[near] - pairs.at[pairs.target[other]]) + _square(expected[other] - target)
        better = real & (swapped < as_is)
        found[near] = np.maximum(found[near], np.where(better, 0.5 + 0.5 * (1 - swapped / np.maximum(as_is, 1e-9)), 0))
    return found


def _square(difference: Floats) -> Floats:
    return np.asarray((difference**2).sum(axis=1))
