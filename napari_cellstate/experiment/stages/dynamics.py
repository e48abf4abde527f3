"""Dynamics: state sequences to transitions, occupancy, dwell times, rates over time, balance, families."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.progress import Runtime
from napari_cellstate.dynamics.counts import Transitions
from napari_cellstate.dynamics.dwell import find_bouts
from napari_cellstate.dynamics.lineage import Families, find_families, inheritance
from napari_cellstate.dynamics.occupancy import occupancy
from napari_cellstate.experiment.dynamics_parts import StateRows, all_tables, balances
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.sequences import Sequences, sequences
from napari_cellstate.experiment.stages.base import Outcome, PooledStage
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TABLES = (
    *("transitions", "occupancy", "occupancy_by_condition", "dwell", "bouts", "survival", "occupancy_over_time"),
    *("rates_over_time", "generator", "passage", "committors", "timescales", "families", "divisions"),
)
PERMUTATIONS = 1000
"""Of relatives, for what correlations mean where nothing is inherited."""


def _record(recipe: Recipe, entries: tuple[MovieEntry, ...]) -> dict[str, Any]:
    return recipe.dynamics.record()


def _run(experiment: Experiment, recipe: Recipe, runtime: Runtime) -> Outcome:
    found = sequences(experiment, recipe)
    runtime.progress(0, 3, "dynamics: tables")
    tables = _tables(found, recipe)
    runtime.progress(1, 3, "dynamics: detailed balance")
    rows, lag = state_rows(found, recipe.windows.stride), recipe.dynamics.frames(recipe.windows.stride)
    balanced = balances(rows, lag, names=range(1, found.k + 1), progress=runtime.progress)
    runtime.progress(2, 3, "dynamics: writing")
    for name in TABLES:
        write_parquet(tables[name], experiment.paths.dynamics(name))
    atomic.write_text(experiment.paths.balance, json.dumps(balanced, indent=1, allow_nan=False) + "\n")
    runtime.progress(3, 3, "dynamics")
    moves = tables["transitions"]
    total = int(moves.loc[moves["from"] != moves["to"], "count"].sum())
    return Outcome({**recipe.dynamics.record(), "lag": lag}, {"transitions": total, "verdict": balanced["verdict"]})


def state_rows(found: Sequences, spacing: int) -> StateRows:
    """Sequences of an experiment as rows whose tracks are unique over movies."""
    movie = np.unique(found.movie, return_inverse=True)[1]
    track = np.unique(np.stack([movie, found.track]), axis=1, return_inverse=True)[1].ravel()
    return StateRows(
        found.movie,
        found.condition,
        track,
        found.run,
        found.sample,
        found.state,
        found.k,
        spacing,
        tuple(dict.fromkeys(found.condition.tolist())),
        found.posterior,
        found.time_s,
    )


def _tables(found: Sequences, recipe: Recipe) -> dict[str, pd.DataFrame]:
    rows = state_rows(found, recipe.windows.stride)
    lag, width = recipe.dynamics.frames(recipe.windows.stride), recipe.dynamics.bin_hours
    tables = all_tables(rows, lag, found.dt_s, bin_hours=width)
    bouts = find_bouts(found.run, found.sample, found.state, spacing=recipe.windows.stride)
    table = bouts.table(movie=found.movie, track=found.track).drop(columns="run")
    table["frames"] = bouts.frames * found.every[bouts.row]
    table["start_frame"] = found.frame[bouts.row]
    table["end_frame"] = table["start_frame"] + table["frames"] - bouts.spacing * found.every[bouts.row]
    table.insert(0, "condition", found.condition[bouts.row])
    keys = {"movie": found.movie, "condition": found.condition, "track": found.track}
    shares = occupancy(found.state, found.k, **keys, posterior=found.posterior)
    kin = inheritance(relatives(found, rows), permutations=PERMUTATIONS)
    return {
        **tables,
        "occupancy_by_condition": tables["occupancy"],
        "occupancy": _as_added(shares.by_movie(), "movie", found.movie),
        "bouts": table,
        "families": kin.table,
        "divisions": kin.at_division,
    }


def relatives(found: Sequences, rows: StateRows) -> Families:
    """Tracks of all movies with their mothers; `rows` are those of `state_rows`."""
    movie = np.unique(found.movie, return_inverse=True)[1].astype(np.int64)
    keys = zip(movie.tolist(), found.track.tolist(), strict=True)
    number = {key: int(track) for key, track in zip(keys, rows.track, strict=True)}
    mothers = zip(movie.tolist(), found.parent.tolist(), strict=True)
    parent = np.array([number.get(key, -1) for key in mothers], np.int64)
    return find_families(rows.track, rows.frame, rows.state, rows.k, parent=parent, movie=movie)


def _as_added(table: pd.DataFrame, column: str, rows: NDArray[Any]) -> pd.DataFrame:
    """The same rows with movies or conditions in the order in which they were added, not of the alphabet."""
    place = {name: nth for nth, name in enumerate(dict.fromkeys(rows.tolist()))}
    return table.sort_values(column, key=lambda names: names.map(place), kind="stable", ignore_index=True)


def count_conditions(found: Sequences, lag: int) -> dict[str, Transitions]:
    """Transitions of each condition, counted too by movie, or by track where the condition has one movie only."""
    rows = state_rows(found, 1)
    return {condition: rows.count(condition, lag) for condition in rows.conditions}


STAGE = PooledStage(
    "dynamics",
    _record,
    _run,
    lambda experiment: (
        experiment.paths.balance.exists() and all(experiment.paths.dynamics(name).exists() for name in TABLES)
    ),
)
