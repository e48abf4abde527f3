"""Occupancy and rates in bins of time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.units import hours
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.intervals import MOVIE, share_intervals, unit_of_n
from napari_cellstate.dynamics.pairs import Ints, check_states

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_BINS = 10  # about so many where no width is given
_ROUND = (0.1, 0.2, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 96, 168)


def time_bins(frame: Ints, *, width: int) -> Ints:
    """Edges of bins of `width` frames from frame 0 on that hold all the frames, (B + 1,)."""
    if width < 1:
        raise InputError(f"dynamics: bins of {width} frames; expected at least 1")
    first = int(frame.min(initial=0)) // width if len(frame) else 0
    last = int(frame.max(initial=0)) // width + 1
    return np.arange(first, last + 1, dtype=np.int64) * width


def bin_width(frame: Ints, dt_s: float | None, bin_hours: float = 0.0) -> int:
    """Frames in a bin.

    Parameters
    ----------
    bin_hours : as wished; 0 takes a round number that gives about ten bins. Without `dt_s` hours are not known: it is
        then a number of frames.
    """
    if bin_hours < 0:
        raise InputError(f"dynamics: bins of {bin_hours:g} hours; expected more than 0, or 0 for about {_BINS} bins")
    span = int(np.ptp(frame)) + 1 if len(frame) else 1
    if not dt_s:
        return max(1, round(bin_hours) if bin_hours else -(-span // _BINS))
    wanted = bin_hours or min(_ROUND, key=lambda one: abs(np.log(one / (hours(span, dt_s) / _BINS))))
    return max(1, round(wanted * 3600.0 / dt_s))


def occupancy_over_time(
    state: Ints,
    k: int,
    frame: Ints,
    edges: Ints,
    *,
    movie: NDArray[Any],
    track: NDArray[Any],
    condition: NDArray[Any],
    dt_s: float | None = None,
) -> pd.DataFrame:
    """Share of rows in each state, bin by bin.

    Parameters
    ----------
    state : (N,), 1 to `k`, 0 for none: such rows are not counted.
    frame : (N,). edges : (B + 1,) frames, the last one outside.
    movie, track, condition : (N,); tracks unique within their movie.

    Returns
    -------
    One row for each condition, bin and state: condition, start_frame, end_frame (outside), start_hours, end_hours,
    state, count, share (pooled), low, high (95 %), n_rows, n_units, unit.

    Notes
    -----
    A condition's interval is over its movies where it has two or more (then about the mean of movies, each counting
    alike, not about the pooled share), else over the tracks of its one movie. Tracks come and go: a share can change
    because other cells are watched.
    """
    check_states(state, k, len(frame))
    bins = np.searchsorted(edges, frame, side="right") - 1
    parts = []
    for name in dict.fromkeys(np.asarray(condition).tolist()):
        mine = np.asarray(condition) == name
        unit, unit_name = unit_of_n(np.asarray(movie)[mine], np.asarray(track)[mine])
        number = np.unique(unit, return_inverse=True)[1]
        for nth in range(len(edges) - 1):
            there = (bins[mine] == nth) & (state[mine] > 0)
            counts = np.zeros((int(number.max(initial=-1)) + 1, k), np.int64)
            np.add.at(counts, (number[there], state[mine][there] - 1), 1)
            parts.append(_occupancy_rows(name, edges[nth : nth + 2], counts, unit_name, dt_s))
    return _joined(parts)


def _occupancy_rows(condition: Any, edge: Ints, counts: Ints, unit: str, dt_s: float | None) -> dict[str, Any]:
    counts = counts[counts.sum(axis=1) > 0]
    total, k = counts.sum(), counts.shape[1]
    low, high = share_intervals(counts, over_movies=unit == MOVIE)
    return {
        **_bin_columns(condition, edge, k, dt_s),
        "state": np.arange(1, k + 1),
        "count": counts.sum(axis=0),
        "share": counts.sum(axis=0) / total if total else np.full(k, np.nan),
        "low": low,
        "high": high,
        "n_rows": np.full(k, total),
        "n_units": np.full(k, len(counts)),
        "unit": np.full(k, unit, object),
    }


def rates_over_time(
    run: Ints,
    frame: Ints,
    state: Ints,
    k: int,
    lag: int,
    edges: Ints,
    *,
    movie: NDArray[Any],
    track: NDArray[Any],
    condition: NDArray[Any],
    dt_s: float | None = None,
    time_s: Floats | None = None,
) -> pd.DataFrame:
    """Transitions and their rates, bin by bin; a pair is in the bin of its earlier row.

    Parameters are those of `count_transitions` and `occupancy_over_time`.

    Returns
    -------
    One row for each condition, bin and ordered pair of different states: condition, start_frame, end_frame,
    start_hours, end_hours, from, to, count, probability, rate_per_hour, rate_low, rate_high, unit.
    """
    parts = []
    for name in dict.fromkeys(np.asarray(condition).tolist()):
        mine = np.flatnonzero(np.asarray(condition) == name)
        unit, unit_name = unit_of_n(np.asarray(movie)[mine], np.asarray(track)[mine])
        for start, stop in itertools.pairwise(edges):
            here = (frame[mine] >= start) & (frame[mine] < stop + lag)  # so that no pair that begins here is lost
            rows = mine[here]
            counted = count_transitions(
                run[rows],
                frame[rows],
                state[rows],
                k,
                lag,
                unit=unit[here],
                unit_name=unit_name,
                time_s=None if time_s is None else time_s[rows],
            )
            table = counted.table(dt_s=dt_s)
            table = table[table["from"] != table["to"]]
            wanted = ("from", "to", "count", "probability", "rate_per_hour", "rate_low", "rate_high", "unit")
            head = _bin_columns(name, np.array([start, stop]), len(table), dt_s)
            parts.append({**head, **{column: table[column].to_numpy() for column in wanted}})
    return _joined(parts)


def _bin_columns(condition: Any, edge: Ints, rows: int, dt_s: float | None) -> dict[str, Any]:
    ends = {"start": int(edge[0]), "end": int(edge[1])}
    return {
        "condition": np.full(rows, condition, object),
        **{f"{end}_frame": np.full(rows, at) for end, at in ends.items()},
        **{f"{end}_hours": np.full(rows, hours(at, dt_s)) for end, at in ends.items()},
    }


def _joined(parts: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True) if parts else pd.DataFrame()
