"""How long cells stay in a state before they leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.units import hours
from napari_cellstate.dynamics._ratio import ratio
from napari_cellstate.dynamics.pairs import Ints, check_states, in_order

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bouts:
    """Stays in one state, each a stretch of rows of one run that follow each other.

    Attributes
    ----------
    row : (B,) int64, number of a bout's first row among the rows given.
    run, state, start_frame, end_frame : (B,) int64; frames are those of the first and the last row.
    frames : (B,) int64, rows times their spacing.
    start_seen, end_seen : (B,), whether the bout was entered from and left for another state while watched. A run's
        first bout has no seen start, its last no seen end; so has a bout next to rows without a state.
    spacing : frames between rows.

    Notes
    -----
    A bout whose start or end was not seen lasted longer than `frames`.
    """

    row: Ints
    run: Ints
    state: Ints
    start_frame: Ints
    end_frame: Ints
    frames: Ints
    start_seen: Bools
    end_seen: Bools
    spacing: int

    def table(self, *, movie: NDArray[Any] | None = None, track: Ints | None = None) -> pd.DataFrame:
        """One row a bout: (movie, track,) run, state, start_frame, end_frame, frames, start_seen, end_seen.

        Parameters
        ----------
        movie, track : (N,), of each of the rows that the bouts were found in; their columns are there if given.
        """
        import pandas as pd

        given = {"movie": movie, "track": track}
        keys = {name: np.asarray(values)[self.row] for name, values in given.items() if values is not None}
        names = ("run", "state", "start_frame", "end_frame", "frames", "start_seen", "end_seen")
        return pd.DataFrame({**keys, **{name: getattr(self, name) for name in names}})


def find_bouts(run: Ints, frame: Ints, state: Ints, *, spacing: int = 1) -> Bouts:
    """Cut each run where its state changes.

    Parameters
    ----------
    run : (N,), rows of one run follow each other in one track without a missing frame; any order of rows.
    frame : (N,), frames.
    state : (N,), from 1; 0 for none: such rows are in no bout.
    spacing : frames between neighbouring rows of a run.

    Raises
    ------
    InputError
        Lengths differ, or rows of one run are not `spacing` frames apart.
    """
    check_states(state, int(state.max(initial=0)), len(run))
    order, starts = in_order(run, frame)
    run, frame, state = run[order], frame[order], state[order]
    bad = np.flatnonzero(~starts[1:] & (np.diff(frame) != spacing))
    if len(bad):
        at = bad[0]
        raise InputError(
            f"dynamics: run {run[at]} has rows in frames {frame[at]} and {frame[at + 1]}; "
            f"expected {spacing} frames apart (a gap ends a run)"
        )
    first = starts.copy()
    first[1:] |= np.diff(state) != 0
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(run)) - 1
    joined = ~starts[begin] & (state[begin] > 0) & (state[begin - 1] > 0)  # with the bout before, in one run
    leaves = np.append(joined[1:], np.zeros(min(1, len(joined)), np.bool_))
    kept = state[begin] > 0
    begin, end = begin[kept], end[kept]
    frames = (end - begin + 1) * spacing
    return Bouts(
        order[begin], run[begin], state[begin], frame[begin], frame[end], frames, joined[kept], leaves[kept], spacing
    )


@dataclass(frozen=True, eq=False)
class DwellTimes:
    """Dwell times of each state in each condition.

    Attributes
    ----------
    conditions : (C,), sorted.
    n_bouts : (C, k) int64, bouts.
    n_complete : (C, k) int64, bouts with start and end seen.
    n_exits : (C, k) int64, bouts with the end seen.
    at_risk : (C, k) int64, frames in the state that were watched one step further.
    complete : (C, k) int64, frames of the complete bouts.

    Notes
    -----
    The mean of the complete bouts is biased low: a long stay seldom fits between the ends of a track. The corrected
    mean, frames at risk over exits, is the maximum likelihood estimate if leaving is equally likely at every moment
    (Aalen, Borgan and Gjessing 2008, Survival and Event History Analysis, chapter 5); if states have a memory it is
    an average only. Dwells shorter than the spacing of the rows are not seen; states that judge each row by
    itself flicker, and overlapping windows smooth: both change dwell times. n is movies, not bouts.
    """

    conditions: NDArray[Any]
    n_bouts: Ints
    n_complete: Ints
    n_exits: Ints
    at_risk: Ints
    complete: Ints

    @property
    def mean_complete_frames(self) -> Floats:
        """Mean of the complete bouts, (C, k) frames, biased low; NaN where there are none."""
        return ratio(self.complete, self.n_complete)

    @property
    def mean_frames(self) -> Floats:
        """Mean dwell corrected for ends that were not seen, (C, k) frames; NaN where no exit was seen."""
        return ratio(self.at_risk, self.n_exits)

    def table(self, *, dt_s: float | None = None, hours_per_frame: Floats | None = None) -> pd.DataFrame:
        """One row for each condition and state.

        Parameters
        ----------
        dt_s : seconds between frames.
        hours_per_frame : (C, k), instead, where frame intervals differ.

        Columns: condition, state, n_bouts, n_complete, n_exits, at_risk_frames, mean_complete_frames (biased low),
        mean_frames (corrected), mean_complete_hours, mean_hours (blank where `dt_s`, seconds, is None).
        """
        import pandas as pd

        conditions, k = self.n_bouts.shape
        hour = np.full(conditions * k, hours(1, dt_s)) if hours_per_frame is None else hours_per_frame.ravel()
        return pd.DataFrame(
            {
                "condition": np.repeat(self.conditions, k),
                "state": np.tile(np.arange(1, k + 1), conditions),
                "n_bouts": self.n_bouts.ravel(),
                "n_complete": self.n_complete.ravel(),
                "n_exits": self.n_exits.ravel(),
                "at_risk_frames": self.at_risk.ravel(),
                "mean_complete_frames": self.mean_complete_frames.ravel(),
                "mean_frames": self.mean_frames.ravel(),
                "mean_complete_hours": self.mean_complete_frames.ravel() * hour,
                "mean_hours": self.mean_frames.ravel() * hour,
            }
        )


def dwell_times(bouts: Bouts, k: int, *, condition: NDArray[Any]) -> DwellTimes:
    """Sum bouts up by condition and state.

    Parameters
    ----------
    bouts : from `find_bouts`.
    k : number of states.
    condition : (N,), of each of the rows that the bouts were found in.

    Notes
    -----
    A bout of n rows was watched for n steps if its end was seen, else for n - 1: of its last row nobody knows what
    came next. So mean_frames is one over the rate at which `count_transitions` sees the state left.
    """
    check_states(bouts.state, k, len(bouts.state))
    conditions, number = np.unique(np.asarray(condition), return_inverse=True)
    cell = number[bouts.row] * k + bouts.state - 1
    complete = bouts.start_seen & bouts.end_seen
    at_risk = bouts.frames - np.where(bouts.end_seen, 0, bouts.spacing)

    def total(values: NDArray[Any]) -> Ints:
        sums = np.zeros(len(conditions) * k, np.int64)
        np.add.at(sums, cell, values)
        return sums.reshape(len(conditions), k)

    return DwellTimes(
        conditions,
        total(np.ones(len(cell), np.int64)),
        total(complete),
        total(bouts.end_seen),
        total(at_risk),
        total(bouts.frames * complete),
    )
