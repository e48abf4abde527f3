"""Dynamics: state sequences to transitions, occupancy and dwell times of each condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.progress import Runtime
from napari_cellstate.dynamics.counts import Transitions, count_transitions, transitions_table
from napari_cellstate.dynamics.dwell import dwell_times, find_bouts
from napari_cellstate.dynamics.intervals import unit_of_n
from napari_cellstate.dynamics.occupancy import occupancy
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.sequences import Sequences, sequences
from napari_cellstate.experiment.stages.base import Outcome, PooledStage
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TABLES = ("transitions", "occupancy", "dwell", "bouts")


def _record(recipe: Recipe, entries: tuple[MovieEntry, ...]) -> dict[str, Any]:
    return recipe.dynamics.record()


def _run(experiment: Experiment, recipe: Recipe, runtime: Runtime) -> Outcome:
    found = sequences(experiment, recipe)
    tables, total = _tables(found, recipe)
    for nth, name in enumerate(TABLES):
        runtime.progress(nth, len(TABLES), f"dynamics ({name})")
        write_parquet(tables[name], experiment.paths.dynamics(name))
    runtime.progress(len(TABLES), len(TABLES), "dynamics")
    resolved = {**recipe.dynamics.record(), "lag": recipe.dynamics.frames(recipe.windows.stride)}
    return Outcome(resolved, {"transitions": total})


def _tables(found: Sequences, recipe: Recipe) -> tuple[dict[str, pd.DataFrame], int]:
    """All tables, and the number of switches between states."""
    lag, dt_s = recipe.dynamics.frames(recipe.windows.stride), found.dt_s
    counted = count_conditions(found, lag)
    bouts = find_bouts(found.run, found.sample, found.state, spacing=recipe.windows.stride)
    shares = occupancy(found.state, found.k, movie=found.movie, condition=found.condition, track=found.track)
    table = bouts.table(movie=found.movie, track=found.track).drop(columns="run")
    table["frames"] = bouts.frames * found.every[bouts.row]
    table["start_frame"] = found.frame[bouts.row]
    table["end_frame"] = table["start_frame"] + table["frames"] - bouts.spacing * found.every[bouts.row]
    table.insert(0, "condition", found.condition[bouts.row])
    times = dwell_times(bouts, found.k, condition=found.condition)
    hour = None
    if found.time_s is not None:
        hour = np.stack([counted[name].hours_per_frame(dt_s) for name in times.conditions.tolist()])
    tables = {
        "transitions": transitions_table(counted, dt_s=dt_s),
        "occupancy": _as_added(shares.by_movie(), "movie", found.movie),
        "dwell": _as_added(times.table(dt_s=dt_s, hours_per_frame=hour), "condition", found.condition),
        "bouts": table,
    }
    return tables, sum(int(one.counts.sum() - np.trace(one.counts)) for one in counted.values())


def _as_added(table: pd.DataFrame, column: str, rows: NDArray[Any]) -> pd.DataFrame:
    """The same rows with movies or conditions in the order in which they were added, not of the alphabet."""
    place = {name: nth for nth, name in enumerate(dict.fromkeys(rows.tolist()))}
    return table.sort_values(column, key=lambda names: names.map(place), kind="stable", ignore_index=True)


def count_conditions(found: Sequences, lag: int) -> dict[str, Transitions]:
    """Transitions of each condition, counted too by movie, or by track where the condition has one movie only."""
    counted = {}
    for condition in dict.fromkeys(found.condition.tolist()):
        rows = np.flatnonzero(found.condition == condition)
        unit, unit_name = unit_of_n(found.movie[rows], found.track[rows])
        counted[condition] = count_transitions(
            found.run[rows],
            found.sample[rows],
            found.state[rows],
            found.k,
            lag,
            posterior=None if found.posterior is None else found.posterior[rows],
            unit=unit,
            unit_name=unit_name,
            time_s=None if found.time_s is None else found.time_s[rows],
        )
    return counted


STAGE = PooledStage(
    "dynamics",
    _record,
    _run,
    lambda experiment: all(experiment.paths.dynamics(name).exists() for name in TABLES),
)
