"""Read what is compared, and say which replicates stand against which."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_cellstate.compare.design import Design, Pairing, make_design
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.observations import Observations, observe_experiment
from napari_cellstate.experiment.observed_table import observe_table
from napari_cellstate.experiment.paths import Paths
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.metrics.error_rate import ErrorRate, error_rate


def observe(source: Experiment | str | Path, *, by: str, batch: str, **columns: str) -> Observations:
    """Rows of an experiment or of a table.

    Parameters
    ----------
    by : columns of the condition, with commas between several factors; "" finds it.
    batch : column of the batch, "" for none.
    columns : replicate, states, track, time: columns of a table, "" finds them.
    """
    factors = tuple(name.strip() for name in by.split(",") if name.strip())
    if not is_experiment(source):
        if Path(str(source)).is_dir():
            raise InputError(f"{source} is a folder, but no experiment; expected an experiment or a table")
        return observe_table(Path(str(source)), by=factors, batch=batch, **columns)
    from napari_cellstate.experiment.pipeline import current_recipe

    experiment = as_experiment(source)
    given = [f"--{name}" for name, value in columns.items() if value]
    if given:
        raise InputError(f"{', '.join(given)}: columns are named for tables only; an experiment knows its own")
    if experiment.record("dynamics") is None:
        raise InputError(
            f"{experiment.root}: a comparison needs every stage; do: napari-cellstate run {experiment.root}"
        )
    return observe_experiment(experiment, current_recipe(experiment), by=factors, batch=batch)


def is_experiment(source: Experiment | str | Path) -> bool:
    """Whether the source is an experiment, open or as a folder."""
    return isinstance(source, Experiment) or Paths(Path(source)).experiment.is_file()


def measured_link_error(source: Experiment | str | Path) -> ErrorRate:
    """Share of wrong links that review measured in an experiment; of a table nothing was judged."""
    if not is_experiment(source):
        return error_rate([])
    from napari_cellstate.experiment.review import measured_error

    return measured_error(as_experiment(source))


def known_to_states(source: Experiment | str | Path, seen: Observations) -> str:
    """How the states of an experiment came to know the condition, "" where they did not.

    Notes
    -----
    Methods are not told the condition; but where a person taught states by example and showed one of them in some
    conditions only, the net learns what tells these apart, and calls it the state.
    """
    if not is_experiment(source):
        return ""
    from napari_cellstate.experiment.pipeline import current_recipe
    from napari_cellstate.experiment.stages.states import taught_rows

    experiment = as_experiment(source)
    if current_recipe(experiment).states.kind != "taught":
        return ""
    taught, _ = taught_rows(experiment.behavior, tuple(experiment.history.done))
    if taught is None:
        return ""
    condition = seen.samples.condition[seen.sample]
    for state in np.unique(taught[taught > 0]).tolist():
        shown = set(condition[taught == state].tolist())
        missing = [name for name in seen.conditions if name not in shown]
        if missing:
            return f"state {state} was taught without an example from {' and '.join(missing)}; label some there too"
    return ""


def make_designs(seen: Observations, reference: str, pairing: Pairing) -> tuple[Design, ...]:
    """Each other condition against the reference, "" for the first."""
    conditions = seen.conditions
    if len(conditions) < 2:
        raise InputError(f"compare: one condition only ({conditions[0]}); expected two or more")
    first = reference or conditions[0]
    return tuple(make_design(seen.samples, first, other, pairing=pairing) for other in conditions if other != first)
