"""Is it a Markov chain at this lag? Timescales over lags, and predictions against what is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.pairs import Ints
from napari_cellstate.dynamics.stationary import relaxation_times, visited

Floats = NDArray[np.float64]

_ENOUGH = 10  # expected transitions; resamples of fewer say nothing of how much they vary


@dataclass(frozen=True, eq=False)
class ImpliedTimescales:
    """Relaxation times of the chains counted at several lags.

    Attributes
    ----------
    lags : (L,) frames.
    times : (L, k - 1) frames, slowest first; NaN where the lag leaves fewer states.

    Notes
    -----
    Swope, Pitera and Suits 2004, J. Phys. Chem. B 108:6571. Take a lag from which on they are level. With windows that
    overlap they rise until the lag is a window; states that flicker make them rise for longer.
    """

    lags: Ints
    times: Floats


def implied_timescales(run: Ints, frame: Ints, state: Ints, k: int, lags: Sequence[int]) -> ImpliedTimescales:
    """Relaxation times at each lag (frames); rows as for `count_transitions`."""
    times = np.full((len(lags), max(k - 1, 0)), np.nan)
    for nth, lag in enumerate(lags):
        counts = count_transitions(run, frame, state, k, lag).counts
        kept = visited(counts)
        if len(kept) > 1:
            part = counts[np.ix_(kept, kept)]
            times[nth, : len(kept) - 1] = relaxation_times(part / part.sum(axis=1, keepdims=True), lag)
    return ImpliedTimescales(np.asarray(lags, np.int64), times)


@dataclass(frozen=True, eq=False)
class ChapmanKolmogorov:
    """What a chain counted at one lag predicts for multiples of it, beside what is seen.

    Attributes
    ----------
    steps : (M,), multiples of the lag.
    predicted, seen : (M, k, k), probabilities.
    error : (M, k, k), standard error of the difference between the two, over resampled units.
    z_max : largest |seen - predicted| / error, where ten or more transitions that do not overlap are expected.
    p : how often resamples, moved to where the prediction holds, come to so large a difference.

    Notes
    -----
    A small p says that the states have a memory at this lag (or mix cells that differ for good). Windows that
    overlap give a memory by themselves until the lag is a window.
    """

    steps: Ints
    predicted: Floats
    seen: Floats
    error: Floats
    z_max: float
    p: float


def chapman_kolmogorov(
    run: Ints,
    frame: Ints,
    state: Ints,
    k: int,
    lag: int,
    *,
    unit: NDArray[Any],
    steps: Sequence[int] = (2, 3, 4, 5),
    draws: int = 200,
    seed: int = 0,
) -> ChapmanKolmogorov:
    """Compare powers of the transition matrix with the matrices counted at longer lags.

    Parameters
    ----------
    unit : (N,), tracks (or movies, if there are many), which are resampled.
    steps : multiples of `lag`.
    draws : resamples.
    """
    counted = [count_transitions(run, frame, state, k, lag * step, unit=unit) for step in (1, *steps)]
    units = counted[0].units
    if len(units) < 2:
        raise InputError(f"dynamics: {len(units)} units to resample; expected at least 2 tracks")
    each = np.zeros((len(counted), len(units), k * k))
    for nth, one in enumerate(counted):
        each[nth, np.searchsorted(units, one.units)] = one.unit_counts.reshape(len(one.units), k * k)
    weights = np.random.default_rng([seed, 4]).multinomial(len(units), np.full(len(units), 1 / len(units)), draws)
    weights = np.concatenate([np.ones((1, len(units)), np.int64), weights])
    drawn = (weights @ each).reshape(len(counted), draws + 1, k, k)
    probability = drawn / np.maximum(drawn.sum(axis=3, keepdims=True), 1)
    predicted = np.stack([np.linalg.matrix_power(probability[0], step) for step in steps])
    away = probability[1:] - predicted
    error = away[:, 1:].std(axis=1)
    expected = predicted[:, 0] * drawn[1:, 0].sum(axis=2, keepdims=True) / np.asarray(steps)[:, None, None]
    used = (error > 0) & (expected >= _ENOUGH)
    scale = np.where(used, error, np.inf)
    z_max = float((np.abs(away[:, 0]) / scale).max(initial=0.0))
    null = (np.abs(away[:, 1:] - away[:, :1]) / scale[:, None]).max(axis=(0, 2, 3))
    p = float((1 + (null >= z_max).sum()) / (draws + 1))
    return ChapmanKolmogorov(np.asarray(steps, np.int64), predicted[:, 0], probability[1:, 0], error, z_max, p)
