"""Dynamics of any table of state sequences, no movie needed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.units import hours
from napari_cellstate.dynamics.balance import balance
from napari_cellstate.dynamics.counts import Transitions, count_transitions, transitions_table
from napari_cellstate.dynamics.cycles import cycle_fluxes
from napari_cellstate.dynamics.dwell import dwell_times, find_bouts
from napari_cellstate.dynamics.generator import generator
from napari_cellstate.dynamics.intervals import unit_of_n
from napari_cellstate.dynamics.occupancy import occupancy
from napari_cellstate.dynamics.passage import mean_first_passage
from napari_cellstate.dynamics.settings import DynamicsSettings
from napari_cellstate.dynamics.stationary import relaxation_times, stationary, visited
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.formats.sequences import StateSequences, read_sequences
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DynamicsResult:
    """What was found in a table of state sequences.

    Attributes
    ----------
    paths : files that were written.
    tables : by name: transitions, generator, occupancy, dwell, passage, timescales.
    balance : as in balance.json: of all tracks together, and under "conditions" of each condition.
    lag : frames.
    """

    paths: list[Path]
    tables: dict[str, pd.DataFrame]
    balance: dict[str, Any]
    lag: int

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"paths": [str(path) for path in self.paths], "lag": self.lag, "balance": self.balance}

    def text(self) -> str:
        """As a person reads it."""
        lines = [f"lag: {self.lag} frames"]
        parts = {"all tracks": self.balance, **self.balance["conditions"]}
        for name, part in parts.items():
            numbers = ", ".join(f"{key} {_short(part[key])}" for key in ("statistic", "p_reversal", "p_stationary"))
            null = part["null"].get("entropy_production_95")
            entropy = f"entropy production {_short(part['entropy_production'])} nats per step (95 % of the null below "
            lines.append(f"{name}: {part['verdict']} ({numbers}; {entropy}{_short(null)}))")
        for name in ("transitions", "dwell"):
            table = self.tables[name].drop(columns=["soft_count"], errors="ignore")
            lines += ["", name, table.to_string(index=False, na_rep="", float_format="{:.4g}".format)]
        return "\n".join([*lines, "", *map(str, self.paths)])


def dynamics_of_table(
    table: str | Path,
    out: str | Path,
    *,
    states: str = "",
    track: str = "",
    time: str = "",
    condition: str = "",
    lag: int = 0,
    dt: float | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> DynamicsResult:
    """Write transitions, rates, occupancy, dwell times and the balance of a table of state sequences.

    Parameters
    ----------
    table : a row for each track and frame; states and ids may be text or numbers.
    out : a folder; made if missing, and it must be empty.
    states, track, time, condition : names of columns; "" finds them.
    lag : frames between the two rows of a pair; 0 takes the spacing of the rows.
    dt : seconds between frames; without it rates per hour are blank.
    force : write into a folder that is not empty.

    Notes
    -----
    A column named movie says which tracks were filmed together: intervals are then over movies where a condition has
    two or more, else over tracks. Rows that overlap in time (windows) are not independent; a gap ends a sequence.
    """
    if dt is not None and not dt > 0:
        raise InputError(f"--dt {dt:g}; expected seconds between frames, above 0")
    found = read_sequences(Path(table), states=states, track=track, time=time, condition=condition)
    lag = DynamicsSettings(lag=lag).frames(found.spacing)
    folder = Path(out)
    make_folder(folder, force=force)
    tables = _tables(found, lag, dt)
    balanced = _balance(found, lag, progress)
    paths = []
    for name, content in tables.items():
        paths.append(folder / f"{name}.csv")
        write_csv(content, paths[-1])
    paths.append(folder / "balance.json")
    atomic.write_text(paths[-1], json.dumps(balanced, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    paths += _figures(found, tables["transitions"], lag, dt, folder / "figures", progress)
    return DynamicsResult(paths, tables, balanced, lag)


def _conditions(found: StateSequences) -> dict[str, Ints]:
    """Rows of each condition."""
    return {name: np.flatnonzero(found.condition == name) for name in sorted(set(found.condition.tolist()))}


def _counted(found: StateSequences, rows: Ints, lag: int) -> Transitions:
    unit, unit_name = unit_of_n(found.movie[rows], found.track[rows])
    return count_transitions(
        found.run[rows],
        found.frame[rows],
        found.state[rows],
        len(found.names),
        lag,
        unit=unit,
        unit_name=unit_name,
    )


def _tables(found: StateSequences, lag: int, dt: float | None) -> dict[str, pd.DataFrame]:
    import pandas as pd

    k = len(found.names)
    counted = {name: _counted(found, rows, lag) for name, rows in _conditions(found).items()}
    bouts = find_bouts(found.run, found.frame, found.state, spacing=found.spacing)
    movie = np.array([f"{a}\x00{b}" for a, b in zip(found.condition, found.movie, strict=True)], object)
    shares = occupancy(found.state, k, movie=movie, condition=found.condition, track=found.track).table()
    parts = {name: _chain(one, dt) for name, one in counted.items()}
    kinds = ("generator", "passage", "timescales", "stationary")
    made = {kind: pd.concat([_named(part[kind], name) for name, part in parts.items()]) for kind in kinds}
    shares = shares.merge(made.pop("stationary"), on=["condition", "state"], how="left")
    tables = {
        "transitions": transitions_table(counted, dt_s=dt),
        "generator": made["generator"],
        "occupancy": shares,
        "dwell": dwell_times(bouts, k, condition=found.condition).table(dt_s=dt),
        "passage": made["passage"],
        "timescales": made["timescales"],
    }
    return {name: _with_names(one, found.names) for name, one in tables.items()}


def _named(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    table.insert(0, "condition", np.full(len(table), condition, object))
    return table


def _with_names(table: pd.DataFrame, names: tuple[str | int, ...]) -> pd.DataFrame:
    """The table with states called what they were called."""
    import pandas as pd

    for column in ("state", "from", "to"):
        if column in table.columns:
            called = [names[state - 1] for state in table[column]]
            table[column] = pd.Series(called, index=table.index, dtype=object if isinstance(names[0], str) else None)
    return table.reset_index(drop=True)


def _chain(counted: Transitions, dt: float | None) -> dict[str, pd.DataFrame]:
    """What follows from the counts of one condition taken as a Markov chain."""
    import pandas as pd

    k, hour = len(counted.counts), hours(1, dt)
    pairs = {"from": np.repeat(np.arange(1, k + 1), k), "to": np.tile(np.arange(1, k + 1), k)}
    rates = generator(counted.counts, counted.lag)
    kept = visited(counted.counts)
    share, passage, times = np.full(k, np.nan), np.full((k, k), np.nan), np.empty(0)
    if len(kept):
        part = counted.counts[np.ix_(kept, kept)]
        probability = part / part.sum(axis=1, keepdims=True)
        share[kept] = stationary(probability)
        passage[np.ix_(kept, kept)] = mean_first_passage(probability) * counted.lag
        times = relaxation_times(probability, counted.lag)
    per_frame = rates.rates.ravel()
    kind = rates.kind if rates.settled else f"{rates.kind}, not settled"
    return {
        "generator": pd.DataFrame(
            {**pairs, "rate_per_hour": per_frame / hour, "rate_per_frame": per_frame, "kind": [kind] * k * k}
        ),
        "passage": pd.DataFrame({**pairs, "frames": passage.ravel(), "hours": passage.ravel() * hour}),
        "timescales": pd.DataFrame({"process": np.arange(1, len(times) + 1), "frames": times, "hours": times * hour}),
        "stationary": pd.DataFrame({"state": np.arange(1, k + 1), "stationary": share}),
    }


def _balance(found: StateSequences, lag: int, progress: Progress) -> dict[str, Any]:
    """What balance.json holds."""
    whole = _balance_of(found, np.arange(len(found.state)), lag, progress)
    parts = {name: _balance_of(found, rows, lag, progress) for name, rows in _conditions(found).items()}
    return {**whole, "conditions": parts}


def _balance_of(found: StateSequences, rows: Ints, lag: int, progress: Progress) -> dict[str, Any]:
    run, frame, state, track = (values[rows] for values in (found.run, found.frame, found.state, found.track))
    tested = asdict(balance(run, frame, state, lag, track=track, progress=progress))
    counts = count_transitions(run, frame, state, len(found.names), lag).counts
    kept = visited(counts)
    cycles = []
    if len(kept):
        part = counts[np.ix_(kept, kept)]
        cycles = [
            {"states": [found.names[kept[state]] for state in one.states], "flux_per_step": one.flux}
            for one in cycle_fluxes(part / part.sum(axis=1, keepdims=True))
        ]
    described: dict[str, Any] = _plain({**tested, "cycles": cycles})
    return described


def _plain(value: Any) -> Any:
    """As JSON can hold it: None for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _short(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"


def _figures(
    found: StateSequences,
    transitions: pd.DataFrame,
    lag: int,
    dt: float | None,
    folder: Path,
    progress: Progress,
) -> list[Path]:
    from napari_cellstate.plots.dwell import dwell
    from napari_cellstate.plots.matrices import transition_matrices
    from napari_cellstate.plots.style import save

    place = {name: at for at, name in enumerate(found.names, start=1)}
    called = {at: str(name) for name, at in place.items()}
    numbered = transitions.assign(**{end: transitions[end].map(place) for end in ("from", "to")})
    bouts = find_bouts(found.run, found.frame, found.state, spacing=found.spacing)
    table = bouts.table().assign(condition=found.condition[bouts.row])
    step = f"{lag * dt / 60:g} min" if dt else f"{lag} frame" + ("s" if lag > 1 else "")
    written: list[Path] = []
    folder.mkdir(exist_ok=True)
    progress(0, 2, "figures")
    written += save(transition_matrices(numbered, names=called, step=step), folder, "transitions")
    progress(1, 2, "figures")
    written += save(dwell(table, dt_s=dt, names=called), folder, "dwell")
    progress(2, 2, "figures")
    return written
