"""How often one state follows another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.units import hours
from napari_cellstate.dynamics._ratio import ratio
from napari_cellstate.dynamics.intervals import intervals
from napari_cellstate.dynamics.pairs import Ints, check_states, row_pairs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

COLUMNS = (
    *("condition", "from", "to", "count", "probability", "low", "high", "rate_per_hour", "rate_low", "rate_high"),
    *("soft_count", "unit"),
)


@dataclass(frozen=True, eq=False)
class Transitions:
    """Counted transitions between states.

    Attributes
    ----------
    counts : (k, k) int64, pairs of rows from the state of the row to the state of the column; staying counts too.
    lag : frames between the two rows of a pair.
    soft : (k, k) float64, the same with each row shared out between states by its posterior; None without one.
    units : (U,), what the pairs were also counted by (movies, tracks), sorted; empty if nothing.
    unit_counts : (U, k, k) int64, sums to `counts`.
    unit : what the units are, `intervals.MOVIE` or `intervals.TRACK`; "" gives no intervals.
    seconds : (k,) float64, time between the rows of all pairs from each state, where frame intervals differ; else None.

    Notes
    -----
    Neither pairs nor windows that overlap are independent: do not test counts as if each were an observation. For
    intervals and tests resample units: movies where there are several, tracks where there is one movie. Tracks
    that end early (cells that leave, die or are lost) say less about slow transitions.
    """

    counts: Ints
    lag: int
    soft: Floats | None
    units: NDArray[Any]
    unit_counts: Ints
    unit: str = ""
    seconds: Floats | None = None

    def hours_per_frame(self, dt_s: float | None) -> Floats:
        """Mean length of a frame interval spent in each state, (k,): `dt_s` for all where intervals are alike."""
        frames = self.lag * self.counts.sum(axis=1)
        if self.seconds is None:
            return np.full(len(frames), hours(1, dt_s))
        return ratio(self.seconds / 3600.0, frames)

    @property
    def probability(self) -> Floats:
        """Share of the pairs from a state that go to each, (k, k); NaN where a state has no pairs.

        Plain shares, without pseudocounts; they hold for this lag only.
        """
        total = self.counts.sum(axis=1, keepdims=True)
        return ratio(self.counts, total)

    def rate_per_hour(self, dt_s: float | None) -> Floats:
        """Transitions per hour spent in the state that is left, (k, k).

        NaN on the diagonal, for a state without pairs, and where `dt_s` (seconds between frames) is None.
        """
        spent = (self.hours_per_frame(dt_s) * self.lag * self.counts.sum(axis=1))[:, None]
        rate = ratio(self.counts, spent)
        np.fill_diagonal(rate, np.nan)
        return rate

    def table(self, *, dt_s: float | None = None) -> pd.DataFrame:
        """One row for each ordered pair of states; columns are `COLUMNS` but for the condition.

        States are numbered from 1; pairs of a state with itself and pairs never seen are there too.
        """
        import pandas as pd

        k = len(self.counts)
        nothing = np.full((k, k), np.nan)
        found = intervals(self, self.unit) if self.unit else None
        hour = self.hours_per_frame(dt_s)[:, None]
        values = {
            "count": self.counts,
            "probability": self.probability,
            "low": found.low if found else nothing,
            "high": found.high if found else nothing,
            "rate_per_hour": self.rate_per_hour(dt_s),
            "rate_low": found.rate_low / hour if found else nothing,
            "rate_high": found.rate_high / hour if found else nothing,
            "soft_count": nothing if self.soft is None else self.soft,
        }
        pairs = {"from": np.repeat(np.arange(1, k + 1), k), "to": np.tile(np.arange(1, k + 1), k)}
        table = pd.DataFrame({**pairs, **{name: value.ravel() for name, value in values.items()}})
        table["unit"] = pd.Series([found.unit if found else ""] * len(table), dtype=object)
        return table


def count_transitions(
    run: Ints,
    frame: Ints,
    state: Ints,
    k: int,
    lag: int,
    *,
    posterior: Floats | None = None,
    unit: NDArray[Any] | None = None,
    unit_name: str = "",
    time_s: Floats | None = None,
) -> Transitions:
    """Count pairs of rows `lag` frames apart in one run.

    Parameters
    ----------
    run : (N,), rows of one run follow each other in one track without a missing frame: gaps and the ends of tracks
        end a run, so that no pair joins two tracks or bridges a gap. Any order of rows.
    frame : (N,), frames, unique within a run.
    state : (N,), 1 to `k`; 0 for none: pairs with such a row are left out.
    k : number of states.
    lag : frames between the rows of a pair: their difference is exactly this.
    posterior : (N, k), rows summing to 1, for soft counts: the sum over pairs of the outer products of the two
        rows' posteriors.
    unit : (N,), movie or track of each row; pairs are counted for each too, by their earlier row.
    unit_name : what they are, `intervals.MOVIE` or `intervals.TRACK`, if there shall be intervals.
    time_s : (N,), when each row was taken, where frame intervals differ: rates are then per true time.

    Raises
    ------
    InputError
        Shapes do not fit, a state above `k`, or two rows of one run in one frame.

    Notes
    -----
    A posterior that judges each row by itself (a mixture's) treats the two rows of a pair as independent: every
    doubtful row adds to the soft counts off the diagonal, which then overestimate switching. They are meant for
    posteriors that know the neighbours in time. A lag of several rows sees only what state the cell is in at
    both ends: a visit in between is missed.
    """
    check_states(state, k, len(run))
    if posterior is not None and posterior.shape != (len(run), k):
        raise InputError(f"dynamics: posterior of shape {posterior.shape}; expected {(len(run), k)}, rows by states")
    pairs = row_pairs(run, frame, lag)
    pairs = pairs[(state[pairs] > 0).all(axis=1)]
    cell = (state[pairs[:, 0]] - 1) * k + state[pairs[:, 1]] - 1
    soft = None
    if posterior is not None:  # einsum and not a matrix product: the order of its sum depends on nothing
        soft = np.einsum("pi,pj->ij", posterior[pairs[:, 0]], posterior[pairs[:, 1]])
    units, unit_counts = _by_unit(unit, pairs[:, 0], cell, k)
    counts = np.bincount(cell, minlength=k * k).reshape(k, k)
    seconds = None
    if time_s is not None:
        steps = np.diff(time_s[pairs], axis=1)[:, 0]
        seconds = np.bincount(state[pairs[:, 0]] - 1, weights=steps, minlength=k).astype(np.float64)
    return Transitions(counts, lag, soft, units, unit_counts, unit_name, seconds)


def events(run: Ints, frame: Ints, state: Ints, lag: int) -> Ints:
    """Each pair of rows between which the state changed, for a list or for marks on the movie.

    Parameters are those of `count_transitions`.

    Returns
    -------
    (E, 2), row numbers before and after, sorted by run, then frame; as many as `count_transitions` counts off the
    diagonal.

    Notes
    -----
    With a lag above the spacing of the rows one switch is in several pairs.
    """
    check_states(state, int(state.max(initial=0)), len(run))
    pairs = row_pairs(run, frame, lag)
    before, after = state[pairs[:, 0]], state[pairs[:, 1]]
    switched: Ints = pairs[(before > 0) & (after > 0) & (before != after)]
    return switched


def transitions_table(conditions: Mapping[str, Transitions], *, dt_s: float | None = None) -> pd.DataFrame:
    """One row for each condition and ordered pair of states; columns are `COLUMNS`.

    Parameters
    ----------
    conditions : transitions counted for each condition.
    dt_s : seconds between frames; without it rate_per_hour is blank.

    Notes
    -----
    count, soft_count: pairs of rows. probability: share of the pairs of its "from", blank where there are none; low,
    high: its 95 % interval. rate_per_hour: count over the hours spent in "from" (pairs x lag x dt), blank on the
    diagonal; rate_low, rate_high: its interval. unit: what the intervals are over, movies where a condition has two or
    more, else the tracks of its one movie; see `intervals`. A condition pools its movies: long movies with many cells
    weigh more in probability and rate, while intervals over movies count them alike.
    """
    import pandas as pd

    tables = []
    for condition, transitions in conditions.items():
        table = transitions.table(dt_s=dt_s)
        table.insert(0, "condition", pd.Series([condition] * len(table), dtype=object))
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _by_unit(unit: NDArray[Any] | None, first: Ints, cell: Ints, k: int) -> tuple[NDArray[Any], Ints]:
    if unit is None:
        return np.empty(0, np.int64), np.empty((0, k, k), np.int64)
    units, number = np.unique(np.asarray(unit), return_inverse=True)
    counts = np.bincount(number[first] * k * k + cell, minlength=len(units) * k * k)
    per_unit: Ints = counts.reshape(len(units), k, k).astype(np.int64)
    return units, per_unit
