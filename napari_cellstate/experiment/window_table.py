"""The feature table to look through: sorted, filtered by a formula, split by condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.digest import stamp
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.expression import read_expression
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import features_table
from napari_cellstate.formats.tables import check_name, write_table

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 40
SPAN = (1.0, 99.0)
"""Percentiles between which a histogram and a scale of colours lie: one odd value must not hide all others."""


@dataclass(frozen=True, eq=False)
class WindowTable:
    """All rows of the behaviour table.

    Attributes
    ----------
    table : as it is exported (`tables.features_table`).
    movie : (N,) names; track, frame : (N,), as the window knows them.
    features : names of the columns of `table` that are features.
    said : unit, definition and note of a feature, for tooltips.
    unit : of a feature.
    key : changes when the behaviour table does.
    """

    table: pd.DataFrame
    movie: NDArray[Any]
    track: Ints
    frame: Ints
    features: tuple[str, ...]
    said: Mapping[str, str]
    unit: Mapping[str, str]
    key: str = ""

    def __len__(self) -> int:
        return len(self.track)

    def values(self, column: str) -> NDArray[Any]:
        """A column: numbers as float64, anything else as text."""
        values = self.table[column]
        if values.dtype.kind in "fiub":
            return np.asarray(values.to_numpy(np.float64))
        return np.asarray(values.astype(str).to_numpy(object))

    def where(self, formula: str, movie: str = "") -> Ints:
        """Rows for which a formula holds (all for an empty one), of one movie or of all; in the order of the table.

        Raises
        ------
        InputError
            A formula that cannot be read, or a column that is not there.
        """
        kept = np.ones(len(self), bool) if not movie else self.movie == movie
        if formula.strip():
            expression = read_expression(formula)
            columns = {name: self.values(name) for name in expression.names if name in self.table}
            unknown = [name for name in expression.names if name not in columns]
            if unknown:
                expression.evaluate(dict.fromkeys(self.table.columns, np.empty(0)), len(self))
            kept = kept & (np.nan_to_num(expression.evaluate(columns, len(self)), nan=0.0) != 0)
        return np.flatnonzero(kept)

    def ordered(self, rows: Ints, column: str, *, descending: bool) -> Ints:
        """The rows by a column; equal ones stay in their order, missing ones come last either way."""
        values = self.values(column)[rows]
        if values.dtype.kind == "f":
            return np.asarray(rows[np.argsort(-values if descending else values, kind="stable")])
        _, code = np.unique(values.astype(str), return_inverse=True)
        return np.asarray(rows[np.argsort(-code if descending else code, kind="stable")])

    def span(self, column: str, rows: Ints | None = None) -> tuple[float, float]:
        """Where most values of a column lie, `SPAN`; (0, 1) where there is none."""
        values = self.values(column) if rows is None else self.values(column)[rows]
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else np.empty(0)
        if not len(finite):
            return 0.0, 1.0
        low, high = np.percentile(finite, SPAN)
        return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)

    def histograms(self, column: str, rows: Ints) -> tuple[Floats, dict[str, Floats]]:
        """Share of a column's values in each bin, for each condition: edges (B + 1,), and (B,) by condition.

        What lies outside `span` is in no bin, but counts in the shares. Rows overlap and are no observations: this is
        to look at, not to test.
        """
        low, high = self.span(column, rows)
        edges = np.linspace(low, high, BINS + 1)
        values = self.values(column)[rows]
        every = self.table["condition"].astype(str).to_numpy()
        condition, shares = every[rows], {}
        for name in dict.fromkeys(every.tolist()):
            there = values[(condition == name) & np.isfinite(values)]
            if len(there):
                shares[name] = np.histogram(there, edges)[0] / len(there)
        return edges, shares

    def export(self, path: Path, rows: Ints, progress: Progress = silent) -> int:
        """Write the rows in their order as .csv or .parquet; the number of rows."""
        check_name(path)
        progress(0, 1, "export")
        table = self.table.iloc[rows]
        mixed = [name for name in table if table[name].dtype == object]
        write_table(table.astype(dict.fromkeys(mixed, str)), path)
        progress(1, 1, "export")
        return len(rows)


def window_table(experiment: Experiment, known: WindowTable | None = None) -> WindowTable | None:
    """The feature table of an experiment, None before there is one; `known` again where it is still the same."""
    if not experiment.paths.behavior.exists() or experiment.record("embed") is None:
        return None
    key = f"{experiment.root} {stamp(experiment.paths.behavior)}"
    if known is not None and known.key == key:
        return known
    behavior = experiment.behavior
    var = behavior.var
    notes = var["note"] if "note" in var else var["definition"].map(lambda _: "")
    unit = {str(name): str(value) for name, value in var["unit"].items()}
    said = {
        str(name): "\n".join(
            part
            for part in (
                f"{name} ({unit[str(name)]})" if unit[str(name)] else str(name),
                str(var["definition"][name]),
                str(notes[name]),
                str(var["source"][name]),
            )
            if part
        )
        for name in var.index
    }
    obs = behavior.obs
    return WindowTable(
        features_table(experiment),
        obs["movie"].astype(str).to_numpy(object),
        obs["track"].to_numpy(np.int64),
        obs["frame"].to_numpy(np.int64),
        tuple(map(str, var.index)),
        said,
        unit,
        key,
    )


def time_course(rows: WindowTable, movie: str, track: int, column: str) -> tuple[Ints, Floats]:
    """Frames and values of a feature of one track, by frame; InputError where there is no such column of numbers."""
    if column not in rows.table or rows.table[column].dtype.kind not in "fiub":
        raise InputError(f"no feature {column!r} in the table")
    at = np.flatnonzero((rows.movie == movie) & (rows.track == track))
    at = at[np.argsort(rows.frame[at])]
    return rows.frame[at], rows.table[column].to_numpy(np.float64)[at]
