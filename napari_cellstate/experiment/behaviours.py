"""Behaviours of an experiment's tracks: queries over states, families, and what each state is like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import SCALED, state_name
from napari_cellstate.core.looks import wearing
from napari_cellstate.dynamics.lineage import Inheritance, inheritance
from napari_cellstate.dynamics.query import Matches, find_behaviour, parse_query
from napari_cellstate.dynamics.state_profiles import StateProfiles, state_profiles
from napari_cellstate.experiment.edits.state_looks import notes_of
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import Sequences, sequences
from napari_cellstate.experiment.stages.dynamics import PERMUTATIONS, relatives, state_rows
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FoundBehaviour:
    """Tracks that showed a behaviour.

    Attributes
    ----------
    query : as it was asked.
    table : a row a match: condition, movie, track, frame, last_frame.
    conditions : a row a condition: condition, tracks (with a match), watched, share, low, high, unit.
    """

    query: str
    table: pd.DataFrame
    conditions: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """As plain values; None for what is not known."""
        import json

        tables = {name: getattr(self, name) for name in ("conditions", "table")}
        return {
            "query": self.query,
            **{name: json.loads(one.to_json(orient="records")) for name, one in tables.items()},
        }

    def text(self) -> str:
        """As a person reads it."""
        parts = [self.query, self.conditions.to_string(index=False, float_format="{:.3g}".format)]
        if len(self.table):
            parts.append(self.table.to_string(index=False, max_rows=40))
        return "\n".join(parts)


def find(experiment: Experiment | str | Path, query: str) -> FoundBehaviour:
    """Find tracks that show a behaviour, such as ``run>2h -> rest -> divide``.

    Parameters
    ----------
    experiment : with states.
    query : see `dynamics.query.parse_query`; states by their names or numbers.

    Raises
    ------
    InputError
        The query cannot be read.
    """
    import pandas as pd

    experiment = as_experiment(experiment)
    found, recipe = sequences(experiment, current_recipe(experiment)), current_recipe(experiment)
    items = parse_query(query, state_names(experiment, found.k), dt_s=found.dt_s)
    divides = _divides(experiment, found)
    rows = state_rows(found, recipe.windows.stride)
    tables, parts = [], []
    for condition in rows.conditions:
        mine = rows.rows(condition)
        one = find_behaviour(
            items,
            rows.run[mine],
            rows.frame[mine],
            rows.state[mine],
            track=rows.track[mine],
            movie=rows.movie[mine],
            divides=divides[mine],
            spacing=recipe.windows.stride,
        )
        table = one.table(movie=rows.movie[mine], track=found.track[mine], frame=found.frame[mine])
        table.insert(0, "condition", np.full(len(table), condition, object))
        tables.append(table)
        parts.append(_summary(condition, one))
    return FoundBehaviour(query, pd.concat(tables, ignore_index=True), pd.DataFrame(parts))


def _summary(condition: str, one: Matches) -> dict[str, Any]:
    names = ("tracks", "watched", "share", "low", "high", "unit")
    return {"condition": condition, **{name: getattr(one, name) for name in names}}


def state_names(experiment: Experiment, k: int) -> list[str]:
    """What the states are called, the first first."""
    with wearing(experiment.looks):
        return [state_name(state) for state in range(1, k + 1)]


def _divides(experiment: Experiment, found: Sequences) -> NDArray[np.bool_]:
    """Whether the track of each row ends in a division."""
    result = np.zeros(len(found.track), np.bool_)
    for name in dict.fromkeys(found.movie.tolist()):
        table = experiment.tracks(name).table()
        mothers = table.loc[table["divides"], "track"].to_numpy()
        mine = found.movie == name
        result[mine] = np.isin(found.track[mine], mothers)
    return result


def families(experiment: Experiment | str | Path, *, permutations: int = PERMUTATIONS) -> Inheritance:
    """State at division, and how much daughters resemble mothers and sisters, over all movies of an experiment.

    The same numbers as `experiment.dynamics("families")` and `("divisions")`, which a run writes.
    """
    experiment = as_experiment(experiment)
    recipe = current_recipe(experiment)
    found = sequences(experiment, recipe)
    return inheritance(relatives(found, state_rows(found, recipe.windows.stride)), permutations=permutations)


@dataclass(frozen=True, eq=False)
class DescribedStates:
    """Profiles of the states of an experiment, and where their exemplars are.

    Attributes
    ----------
    profiles : see `StateProfiles`.
    names : what the states are called. notes : what the user wrote down of each, "" for nothing.
    keys : for each state (movie, track, frame) of its exemplars, most typical first.
    """

    profiles: StateProfiles
    names: list[str]
    notes: list[str]
    keys: list[list[tuple[str, int, int]]]

    def table(self) -> pd.DataFrame:
        """A row a state: state, name, suggested_name, note, telling (the five features that tell it from the rest)."""
        import pandas as pd

        every = range(1, len(self.names) + 1)
        columns = {
            "state": list(every),
            "name": self.names,
            "suggested_name": list(self.profiles.names),
            "note": self.notes,
            "telling": ["; ".join(self.profiles.telling(state)) for state in every],
        }
        return pd.DataFrame(columns)


def describe_states(experiment: Experiment | str | Path, *, exemplars: int = 12) -> DescribedStates:
    """What each state of an experiment is like."""
    experiment = as_experiment(experiment)
    found = sequences(experiment, current_recipe(experiment))
    behavior = experiment.behavior
    used = behavior.var["used"].to_numpy(bool)
    movie = np.unique(found.movie, return_inverse=True)[1]
    track = np.unique(np.stack([movie, found.track]), axis=1, return_inverse=True)[1].ravel()
    profiles = state_profiles(
        np.asarray(behavior.X, np.float64)[:, used],
        np.asarray(behavior.layers[SCALED], np.float64)[:, used],
        found.state,
        found.k,
        names=[str(name) for name in behavior.var_names[used]],
        units=[str(unit) for unit in behavior.var["unit"][used]],
        track=track,
        probability=behavior.obs["state_prob"].to_numpy(np.float64),
        exemplars=exemplars,
    )
    keys = [
        [(str(found.movie[row]), int(found.track[row]), int(found.frame[row])) for row in line if row >= 0]
        for line in profiles.exemplars
    ]
    notes = notes_of(experiment.history)
    return DescribedStates(
        profiles, state_names(experiment, found.k), [notes.get(state, "") for state in range(1, found.k + 1)], keys
    )
