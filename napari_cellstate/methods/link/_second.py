"""The second pass: ends of tracks to later starts, and appearing cells to their mothers, in one exact assignment."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.methods.link._assign import assign, confidence
from napari_cellstate.methods.link._divisions import NEVER, Division, fit_division
from napari_cellstate.methods.link._frames import MOTHERS, FirstPass, Motion, Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 3
_CANDIDATES = 6
_GAP = 0.2


@dataclass(frozen=True)
class Links:
    """Links between rows of `Points`, with the gain in nats that chose them and how sure each is."""

    source: Ints
    target: Ints
    gain: Floats
    sure: Floats


@dataclass(frozen=True)
class _Pairs:
    """Candidates: ends or mothers (`row`), starts (`column`), log density, and the kind (frames apart; 0 divides)."""

    row: Ints
    column: Ints
    log: Floats
    kind: Ints


_NONE = _Pairs(*(np.empty(0, np.int64),) * 2, np.empty(0), np.empty(0, np.int64))


def _gain(law: Division, of: Families, motion: Motion) -> Floats:
    return law.log(of.middle, of.distance, motion.spread, of.scale2) - of.against


def _learn_division(parts: list[Families], motion: Motion, births: float, chances: int, rate: float) -> Division:
    names = ("daughter", "middle", "distance", "against", "scale2")
    start, middle, distance, against, scale2 = (np.concatenate([getattr(p, name) for p in parts]) for name in names)
    _, number = np.unique(start, return_inverse=True)
    return fit_division(number, middle, distance, against + births, motion.spread, scale2, max(chances, 1), rate)


def _whole_families(
    of: Families, gain: Floats, row: Ints, column: Ints, other: Floats, n: int
) -> tuple[Links, NDArray[np.bool_]]:
    """Divisions of mothers without any link, the clearest first, where no other explanation is better."""
    rival = np.zeros(n)
    np.maximum.at(rival, column, other)
    margin = gain - rival[of.sister] - rival[of.daughter]
    used = np.zeros(n, np.bool_)
    taken = []
    for at in np.lexsort((of.daughter, of.sister, of.mother, -gain)).tolist():
        cells = [of.mother[at], of.sister[at], of.daughter[at]]
        if margin[at] <= 0 or gain[at] <= 0:
            continue
        if not used[cells].any():
            used[cells] = True
            taken.append(at)
    chosen = np.array(taken, np.int64)
    sure = 1 / (1 + np.exp(-np.minimum(gain, margin)[chosen]))
    source, target = np.repeat(of.mother[chosen], 2), np.column_stack([of.sister[chosen], of.daughter[chosen]]).ravel()
    return Links(source, target, np.repeat(gain[chosen], 2), np.repeat(sure, 2)), used


def second_pass(
    points: Points,
    first: FirstPass,
    motion: Motion,
    log_volume: float,
    *,
    max_gap: int,
    near: float,
    division_rate: float,
    divisions: bool,
    progress: Progress,
) -> tuple[Links, Division]:
    """Close gaps and add the second daughters of divisions."""
    n = len(points.at)
    one = Links(*(_joined(part) for part in (first.source, first.target)), _joined(first.gain), _joined(first.sure))
    has_next, has_before = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    has_next[one.source], has_before[one.target] = True, True
    block = np.repeat(np.arange(len(points.frames)), np.diff(points.bounds))
    ends = np.flatnonzero(~has_next & (block < len(points.frames) - 1))
    starts = np.flatnonzero(~has_before & (block > 0))
    if not len(starts):
        return one, NEVER
    progress(0, 1, "close gaps")
    gaps = _gaps(points, first, motion, block, ends, starts, max_gap)
    births = np.log(len(starts) / len(points.frames)) - log_volume
    law, pairs, whole = NEVER, _NONE, None
    if divisions:
        daughter = np.full(n, -1)
        daughter[one.source] = one.target
        seen = np.concatenate([*first.mothers, np.empty((0, 2), np.int64)])
        half = _families(points, first, motion, block, np.column_stack([seen[:, 0], daughter[seen[:, 0]], seen[:, 1]]), None)
        whole = _families(points, first, motion, block, _orphans(points, first, block, ends, starts, near), births + motion.log_end)
        law = _learn_division([half, whole], motion, births, len(one.source), division_rate)
        pairs = _Pairs(half.mother, half.daughter, _gain(law, half, motion), np.zeros(len(half.mother), np.int64))
    row, column, kind = (
        np.concatenate([getattr(part, name) for part in (gaps, pairs)]) for name in ("row", "column", "kind")
    )
    log = np.append(gaps.log, pairs.log)
    extra = Links(*(np.empty(0, np.int64),) * 2, *(np.empty(0),) * 2)
    if whole is not None:
        extra, used = _whole_families(whole, _gain(law, whole, motion) - births, row, column, np.where(kind > 0, log - births + np.log(_GAP), log - births), n)
        keep = ~(used[row] & (kind > 0)) & ~used[column]
        row, column, kind, log = row[keep], column[keep], kind[keep], log[keep]
    share = _GAP * 0.5 ** np.arange(max_gap + 2)
    for _ in range(_ROUNDS):
        gain = log - births + np.where(kind > 0, np.log(share[kind]), 0.0)
        chosen = assign(row, column, gain, (n, n))
        count = np.bincount(kind[chosen], minlength=max_gap + 2)
        share = (count + 0.5 * share) / (max(len(ends), 1) + 2.0)
        births = np.log((len(starts) - len(chosen) + 1.0) / len(points.frames)) - log_volume
    sure = confidence(row, column, gain, chosen, (n, n))
    progress(1, 1, "close gaps")
    new = Links(row[chosen], column[chosen], gain[chosen], sure)
    parts = [one, extra, new]
    names = ("source", "target", "gain", "sure")
    return Links(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)), law


def _joined(parts: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _gaps(
    points: Points, first: FirstPass, motion: Motion, block: Ints, ends: Ints, starts: Ints, max_gap: int
) -> _Pairs:
    """Ends and starts with one to `max_gap` missing frames between them."""
    from scipy.spatial import cKDTree

    ahead, scale2 = np.concatenate(first.ahead)[ends], np.concatenate(first.scale2)[ends]
    moved = np.concatenate([np.zeros((1, points.dims)), np.cumsum(first.shift, axis=0)])[:-1]
    frame = points.frames[block]
    persists = float(np.clip(motion.weights[-1].sum(), 0, 1))
    rows, columns, logs, kinds = [], [], [], []
    apart = 1e3 * (np.ptp(points.at, axis=0).max() + 1)  # so that only cells of one frame are near each other
    here = points.at[starts] - moved[block[starts]]
    tree = cKDTree(np.column_stack([here, frame[starts] * apart]))
    for dt in range(2, max_gap + 2):
        wide = scale2 * dt * (1 + persists**2 * (dt - 1))
        go = motion.drift * dt + (ahead - motion.drift) * sum(persists**k for k in range(dt))
        there = points.at[ends] - moved[block[ends]] + go
        k = min(_CANDIDATES, tree.n)
        reach = motion.reach * np.sqrt(dt)
        query = np.column_stack([there, (frame[ends] + dt) * apart])
        distance, index = tree.query(query, k=np.arange(1, k + 1), distance_upper_bound=reach)
        a, nth = np.nonzero(np.isfinite(distance))
        b = starts[index[a, nth]]
        log = motion.spread.log(distance[a, nth] ** 2, wide[a])
        log = log + motion.looks.ratio(points.looks[b] - points.looks[ends[a]])
        rows.append(ends[a])
        columns.append(b)
        logs.append(log)
        kinds.append(np.full(len(a), dt))
    if not rows:
        return _Pairs(*(np.empty(0, np.int64),) * 2, np.empty(0), np.empty(0, np.int64))
    return _Pairs(*(np.concatenate(part) for part in (rows, columns, logs, kinds)))


@dataclass(frozen=True)
class Families:
    """Candidate divisions: a mother and two cells of the next frame; `sister` is linked to her already, or none is.

    Attributes
    ----------
    mother, sister, daughter : (K,) rows.
    middle, distance, scale2 : (K,) as for `Division.log`.
    against : (K,) log density of what stands in their place: a link to the sister, or an end and a start.
    """

    mother: Ints
    sister: Ints
    daughter: Ints
    middle: Floats
    distance: Floats
    scale2: Floats
    against: Floats


def _families(
    points: Points, first: FirstPass, motion: Motion, block: Ints, trio: Ints, lost: float | None
) -> Families:
    """Measure (mother, sister, daughter), (K, 3); `lost` is the log density of an end and a start."""
    mother, sister, daughter = trio.T
    ahead, scale2 = np.concatenate(first.ahead)[mother], np.concatenate(first.scale2)[mother]
    there = points.at[mother] + ahead + np.array(first.shift)[block[mother]]
    middle = (((points.at[sister] + points.at[daughter]) / 2 - there) ** 2).sum(axis=1)
    distance = np.maximum(np.sqrt(((points.at[sister] - points.at[daughter]) ** 2).sum(axis=1)), 1e-6)
    if lost is None:
        against = motion.spread.log(((points.at[sister] - there) ** 2).sum(axis=1), scale2)
    else:
        against = np.full(len(mother), lost)
    return Families(mother, sister, daughter, middle, distance, scale2, against)


def _orphans(
    points: Points, first: FirstPass, block: Ints, ends: Ints, starts: Ints, near: float
) -> Ints:
    """Ends and two starts of the next frame near where the end was expected, (K, 3)."""
    from scipy.spatial import cKDTree

    followed = np.array([np.any(np.diff(points.frames)[b : b + 1] == 1) for b in range(len(points.frames))])
    ends = ends[followed[block[ends]]]
    if not len(ends) or len(starts) < 2:
        return np.empty((0, 3), np.int64)
    apart = 1e3 * (np.ptp(points.at, axis=0).max() + near + 1)
    tree = cKDTree(np.column_stack([points.at[starts], block[starts] * apart]))
    there = points.at[ends] + np.concatenate(first.ahead)[ends] + np.array(first.shift)[block[ends]]
    query = np.column_stack([there, (block[ends] + 1) * apart])
    k = min(MOTHERS, tree.n)
    distance, index = tree.query(query, k=np.arange(1, k + 1), distance_upper_bound=near)
    found = []
    for i, j in combinations(range(k), 2):
        a = np.flatnonzero(np.isfinite(distance[:, i]) & np.isfinite(distance[:, j]))
        pair = np.sort(starts[np.stack([index[a, i], index[a, j]], axis=1)], axis=1)
        found.append(np.column_stack([ends[a], pair]))
    return np.concatenate(found) if found else np.empty((0, 3), np.int64)
