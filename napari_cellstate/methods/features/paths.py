"""Measures of many short paths at once, where positions may be missing.

Everywhere (N, W, 2) are N paths of W positions (y, x), px, NaN where a cell is missing; a result is NaN where too
little is there to define it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean(values: Floats) -> Floats:
    """Mean of what is there along the last axis, NaN where nothing is; never a warning."""
    there = np.isfinite(values)
    return ratio(np.where(there, values, 0.0).sum(-1), there.sum(-1).astype(np.float64))


def spread(values: Floats) -> Floats:
    """Standard deviation (divided by n) of what is there along the last axis, NaN for fewer than two values."""
    around = values - mean(values)[..., None]
    enough = np.isfinite(values).sum(-1) > 1
    return np.where(enough, np.sqrt(mean(around**2)), np.nan)


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where the whole is 0 or either is NaN."""
    defined = np.isfinite(whole) & (whole != 0)
    return np.where(defined, part / np.where(defined, whole, 1.0), np.nan)


def steps(at: Floats) -> Floats:
    """Steps between successive positions, (N, W - 1, 2), NaN where either end is missing."""
    return np.diff(at, axis=1)


def net_distance(at: Floats) -> Floats:
    """Distance from the first to the last position that is there, (N,)."""
    first, last, count = _ends(at)
    nth = np.arange(len(at))
    apart = at[nth, last] - at[nth, first]
    return np.where(count > 1, np.hypot(apart[:, 0], apart[:, 1]), np.nan)


def straightness(at: Floats) -> Floats:
    """Net over total distance, (N,), in [0, 1]; NaN where the cell did not move."""
    return np.minimum(ratio(net_distance(at), total_distance(at)), 1.0)


def total_distance(at: Floats) -> Floats:
    """Length of the path through the positions that are there, (N,); over a gap it goes straight.

    So it is never less than the net distance.
    """
    *_, count = _ends(at)
    jumps = np.diff(_filled(at), axis=1)
    return np.where(count > 1, np.hypot(jumps[..., 0], jumps[..., 1]).sum(-1), np.nan)


def turning(moved: Floats) -> Floats:
    """Signed angle from each step to the next, rad in (-pi, pi], (N, W - 2); NaN where a step is missing or 0."""
    before, after = moved[:, :-1], moved[:, 1:]
    cross = before[..., 1] * after[..., 0] - before[..., 0] * after[..., 1]
    along = (before * after).sum(-1)
    still = (before == 0).all(-1) | (after == 0).all(-1)
    return np.where(still, np.nan, np.arctan2(cross, along))


def persistence(moved: Floats) -> Floats:
    """Velocity autocorrelation at one step, (N,), in [-1, 1].

    The sum of the products of successive steps, over the sum of their mean squares: long steps weigh more than
    short ones, whose direction is mostly position noise.
    """
    before, after = moved[:, :-1], moved[:, 1:]
    along = (before * after).sum(-1)
    size = ((before**2).sum(-1) + (after**2).sum(-1)) / 2
    return np.clip(ratio(mean(along), mean(size)), -1.0, 1.0)


def msd_exponent(at: Floats) -> Floats:
    """Slope of ln MSD on ln lag by least squares, (N,), over lags 1 to half the positions, at least two lags.

    0 for a cell bound to a place, 1 for a random walk, 2 for a straight path. The mean squared displacement of a
    lag is taken over all pairs of positions that are so far apart in time; NaN where a lag has none or it is 0.
    """
    width = at.shape[1]
    lags = np.arange(1, max(2, width // 2) + 1)
    if width <= lags[-1]:  # fewer than three positions
        return np.full(len(at), np.nan)
    msd = np.stack([mean(((at[:, lag:] - at[:, :-lag]) ** 2).sum(-1)) for lag in lags], axis=-1)
    defined = np.asarray((np.nan_to_num(msd) > 0).all(-1), np.bool_)
    around = np.log(lags) - np.log(lags).mean()
    slope = np.log(np.where(defined[:, None], msd, 1.0)) @ around / (around @ around)
    return np.where(defined, slope, np.nan)


def gyration(at: Floats) -> tuple[Floats, Floats]:
    """Radius and anisotropy of gyration of the positions, each (N,).

    With the eigenvalues a >= b of the positions' covariance: sqrt(a + b), and ((a - b) / (a + b))^2, which is 0 for
    a round cloud and 1 for a line.
    """
    first, _, count = _ends(at)
    y, x = np.moveaxis(at - at[np.arange(len(at)), first][:, None], -1, 0)  # so that a cell at rest is exactly at 0
    y, x = y - mean(y)[:, None], x - mean(x)[:, None]
    yy, xx, xy = mean(y * y), mean(x * x), mean(x * y)
    trace = np.where(count > 1, yy + xx, np.nan)
    difference = (yy - xx) ** 2 + 4 * xy**2
    return np.sqrt(trace), np.minimum(ratio(difference, trace**2), 1.0)


def _ends(at: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Place of the first and last position that is there, and how many are, each (N,)."""
    there = np.isfinite(at[..., 0])
    first = there.argmax(axis=1)
    last = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    return first, last, there.sum(axis=1)


def _filled(at: Floats) -> Floats:
    """Missing positions replaced by the last one before, or by the first that is there."""
    there = np.isfinite(at[..., 0])
    nth = np.where(there, np.arange(at.shape[1]), -1)
    source = np.maximum(np.maximum.accumulate(nth, axis=1), there.argmax(axis=1)[:, None])
    return np.take_along_axis(at, source[..., None], axis=1)
