"""Stain after the movie: intensity of each state, whether it rises or falls, and whether it turns round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.correction import holm
from napari_cellstate.compare.replicate_tests import Contrast, compare_with_zero
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StainTrend:
    """How a stain goes along ordered states (or bins of pseudotime).

    Attributes
    ----------
    mean, low, high : (k,) mean of the replicates and its 95 % interval.
    trend : slope per state, tested against none.
    turn_p : p of "neither rising nor falling throughout", corrected for the states at which it could turn; NaN with
        fewer than three states or replicates.
    turn_at : the state (from 0) where it turns most clearly, -1 where there is no p.
    turn : "valley" or "peak", "" where there is no p.

    Notes
    -----
    n is replicates (wells, animals), each giving one mean a state; cells are no n. A trend that is not significant
    is not a flat stain, and a turn that is not significant is no proof of a monotone one. The order of the states
    must not come from the stain.
    """

    mean: Floats
    low: Floats
    high: Floats
    trend: Contrast
    turn_p: float
    turn_at: int
    turn: str


def stain_trend(means: NDArray[Any]) -> StainTrend:
    """Trend and turn of a stain along ordered states.

    Parameters
    ----------
    means : (R, k) mean stain of each state in each replicate, NaN where it has none (such replicates are left out of
        the comparisons with that state).

    Raises
    ------
    InputError
        Fewer than two states.

    Notes
    -----
    Turn: a valley at state j needs both ends above it. Each end is compared within replicates by a one-sided t, the
    larger of both p counts (an intersection-union test), and the smallest over all inner states, valleys and peaks is
    corrected by Holm.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 2 or means.shape[1] < 2:
        raise InputError(f"compare: stain means of shape {means.shape}; expected (replicates, at least two states)")
    k = means.shape[1]
    each = compare_with_zero(means.T)
    place = np.arange(k) - (k - 1) / 2
    trend = compare_with_zero(means @ place / (place @ place))
    low, high = each.interval()
    inner = [(at, sign) for at in range(1, k - 1) for sign in (1.0, -1.0)]
    p = np.array([_turn_p(means, at, sign) for at, sign in inner])
    if not np.isfinite(p).any():
        return StainTrend(each.estimate, low, high, trend, float(np.nan), -1, "")
    corrected = holm(p)
    best = int(np.nanargmin(p))
    at, sign = inner[best]
    return StainTrend(each.estimate, low, high, trend, float(corrected[best]), at, "valley" if sign > 0 else "peak")


def _turn_p(means: Floats, at: int, sign: float) -> float:
    """One-sided p of both ends lying above state `at` (below it for sign -1)."""
    from scipy.special import stdtr

    ends = sign * (means[:, [0, -1]] - means[:, [at]])
    contrast = compare_with_zero(ends.T)
    if not np.isfinite(contrast.p).all():
        return float(np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(contrast.estimate / contrast.se, nan=0.0)
    return float(stdtr(contrast.df, -t).max())


def state_means(intensity: NDArray[Any], state: NDArray[Any], replicate: NDArray[Any]) -> tuple[Floats, Any, Any]:
    """Mean stain of each state in each replicate.

    Parameters
    ----------
    intensity, state, replicate : (P,) of the matched cells.

    Returns
    -------
    (R, k) means, NaN where a replicate has no cell of a state; replicates (R,); states (k,), both sorted.
    """
    replicates, row = np.unique(np.asarray(replicate), return_inverse=True)
    states, column = np.unique(np.asarray(state), return_inverse=True)
    shape = (len(replicates), len(states))
    at = row * len(states) + column
    total = np.bincount(at, np.asarray(intensity, np.float64), shape[0] * shape[1])
    n = np.bincount(at, minlength=shape[0] * shape[1])
    means = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    return means.reshape(shape), replicates, states
