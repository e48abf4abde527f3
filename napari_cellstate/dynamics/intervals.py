"""Intervals for transition probabilities and rates; n is movies where there are two or more, else tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    from napari_cellstate.dynamics.counts import Transitions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRACK = "track"
MOVIE = "movie"
_DRAWS = 1000


def unit_of_n(movie: NDArray[Any], track: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """What is counted as n in some rows, and its name: their movies where there are two or more, else their tracks.

    Parameters
    ----------
    movie, track : (N,), of each row; tracks need be unique within their movie only.
    """
    several = len(set(movie.tolist())) > 1
    return (movie, MOVIE) if several else (track, TRACK)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Ranges of transition probabilities and of rates.

    Attributes
    ----------
    low, high : (k, k), of the probability from the state of the row to that of the column.
    rate_low, rate_high : (k, k), of moves per frame spent in the state of the row, NaN on the diagonal.
    unit : `MOVIE` or `TRACK`, "" where there is no interval.
    n : units.

    Notes
    -----
    An interval over tracks holds for that movie alone, and says nothing about another animal, dish or day.
    """

    low: Floats
    high: Floats
    rate_low: Floats
    rate_high: Floats
    unit: str
    n: int


def intervals(transitions: Transitions, unit: str, *, level: float = 0.95, seed: int = 0) -> Intervals:
    """Intervals from transitions that were counted by unit too.

    Parameters
    ----------
    transitions : with `unit_counts`.
    unit : `MOVIE`: a t interval over one estimate a movie (logit of the probability, log of the rate) with n - 1
        degrees of freedom. `TRACK`: tracks of one movie are resampled (a bootstrap); the interval is the estimate
        plus and minus t times the standard deviation over resamples, on the same two scales.
    level : share of intervals that hold the truth.
    seed : of the resampling.

    Raises
    ------
    InputError
        Another unit, or counts of no unit.

    Notes
    -----
    Where a unit or a resample has none of a transition (or nothing else), half a transition is added to all of them
    alike, as a logarithm of 0 would be no number. A transition never seen at all gets no interval (NaN), and so does
    a state with fewer than two units. Movies count alike, however many cells they have: the middle of the interval is
    the mean of movies on its scale, not the pooled probability beside which it stands.
    """
    if unit not in (MOVIE, TRACK):
        raise InputError(f"dynamics: intervals over {unit!r}; expected {MOVIE!r} or {TRACK!r}")
    counts = transitions.unit_counts.astype(np.float64)
    counts = counts[counts.sum(axis=(1, 2)) > 0]
    shape = transitions.counts.shape
    if len(counts) < 2:
        nothing = np.full(shape, np.nan)
        return Intervals(nothing, nothing, nothing, nothing, "", len(counts))
    spread = _over_movies if unit == MOVIE else _over_tracks
    (low, high), (rate_low, rate_high) = spread(counts, transitions.counts, level, seed)
    for rate in (rate_low, rate_high):
        rate /= transitions.lag
        np.fill_diagonal(rate, np.nan)
    return Intervals(low, high, rate_low, rate_high, unit, len(counts))


Range = tuple[Floats, Floats]


def _over_movies(counts: Floats, pooled: Ints, level: float, seed: int) -> tuple[Range, Range]:
    """Student's intervals over movies that have transitions from the state."""
    from scipy.stats import t

    spent = counts.sum(axis=2, keepdims=True)
    there = np.broadcast_to(spent > 0, counts.shape)
    n = there.sum(axis=0)
    ranges = []
    for scale in (_logit, _log):
        values = np.where(there, scale(*_without_zeros(counts, spent, there)), 0.0)
        mean = values.sum(axis=0) / np.maximum(n, 1)
        square = np.where(there, np.square(values - mean), 0.0).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            wide = t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)) * np.sqrt(square / (n - 1) / n)
        ranges.append(_back(scale, mean, wide, (n >= 2) & (pooled > 0)))
    return ranges[0], ranges[1]


def _over_tracks(counts: Floats, pooled: Ints, level: float, seed: int) -> tuple[Range, Range]:
    """The pooled estimate, and how much it varies between resamples of the tracks."""
    from scipy.stats import t

    n, k = len(counts), len(pooled)
    weights = np.random.default_rng([seed, 3]).multinomial(n, np.full(n, 1.0 / n), size=_DRAWS)
    drawn = (weights @ counts.reshape(n, -1)).reshape(_DRAWS, k, k)
    spent = drawn.sum(axis=2, keepdims=True)
    there = np.broadcast_to(spent > 0, drawn.shape)
    tracks = (counts.sum(axis=2) > 0).sum(axis=0)[:, None] + np.zeros((k, k), np.int64)
    all_spent = pooled.sum(axis=1, keepdims=True).astype(np.float64)
    ranges = []
    for scale in (_logit, _log):
        values = np.where(there, scale(*_without_zeros(drawn, spent, there)), 0.0)
        mean = values.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        variance = np.where(there, np.square(values - mean), 0.0).sum(axis=0) / np.maximum(there.sum(axis=0) - 1, 1)
        wide = t.ppf(0.5 + level / 2, np.maximum(tracks - 1, 1)) * np.sqrt(variance * n / (n - 1))
        whole = np.ones((1, k, k), np.bool_)
        middle = scale(*_without_zeros(pooled[None].astype(np.float64), all_spent[None], whole))[0]
        ranges.append(_back(scale, middle, wide, (tracks >= 2) & (pooled > 0)))
    return ranges[0], ranges[1]


def _without_zeros(counts: Floats, spent: Floats, there: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Counts and what they are out of, with a half added (and to the rest too) where any is 0 or all."""
    none = (there & ((counts == 0) | (counts == spent))).any(axis=0)
    add = 0.5 * none
    return np.where(there, counts + add, 0.5), np.where(there, spent + 2 * add, 1.0)


def _logit(counts: Floats, spent: Floats) -> Floats:
    return np.asarray(np.log(counts / np.maximum(spent - counts, 1e-12)))


def _log(counts: Floats, spent: Floats) -> Floats:
    return np.asarray(np.log(counts / spent))


def _back(scale: object, middle: Floats, wide: Floats, known: NDArray[np.bool_]) -> Range:
    low, high = (np.where(known, middle + sign * wide, np.nan) for sign in (-1.0, 1.0))
    if scale is _logit:
        return 1.0 / (1.0 + np.exp(-low)), 1.0 / (1.0 + np.exp(-high))
    return np.exp(low), np.exp(high)


def share_intervals(counts: Ints, *, over_movies: bool, level: float = 0.95) -> Range:
    """Intervals of the shares of several things, each over units.

    Parameters
    ----------
    counts : (U, K), how often each unit has each of them; units with none are left out by the caller.
    over_movies : a t interval over one logit a unit, units alike; else about the pooled share, its variance from the
        units' deviations from it (the linearised ratio), on the logit scale.

    Returns
    -------
    low, high : (K,); NaN where there are fewer than two units, or a share is 0 or 1.
    """
    from scipy.stats import t

    units = len(counts)
    total = counts.sum(axis=1, keepdims=True).astype(np.float64)
    share = counts.sum(axis=0) / max(float(total.sum()), 1.0)
    known = (share > 0) & (share < 1) & (units >= 2)
    inside = np.where(known, share, 0.5)
    if over_movies and units >= 2:
        none = ((counts == 0) | (counts == total)).any(axis=0)
        values = _logit(counts + 0.5 * none, np.broadcast_to(total, counts.shape) + none)
        middle = np.asarray(values.mean(axis=0))
        error = values.std(axis=0, ddof=1) / np.sqrt(units)
    else:
        middle = np.log(inside / (1 - inside))
        away = (counts - total * inside) / max(float(total.sum()), 1.0)
        error = np.sqrt(np.square(away).sum(axis=0) * units / max(units - 1, 1)) / (inside * (1 - inside))
    return _back(_logit, middle, t.ppf(0.5 + level / 2, max(units - 1, 1)) * error, known)
