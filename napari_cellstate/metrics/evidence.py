"""Does an embedding add anything to the features that were thought of? What a pretty picture cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.metrics._readers import (
    balanced_accuracy,
    baseline_errors,
    beyond,
    folds,
    squared_errors,
    told_labels,
)

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BASE = "features"
LEVEL = 0.05
_NEIGHBOURS = 15
_WORDS = {"next": "the next window", "condition": "the condition", "state": "the known states"}


@dataclass(frozen=True, eq=False)
class Windows:
    """The rows that are judged.

    Attributes
    ----------
    features : (N, F), the hand-made, scaled features that every embedding is measured against.
    movie, track, frame : (N,) whole numbers; a track's number is its own over all movies.
    ahead : frames to the next window that shares none with it.
    condition : (N,) whole numbers, or None.
    state : (N,) whole numbers, known states, -1 where not known, or None.
    """

    features: Floats
    movie: Ints
    track: Ints
    frame: Ints
    ahead: int
    condition: Ints | None = None
    state: Ints | None = None


@dataclass(frozen=True)
class Told:
    """How well one space tells one thing, on tracks or movies that were kept apart.

    Attributes
    ----------
    alone : R2 (next window) or balanced accuracy (condition, state) of a linear reader of the space by itself.
    gain : how much the space adds to the features (mean over units of squared error or log loss taken away).
    p : one-sided, that the gain is above 0 (t over units); NaN where there are too few units.
    units : tracks or movies that the test counts.
    """

    alone: float
    gain: float
    p: float
    units: int


@dataclass(frozen=True)
class SpaceEvidence:
    """What one space tells.

    Attributes
    ----------
    name, dimensions : of the space.
    told : by "next", "condition", "state", those that could be asked.
    stability : share of a row's 15 nearest neighbours that stay when the space is made anew from other tracks, chance
        taken out; NaN where it was not made anew.
    adds : what it adds to, of `told`, at a level of 5 % over all questions (Holm).
    """

    name: str
    dimensions: int
    told: Mapping[str, Told] = field(default_factory=dict)
    stability: float = float("nan")
    adds: tuple[str, ...] = ()

    def verdict(self) -> str:
        """A sentence."""
        if self.name == BASE:
            return "what the others are measured against"
        if not self.adds:
            return "adds nothing to the features"
        return "adds to the features: " + ", ".join(_WORDS[one] for one in self.adds)


@dataclass(frozen=True)
class Evidence:
    """What every space tells, the features first, and sentences to read beside it."""

    spaces: tuple[SpaceEvidence, ...]
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row a space."""
        import pandas as pd

        rows = []
        for space in self.spaces:
            row: dict[str, Any] = {"space": space.name, "dimensions": space.dimensions}
            for what in _WORDS:
                told = space.told.get(what)
                for column in ("alone", "gain", "p"):
                    row[what if column == "alone" else f"{what}_{column}"] = getattr(told, column) if told else np.nan
            rows.append({**row, "stability": space.stability, "verdict": space.verdict()})
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without NaN."""

        def plain(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: plain(one) for key, one in value.items()}
            return None if isinstance(value, float) and not np.isfinite(value) else value

        spaces = [plain({**asdict(one), "adds": list(one.adds), "verdict": one.verdict()}) for one in self.spaces]
        return {"spaces": spaces, "notes": list(self.notes)}


def evidence(
    windows: Windows,
    spaces: Mapping[str, Floats],
    *,
    stability: Mapping[str, float] | None = None,
    seed: int = 0,
    most: int = 6000,
    progress: Progress = silent,
) -> Evidence:
    """Compare embeddings with the features that they are to add to.

    Each space is asked, by linear readers and out of fold, for the next window of the same track (its features), for
    the condition with whole movies kept apart, and for known states; once alone, once beside the features.

    Parameters
    ----------
    spaces : name to (N, D).
    stability : of the spaces that were made anew; see `neighbour_stability`.
    most : rows; where there are more, whole tracks are drawn.

    Raises
    ------
    InputError
        Fewer than 20 rows, one track only, or coordinates that are not finite.

    Notes
    -----
    "Adds nothing" is not "is worthless": principal components add nothing to the features they are made of, and may
    be what states should be read from. A reader that is not linear could find more. The units of the tests are tracks
    (next window, states) and movies (condition), never rows.
    """
    _check(windows, spaces)
    windows, chosen = _drawn(windows, spaces, most, seed)
    questions, notes = _questions(windows, seed)
    names = [BASE, *chosen]
    found: dict[str, dict[str, Told]] = {name: {} for name in names}
    for nth, question in enumerate(questions):
        plain = question.losses(windows.features)
        for at, name in enumerate(names):
            progress(nth * len(names) + at, len(questions) * len(names), f"evidence: {name}")
            found[name][question.name] = _told(question, windows.features, chosen.get(name), plain)
    progress(1, 1, "evidence")
    known = stability or {}
    sizes = {BASE: windows.features.shape[1], **{name: one.shape[1] for name, one in chosen.items()}}
    out = tuple(
        SpaceEvidence(name, sizes[name], told, known.get(name, float("nan")), () if name == BASE else _adds(told))
        for name, told in found.items()
    )
    return Evidence(out, tuple(notes))


def neighbour_stability(whole: Floats, again: Floats, *, neighbours: int = _NEIGHBOURS) -> float:
    """Share of nearest neighbours that two embeddings of the same rows agree on, 0 by chance, 1 for all.

    Parameters
    ----------
    whole, again : (N, D) and (N, D'), the same rows.
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(neighbours, len(whole) - 2)
    if k < 1:
        return float("nan")
    near = [NearestNeighbors(n_neighbors=k + 1, n_jobs=1).fit(one).kneighbors(one)[1] for one in (whole, again)]
    every = np.arange(len(whole))[:, None]
    lists = [[set(row[row != at][:k].tolist()) for row, at in zip(one, every[:, 0], strict=True)] for one in near]
    shared = float(np.mean([len(a & b) / k for a, b in zip(*lists, strict=True)]))
    chance = k / (len(whole) - 1)
    return (shared - chance) / (1 - chance) if chance < 1 else float("nan")


@dataclass(frozen=True, eq=False)
class _Question:
    """One thing to tell: which rows, what, in which folds, and whose losses are units of the test."""

    name: str
    rows: Ints
    fold: Ints
    unit: Ints
    target: Floats | None = None
    label: Ints | None = None

    def losses(self, points: Floats) -> tuple[Floats, float]:
        """Loss of each row, and the score that people read."""
        here = points[self.rows]
        if self.target is not None:
            loss = squared_errors(here, self.target, self.fold)
            return loss, float(1 - loss.sum() / baseline_errors(self.target, self.fold).sum())
        assert self.label is not None
        loss, best = told_labels(here, self.label, self.fold)
        return loss, balanced_accuracy(self.label, best)


def _told(question: _Question, base: Floats, space: Floats | None, plain: tuple[Floats, float]) -> Told:
    units = len(np.unique(question.unit))
    if space is None:
        return Told(plain[1], 0.0, float("nan"), units)
    alone = question.losses(space)[1]
    rest = beyond(base, space)
    if not rest.shape[1]:
        return Told(alone, 0.0, float("nan"), units)
    gained = _by_unit(plain[0] - question.losses(np.concatenate([base, rest], axis=1))[0], question.unit)
    return Told(alone, float(gained.mean()), _above_zero(gained), units)


def _by_unit(values: Floats, unit: Ints) -> Floats:
    number = np.unique(unit, return_inverse=True)[1]
    return np.asarray(np.bincount(number, values) / np.bincount(number))


def _above_zero(gained: Floats) -> float:
    from scipy.stats import ttest_1samp

    if len(gained) < 3 or not np.ptp(gained):
        return float("nan")
    return float(ttest_1samp(gained, 0.0, alternative="greater").pvalue)


def _adds(told: Mapping[str, Told]) -> tuple[str, ...]:
    """Questions whose gain is above 0 by Holm's procedure."""
    known = sorted((one.p, name) for name, one in told.items() if np.isfinite(one.p))
    adds = []
    for nth, (p, name) in enumerate(known):
        if p > LEVEL / (len(known) - nth):
            break
        adds.append(name)
    return tuple(name for name in _WORDS if name in adds)


def _questions(windows: Windows, seed: int) -> tuple[list[_Question], list[str]]:
    asked, notes = [_next(windows, seed)], []
    if asked[0] is None:
        notes.append("the next window cannot be asked for: no track has two windows that share no frame")
    if windows.condition is not None:
        asked.append(_condition(windows, seed))
        if asked[-1] is None:
            notes.append("the condition cannot be asked for: it takes two conditions with at least two movies each")
    if windows.state is not None:
        asked.append(_state(windows, seed))
        if asked[-1] is None:
            notes.append("the known states cannot be asked for: it takes two states on at least ten tracks")
    found = [one for one in asked if one is not None]
    if not found:
        raise InputError(f"evidence: nothing can be asked: {'; '.join(notes)}")
    return found, notes


def _next(windows: Windows, seed: int) -> _Question | None:
    span = int(windows.frame.max()) + windows.ahead + 1
    keys = windows.track * span + windows.frame
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys, keys + windows.ahead, sorter=order), len(keys) - 1)
    follows = order[at]
    rows = np.flatnonzero(keys[follows] == keys + windows.ahead)
    tracks = windows.track[rows]
    if len(np.unique(tracks)) < 4:
        return None
    return _Question("next", rows, folds(tracks, seed), tracks, target=windows.features[follows[rows]])


def _condition(windows: Windows, seed: int) -> _Question | None:
    assert windows.condition is not None
    pairs = np.unique(np.stack([windows.condition, windows.movie]), axis=1)
    counts = np.unique(pairs[0], return_counts=True)[1]
    if len(counts) < 2 or counts.min() < 2:
        return None
    label = np.unique(windows.condition, return_inverse=True)[1]
    rows = np.arange(len(label))
    return _Question("condition", rows, folds(windows.movie, seed, label), windows.movie, label=label)


def _state(windows: Windows, seed: int) -> _Question | None:
    assert windows.state is not None
    rows = np.flatnonzero(windows.state >= 0)
    label = np.unique(windows.state[rows], return_inverse=True)[1]
    tracks = windows.track[rows]
    if len(np.unique(label)) < 2 or len(np.unique(tracks)) < 10:
        return None
    movies = windows.movie[rows]
    apart = movies if len(np.unique(movies)) >= 4 else tracks
    return _Question("state", rows, folds(apart, seed), tracks, label=label)


def _drawn(windows: Windows, spaces: Mapping[str, Floats], most: int, seed: int) -> tuple[Windows, dict[str, Floats]]:
    """Whole tracks until there are rows enough."""
    rows = np.arange(len(windows.movie))
    if len(rows) > most:
        names, count = np.unique(windows.track, return_counts=True)
        order = np.random.default_rng(seed).permutation(len(names))
        kept = names[order[: max(4, int(np.searchsorted(np.cumsum(count[order]), most)))]]
        rows = np.flatnonzero(np.isin(windows.track, kept))

    def some(values: Any) -> Any:
        return None if values is None else values[rows]

    drawn = Windows(
        windows.features[rows], windows.movie[rows], windows.track[rows], windows.frame[rows], windows.ahead,
        some(windows.condition), some(windows.state),
    )  # fmt: skip
    return drawn, {name: np.asarray(points, np.float64)[rows] for name, points in spaces.items()}


def _check(windows: Windows, spaces: Mapping[str, Floats]) -> None:
    rows, tracks = len(windows.movie), len(np.unique(windows.track))
    if rows < 20 or tracks < 2:
        raise InputError(f"evidence: {rows} windows of {tracks} tracks; expected at least 20 windows of 2 tracks")
    for name, points in {BASE: windows.features, **spaces}.items():
        if len(points) != rows:
            raise InputError(f"evidence: {name} has {len(points)} rows, there are {rows} windows")
        if not np.isfinite(points).all():
            row = int(np.argwhere(~np.isfinite(points))[0][0])
            raise InputError(f"evidence: {name}, row {row} is not finite; leave such rows out")


def names_of(values: Sequence[Any]) -> tuple[Ints, list[Any]]:
    """Numbers for names, and the names in their order."""
    names, number = np.unique(np.asarray(values), return_inverse=True)
    return number.astype(np.int64), names.tolist()
