"""Everything that sequences of states give: of an experiment, or of a table made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Progress
from napari_cellstate.dynamics.balance import balance
from napari_cellstate.dynamics.chain import chain
from napari_cellstate.dynamics.counts import Transitions, count_transitions, transitions_table
from napari_cellstate.dynamics.cycles import cycle_fluxes, entropy_production
from napari_cellstate.dynamics.dwell import dwell_times, find_bouts
from napari_cellstate.dynamics.intervals import unit_of_n
from napari_cellstate.dynamics.occupancy import occupancy
from napari_cellstate.dynamics.over_time import bin_width, occupancy_over_time, rates_over_time, time_bins
from napari_cellstate.dynamics.survival import Survival, survival_table, survivals

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CHAIN = ("generator", "passage", "committors", "timescales")


@dataclass(frozen=True, eq=False)
class StateRows:
    """Rows of state sequences.

    Attributes
    ----------
    movie, condition : (N,) names; a movie is in one condition.
    track : (N,), unique over movies.
    run : (N,), rows of one run follow each other, `spacing` frames apart.
    frame : (N,). state : (N,), 1 to k, 0 for none.
    conditions : in the order wanted.
    posterior : (N, k) or None.
    time_s : (N,), when each row was taken, where frame intervals differ, else None.
    """

    movie: NDArray[Any]
    condition: NDArray[Any]
    track: Ints
    run: Ints
    frame: Ints
    state: Ints
    k: int
    spacing: int
    conditions: tuple[str, ...]
    posterior: Floats | None = None
    time_s: Floats | None = None

    def rows(self, condition: str) -> Ints:
        """Row numbers of a condition."""
        return np.flatnonzero(self.condition == condition)

    def count(self, condition: str, lag: int) -> Transitions:
        """Transitions of a condition, counted too by movie, or by track where the condition has one movie only."""
        rows = self.rows(condition)
        unit, unit_name = unit_of_n(self.movie[rows], self.track[rows])
        return count_transitions(
            self.run[rows],
            self.frame[rows],
            self.state[rows],
            self.k,
            lag,
            posterior=None if self.posterior is None else self.posterior[rows],
            unit=unit,
            unit_name=unit_name,
            time_s=None if self.time_s is None else self.time_s[rows],
        )


def all_tables(found: StateRows, lag: int, dt: float | None, *, bin_hours: float = 0.0) -> dict[str, pd.DataFrame]:
    """Tables by name, states numbered from 1; `with_names` gives them their own names."""
    import pandas as pd

    k = found.k
    counted = {name: found.count(name, lag) for name in found.conditions}
    parts = {name: chain(one).tables(dt) for name, one in counted.items()}
    if not parts:  # no rows at all: tables without rows, with the columns that others have
        parts = {"": {kind: table.iloc[:0] for kind, table in chain(found.count("", lag)).tables(dt).items()}}
    made = {
        kind: pd.concat([_named(part[kind], name) for name, part in parts.items()]) for kind in (*CHAIN, "stationary")
    }
    keys = {"movie": found.movie, "track": found.track, "condition": found.condition}
    shares = occupancy(found.state, k, **keys, posterior=found.posterior).table().set_index("condition")
    shares = shares.loc[list(found.conditions)].reset_index().astype({"condition": object})
    dwell, curves = _dwell(found, counted, dt)
    edges = time_bins(found.frame, width=bin_width(found.frame, dt, bin_hours))
    return {
        "transitions": transitions_table(counted, dt_s=dt),
        "generator": made["generator"],
        "occupancy": shares.merge(made["stationary"], on=["condition", "state"], how="left"),
        "occupancy_over_time": occupancy_over_time(found.state, k, found.frame, edges, **keys, dt_s=dt),
        "rates_over_time": rates_over_time(
            found.run, found.frame, found.state, k, lag, edges, **keys, dt_s=dt, time_s=found.time_s
        ),
        "dwell": dwell,
        "survival": curves,
        "passage": made["passage"],
        "committors": made["committors"],
        "timescales": made["timescales"],
    }


def with_names(table: pd.DataFrame, names: tuple[str | int, ...]) -> pd.DataFrame:
    """The table with states called what they were called."""
    import pandas as pd

    table = table.reset_index(drop=True)
    for column in ("state", "from", "to"):
        if column in table.columns:
            called = [names[state - 1] for state in table[column]]
            table[column] = pd.Series(called, index=table.index, dtype=object if isinstance(names[0], str) else None)
    return table


def balances(found: StateRows, lag: int, *, names: Sequence[str | int], progress: Progress) -> dict[str, Any]:
    """What balance.json holds: of all tracks together, and under "conditions" of each."""
    whole = _balance_of(found, np.arange(len(found.state)), lag, names, progress)
    parts = {name: _balance_of(found, found.rows(name), lag, names, progress) for name in found.conditions}
    return {**whole, "conditions": parts}


def _named(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    table.insert(0, "condition", np.full(len(table), condition, object))
    return table


def _dwell(found: StateRows, counted: dict[str, Transitions], dt: float | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean and median dwells, and the curves they are read from."""
    k = found.k
    bouts = find_bouts(found.run, found.frame, found.state, spacing=found.spacing)
    curves = survivals(bouts, k, condition=found.condition, movie=found.movie, track=found.track)
    times = dwell_times(bouts, k, condition=found.condition)
    hour = None
    if found.time_s is not None:
        hour = np.stack([counted[name].hours_per_frame(dt) for name in times.conditions.tolist()])
    table = times.table(dt_s=dt, hours_per_frame=hour)
    one = [curves[condition, state] for condition, state in zip(table["condition"], table["state"], strict=True)]
    table["n_start_not_seen"] = [each.unseen for each in one]
    table["n_end_not_seen"] = [each.censored for each in one]
    for name in ("median", "median_low", "median_high"):
        table[f"{name}_frames"] = [_median(each, name) for each in one]
    table["p_exponential"] = [each.p_exponential for each in one]
    table["trend"] = [each.trend for each in one]
    place = {name: nth for nth, name in enumerate(found.conditions)}
    table = table.sort_values("condition", key=lambda column: column.map(place), kind="stable", ignore_index=True)
    return table, survival_table(curves, dt_s=dt)


def _median(curve: Survival, which: str) -> float:
    """Median, or the ends of its interval: where the band comes down to one half; blank where it does not."""
    values = {"median": curve.share, "median_low": curve.low, "median_high": curve.high}[which]
    over = np.flatnonzero(values <= 0.5)
    return float(curve.frames[over[0]]) if len(over) and curve.n else float("nan")


def _balance_of(
    found: StateRows, rows: Ints, lag: int, names: Sequence[str | int], progress: Progress
) -> dict[str, Any]:
    run, frame, state, track = (values[rows] for values in (found.run, found.frame, found.state, found.track))
    tested = asdict(balance(run, frame, state, lag, track=track, progress=progress))
    followed = chain(count_transitions(run, frame, state, found.k, lag))
    cycles, produced = [], None
    if len(followed.kept):
        cycles = [
            {"states": [names[followed.kept[state]] for state in one.states], "flux_per_step": one.flux}
            for one in cycle_fluxes(followed.probability)
        ]
        produced = entropy_production(followed.probability)
    described: dict[str, Any] = plain({**tested, "entropy_production_of_chain": produced, "cycles": cycles})
    return described


def plain(value: Any) -> Any:
    """As JSON can hold it: None for what is not a number."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
