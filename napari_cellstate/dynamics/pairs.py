"""Which rows follow each other: pairs of rows of one run, `lag` frames apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Ints = NDArray[np.int64]


def row_pairs(run: Ints, frame: Ints, lag: int) -> Ints:
    """All pairs of rows of one run whose frames differ by exactly `lag`.

    Parameters
    ----------
    run : (N,), rows of one run follow each other in one track without a missing frame; any order of rows.
    frame : (N,), frames, unique within a run.
    lag : frames, at least 1.

    Returns
    -------
    (P, 2), row numbers of the earlier and the later row, sorted by run, then frame.

    Raises
    ------
    InputError
        Lengths differ, lag below 1, or two rows of one run in one frame.

    Notes
    -----
    Pairs with a lag above the spacing of the rows overlap each other and are not independent.
    """
    if lag < 1:
        raise InputError(f"dynamics: lag = {lag} frames; expected at least 1")
    order, starts = in_order(run, frame)
    if not len(order):
        return np.empty((0, 2), np.int64)
    frame = frame[order]
    key = np.cumsum(starts) * (int(np.ptp(frame)) + lag + 1) + frame  # a run ends before the next can be reached
    later = np.searchsorted(key, key + lag)
    found = key[np.minimum(later, len(key) - 1)] == key + lag
    return np.stack([order[found], order[later[found]]], axis=1)


def in_order(run: Ints, frame: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Row numbers sorted by run, then frame, and whether each (in that order) is the first of its run."""
    if len(run) != len(frame):
        raise InputError(f"dynamics: {len(run)} runs for {len(frame)} frames; expected one of each for every row")
    order = np.arange(len(run))
    step = np.diff(run)
    if (step < 0).any() or (np.diff(frame)[step == 0] < 0).any():
        order = np.lexsort((frame, run))
    starts = np.ones(len(run), np.bool_)
    starts[1:] = np.diff(run[order]) != 0
    twice = np.flatnonzero(~starts[1:] & (np.diff(frame[order]) == 0))
    if len(twice):
        row, other = order[twice[0]], order[twice[0] + 1]
        raise InputError(
            f"dynamics rows {row} and {other}: both are of run {run[row]} in frame {frame[row]}; expected one"
        )
    return order, starts


def check_states(state: Ints, k: int, rows: int) -> None:
    """Raise InputError unless there is a state from 0 (none) to `k` for each row."""
    if len(state) != rows:
        raise InputError(f"dynamics: {len(state)} states for {rows} rows; expected one for every row")
    bad = np.flatnonzero((state < 0) | (state > k))
    if len(bad):
        raise InputError(f"dynamics row {bad[0]}: state {state[bad[0]]}; expected 1 to {k}, or 0 for none")
