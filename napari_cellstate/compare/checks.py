"""What a comparison of rates takes for granted, put to the test; none of it is a difference between conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.replicate_tests import Contrast, compare_with_zero
from napari_cellstate.dynamics.pairs import row_pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_EXPECTED = 2.0
"""Expected events from which on log(events + 0.5) is nearly without bias."""


@dataclass(frozen=True)
class Check:
    """One assumption, how far it is from true, and a p where there is one.

    Attributes
    ----------
    name : "stationarity", "markov", ...
    value : as `unit` says, with its 95 % interval.
    p : NaN where nothing was tested.
    says : what it means, in a sentence.

    Notes
    -----
    A check that finds nothing does not show that the assumption holds.
    """

    name: str
    value: float
    low: float
    high: float
    p: float
    unit: str
    says: str


def check_stationarity(run: Ints, frame: Ints, state: Ints, sample: Ints, movie: Ints, *, lag: int) -> Check:
    """Whether cells switch as often in the second half of the movies as in the first.

    Parameters
    ----------
    run, frame, state : (N,) as for `dynamics.counts.count_transitions`.
    sample, movie : (N,) from 0; n is samples.
    """
    middle = np.full(int(movie.max(initial=-1)) + 1, -np.inf)
    last, first = middle.copy(), -middle
    np.maximum.at(last, movie, frame)
    np.minimum.at(first, movie, frame)
    pairs = _with_states(row_pairs(run, frame, lag), state)
    late = frame[pairs[:, 0]] * 2 >= (first + last)[movie[pairs[:, 0]]]
    changed = state[pairs[:, 0]] != state[pairs[:, 1]]
    found = _log_shares(sample[pairs[:, 0]], late.astype(np.int64), changed, int(sample.max(initial=-1)) + 1, 2)
    contrast = compare_with_zero(found[:, 1] - found[:, 0])
    return _check(
        "stationarity",
        contrast,
        "switching in the second half of the movies over that in the first",
        "rates change while the movie runs; compare conditions over the same time",
    )


def check_markov(run: Ints, frame: Ints, state: Ints, sample: Ints, *, lag: int, k: int) -> Check:
    """Whether a state is left as readily by cells that just came as by those that stayed.

    Parameters are those of `check_stationarity`; `k` states.

    Notes
    -----
    Exits are expected state by state. Samples in which fewer than two are expected are left out. A ratio off 1 means
    a memory, flicker between two states, or cells that differ from each other; rates are then averages and dwell
    times are not exponential.
    """
    pairs = _with_states(row_pairs(run, frame, lag), state)
    following = np.full(len(state), -1, np.int64)
    following[pairs[:, 0]] = pairs[:, 1]
    before, now = pairs[following[pairs[:, 1]] >= 0].T
    after = following[now]
    samples = int(sample.max(initial=-1)) + 1
    new, leaves = state[before] != state[now], state[now] != state[after]
    cell = (sample[now] * k + state[now] - 1) * 2 + new
    rows = np.bincount(cell, minlength=samples * k * 2).reshape(samples, k, 2)
    left = np.bincount(cell[leaves], minlength=samples * k * 2).reshape(samples, k, 2)
    usual = np.divide(left[..., 0], rows[..., 0], out=np.zeros((samples, k)), where=rows[..., 0] > 0)
    expected = (rows[..., 1] * usual).sum(axis=1)
    seen = np.where(rows[..., 0] > 0, left[..., 1], 0).sum(axis=1)
    value = np.full(samples, np.nan)
    np.divide(seen + 0.5, expected, out=value, where=expected >= LEAST_EXPECTED)
    value = np.log(value)
    return _check(
        "markov",
        compare_with_zero(value),
        "exits from states just entered over those expected from cells that stayed",
        "states have a memory, flicker, or cells differ; rates are averages, and dwell times not exponential",
    )


def _check(name: str, contrast: Contrast, unit: str, trouble: str) -> Check:
    low, high = contrast.interval()
    p = float(contrast.p)
    says = trouble if p < 0.05 else "no sign against it"
    says = "too few replicates to tell" if np.isnan(p) else says
    return Check(name, float(np.exp(contrast.estimate)), float(np.exp(low)), float(np.exp(high)), p, unit, says)


def _with_states(pairs: Ints, state: Ints) -> Ints:
    kept: Ints = pairs[(state[pairs] > 0).all(axis=1)]
    return kept


def _log_shares(sample: Ints, cell: Ints, changed: NDArray[np.bool_], samples: int, cells: int) -> Floats:
    """Log share of changes (+0.5) in each sample and cell, (samples, cells); NaN where there are no pairs."""
    at = sample * cells + cell
    pairs = np.bincount(at, minlength=samples * cells)
    changes: NDArray[Any] = np.bincount(at[changed], minlength=samples * cells)
    shares = np.divide(changes + 0.5, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return np.asarray(np.log(shares).reshape(samples, cells))
