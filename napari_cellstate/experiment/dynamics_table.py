"""Dynamics of any table of state sequences, no movie needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.dynamics.settings import DynamicsSettings
from napari_cellstate.experiment.dynamics_figures import write_figures
from napari_cellstate.experiment.dynamics_parts import StateRows, all_tables, balances, with_names
from napari_cellstate.experiment.export import make_folder
from napari_cellstate.formats.sequences import StateSequences, read_sequences
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("transitions", "occupancy", "dwell", "generator", "timescales", "passage")


@dataclass(frozen=True, eq=False)
class DynamicsResult:
    """What was found in a table of state sequences.

    Attributes
    ----------
    paths : files that were written.
    tables : by name: transitions, generator, occupancy, occupancy_over_time, rates_over_time, dwell, survival, passage,
        committors, timescales.
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
        for name in _SHOWN:
            table = self.tables[name].dropna(axis=1, how="all")
            shown = table.to_string(index=False, na_rep="", float_format="{:.4g}".format) if len(table) else "none"
            lines += ["", name.replace("_", " "), shown]
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
    bin_hours: float = 0.0,
    treatments: Sequence[float] = (),
    force: bool = False,
    figures: bool = True,
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
    bin_hours : width of the bins of occupancy and rates over time (frames without `dt`); 0 makes about ten.
    treatments : times that these figures mark, hours (frames without `dt`).
    force : write into a folder that is not empty.
    figures : draw them too.

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
    rows = _rows(found)
    numbered = all_tables(rows, lag, dt, bin_hours=bin_hours)
    tables = {name: with_names(one, found.names) for name, one in numbered.items()}
    balanced = balances(rows, lag, names=found.names, progress=progress)
    paths = []
    for name, content in tables.items():
        paths.append(folder / f"{name}.csv")
        write_csv(content, paths[-1])
    paths.append(folder / "balance.json")
    atomic.write_text(paths[-1], json.dumps(balanced, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    names = {at: str(name) for at, name in enumerate(found.names, start=1)}
    if figures:
        where = folder / "figures"
        paths += write_figures(numbered, where, names=names, lag=lag, dt_s=dt, treatments=treatments, progress=progress)
    return DynamicsResult(paths, tables, balanced, lag)


def _rows(found: StateSequences) -> StateRows:
    import numpy as np

    movie = np.array([f"{a}\x00{b}" for a, b in zip(found.condition, found.movie, strict=True)], object)
    return StateRows(
        movie,
        found.condition,
        found.track,
        found.run,
        found.frame,
        found.state,
        len(found.names),
        found.spacing,
        tuple(sorted(set(found.condition.tolist()))),
    )


def _short(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"
