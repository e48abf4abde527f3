"""States for any table of features, no experiment needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import SCALED, STATE_COLUMNS
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import NamedValues, Rows, StateEstimator
from napari_cellstate.core.method import parse
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.experiment.recipe import DEFAULT_STATES
from napari_cellstate.experiment.stages.states import ordered
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.sheet import Sheet
from napari_cellstate.formats.tables import write_csv
from napari_cellstate.methods import available

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOT_FEATURES = (
    *(
        "movie",
        "condition",
        "replicate",
        "track",
        "parent",
        "lineage",
        "frame",
        "t0",
        "t1",
        "time_s",
        "label",
        "y",
        "x",
    ),
    *("y_um", "x_um", "cell_id", "state_name", "run", "step", "pca_1", "pca_2", *STATE_COLUMNS),
)
"""Columns that say what a row is, or what it was found to be, and are no feature of it."""

_SPEEDS = ("speed", "avg_speed", "total_distance")


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """A table with states, and how they were found.

    Attributes
    ----------
    path : where it was written.
    table : as it was read, with cluster, state (1..k, by mean speed where there is a column of it; blank where a row
        has no value at all) and state_prob.
    features : columns that were used.
    notes : sentences to read.
    """

    path: Path
    table: pd.DataFrame
    features: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        state, count = np.unique(self.table["state"].dropna().to_numpy(np.int64), return_counts=True)
        rows = dict(zip(state.tolist(), count.tolist(), strict=True))
        return {"path": str(self.path), "rows": rows, "features": list(self.features), "notes": list(self.notes)}

    def text(self) -> str:
        """As a person reads it."""
        shares = self.table["state"].value_counts(normalize=True).sort_index()
        said = ", ".join(f"state {state}: {share:.1%}" for state, share in shares.items())
        return f"{len(self.table)} rows by {len(self.features)} features; {said}\n{self.path}"


def states_of_table(
    features: str | Path,
    out: str | Path,
    *,
    method: str = "",
    k: int = 3,
    track: str = "",
    time: str = "",
    progress: Progress = silent,
) -> LabelledTable:
    """Label a table of features with states.

    Parameters
    ----------
    features : a row for each window of a track; every column of numbers that is not a key (`NOT_FEATURES`) is used.
    out : .csv, written over.
    method : a state method with its default settings; "" takes the default.
    k : number of states.
    track, time : columns; "" finds them. Without them no row follows another.

    Notes
    -----
    Features are scaled and embedded by PCA as in a recipe by default. Blanks count as the median; a row of blanks has
    no state, and ends the run that it is in.
    """
    sheet = read_sheet(Path(features))
    used = feature_columns(sheet, track, time)
    values = np.stack([sheet.maybe_numbers(name) for name in used], axis=1)
    record = {"method": method or DEFAULT_STATES, "k": k}
    chosen = parse(available("states"), record, "states")
    assert isinstance(chosen, StateEstimator)
    runtime = Runtime(progress=progress)
    points = _embedded(values, used, runtime)
    order, run, spacing = _runs(sheet, track, time)
    order, run, notes = _with_values(values, order, run)
    named = NamedValues(tuple(used), values[order])
    fit = chosen.fit(Rows(points[order], run, _overlap(sheet, spacing), None, named), runtime)
    speed = next((name for name in _SPEEDS if name in used), used[0])
    fit = ordered(fit, values[order, used.index(speed)])
    table = sheet.frame.drop(columns=[name for name in STATE_COLUMNS if name in sheet.frame.columns])
    cluster, state, sure = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64), np.full(len(table), np.nan)
    cluster[order], state[order] = fit.cluster + 1, fit.state + 1
    if fit.posterior is not None:
        sure[order] = fit.posterior[np.arange(len(order)), fit.state]
    table = table.assign(cluster=cluster, state=state, state_prob=sure)
    if notes:  # whole numbers with holes
        for name in ("cluster", "state"):
            table[name] = table[name].astype("Int64").where(state > 0)
    write_csv(table, Path(out))
    return LabelledTable(Path(out), table, tuple(used), (*fit.notes, *notes))


def feature_columns(sheet: Sheet, track: str, time: str) -> list[str]:
    """Columns of numbers that are no keys; `track` and `time` are keys too, "" for none."""
    keys = {*NOT_FEATURES, *TRACK_NAMES, *FRAME_NAMES, track, time}
    used = []
    for name in map(str, sheet.frame.columns):
        values = sheet.maybe_numbers(name)
        blank = sheet.text(name) == ""
        if name and name not in keys and not blank.all() and np.isfinite(values[~blank]).all():
            used.append(name)
    if not used:
        there = ", ".join(map(str, sheet.frame.columns))
        raise InputError(f"{sheet.path}: no column of numbers to make states from; found: {there}")
    return used


def _with_values(values: Floats, order: Ints, run: Ints) -> tuple[Ints, Ints, tuple[str, ...]]:
    """Rows in order without those of blanks alone, their runs, broken there, and what there is to say."""
    kept = np.isfinite(values[order]).any(axis=1)
    if kept.all():
        return order, run, ()
    note = f"{int((~kept).sum())} rows have no value at all, and no state"
    broken = run + np.cumsum(~kept) * (int(run.max()) + 1)
    return order[kept], np.unique(broken[kept], return_inverse=True)[1], (note,)


def _embedded(values: Floats, names: list[str], runtime: Runtime) -> Floats:
    import anndata

    scaling = fit_scaling(values)
    behavior = anndata.AnnData(X=values)
    behavior.var_names = names
    behavior.var["used"] = scaling.spread > 0
    behavior.layers[SCALED] = scaling.apply(values)
    coordinates: Floats = available("embed")["pca"]().embed(behavior, runtime).coordinates  # type: ignore[attr-defined]
    return coordinates


def _overlap(sheet: Sheet, spacing: float) -> float:
    """Rows that share a frame, where the table says from which frame (t0) to which (t1) a row looks; else 1."""
    if not {"t0", "t1"} <= set(map(str, sheet.frame.columns)):
        return 1.0
    frames = sheet.maybe_numbers("t1") - sheet.maybe_numbers("t0") + 1
    known = frames[np.isfinite(frames)]
    return max(1.0, float(np.median(known)) / spacing) if len(known) and spacing > 0 else 1.0


def _runs(sheet: Sheet, track: str, time: str) -> tuple[Ints, Ints, float]:
    """Order of the rows by movie, track and frame, the run of each in that order, and frames from row to row."""
    track_column = sheet.find(TRACK_NAMES, track, "--track") if track else sheet.find_optional(TRACK_NAMES)
    time_column = sheet.find(FRAME_NAMES, time, "--time") if time else sheet.find_optional(FRAME_NAMES)
    every = np.arange(len(sheet.rows))
    if not track_column or not time_column:
        return every, every, 1.0
    movie_column = sheet.find_optional(("movie",))
    movie = sheet.text(movie_column) if movie_column else np.full(len(every), "", object)
    keys = np.array([f"{a}\x00{b}" for a, b in zip(movie, sheet.text(track_column), strict=True)])
    number, frame = np.unique(keys, return_inverse=True)[1], sheet.numbers(time_column)
    order = np.lexsort((frame, number))
    step, same = np.diff(frame[order]), np.diff(number[order]) == 0
    spacing = step[same & (step > 0)].min() if (same & (step > 0)).any() else 1.0
    return order, np.cumsum(np.append(0, ~same | ~np.isclose(step, spacing))).astype(np.int64), float(spacing)
