"""True times of frames: where the interval is not what it mostly is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NOTED = 0.02
"""Relative difference of an interval from the median that is worth keeping true times for."""

IRREGULAR = 0.2
"""Relative difference from the median at which no window and no transition may cross an interval.

A step over an interval that is a fifth longer looks a fifth faster: less than the steps of one state differ anyway.
"""

_LISTED = 5

Floats = NDArray[np.float64]


def median_interval(times_s: Sequence[float]) -> float | None:
    """Median seconds between frames, None for less than two frames, times that are not known, or do not go on."""
    if len(times_s) < 2 or not np.isfinite(times_s).all():
        return None
    middle = float(np.median(np.diff(np.asarray(times_s, np.float64))))
    return middle if middle > 0 else None


def worth_keeping(times_s: Sequence[float]) -> tuple[float, ...]:
    """The times, from 0 at the first frame, if some interval is not the usual one; else ()."""
    middle = median_interval(times_s)
    if middle is None or not (np.abs(np.diff(times_s) / middle - 1.0) > NOTED).any():
        return ()
    start = float(times_s[0])
    return tuple(round(float(time) - start, 6) for time in times_s)


def goes_back(times_s: Sequence[float]) -> int:
    """The first frame that is not later than the one before it (a clock that was set back), 0 for none."""
    if not np.isfinite(times_s).all():
        return 0
    back = np.flatnonzero(np.diff(np.asarray(times_s, np.float64)) <= 0)
    return int(back[0]) + 1 if len(back) else 0


def breaks(times_s: Sequence[float]) -> tuple[int, ...]:
    """Frames before which the interval is irregular: nothing that needs equal steps may reach over it."""
    middle = median_interval(times_s)
    if middle is None:
        return ()
    odd = np.abs(np.diff(np.asarray(times_s)) / middle - 1.0) > IRREGULAR
    return tuple((np.flatnonzero(odd) + 1).tolist())


def times_of(frames: NDArray[np.int64], dt_s: float | None, times_s: Sequence[float]) -> Floats:
    """When frames were taken, s; NaN where neither the interval nor times are known."""
    if len(times_s):
        return np.asarray(times_s, np.float64)[frames]
    return np.asarray(frames * (dt_s if dt_s else np.nan), np.float64)


def sentence(times_s: Sequence[float], name: str) -> str:
    """What a user should know of the intervals of a movie, "" where there is nothing to say."""
    middle = median_interval(times_s)
    if middle is None:
        return ""
    ratio = np.diff(np.asarray(times_s)) / middle
    most = float(np.abs(ratio - 1.0).max())
    if most <= NOTED:
        return ""
    odd = breaks(times_s)
    if not odd:
        return f"movie {name}: frame intervals vary by up to {most:.0%} of {middle:g} s; rates use the true times"
    listed = ", ".join(f"{at - 1} and {at} ({ratio[at - 1] * middle:g} s)" for at in odd[:_LISTED])
    more = f" and {len(odd) - _LISTED} more" if len(odd) > _LISTED else ""
    return (
        f"movie {name}: the interval is {middle:g} s, but not between frames {listed}{more}; no window and no "
        "transition goes over such a place, and rates use the true times"
    )
