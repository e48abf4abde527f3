"""A table of features as rows that follow each other in time, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.experiment.states_table import feature_columns
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.sheet import Sheet

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST, LAST = "total_distance", "autocorr_9"
"""The published flux analysis took the columns from one to the other."""


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """Rows sorted by movie, track and frame.

    Attributes
    ----------
    names : of the features. values : (N, F), NaN where blank.
    track : (N,), unique over movies. run, frame : (N,), as `count_transitions` wants them.
    spacing : frames between rows of a run.
    """

    names: tuple[str, ...]
    values: Floats
    track: Ints
    run: Ints
    frame: Ints
    spacing: int

    def components(self, count: int, *, as_published: bool = False) -> Floats:
        """The first principal components, (N, count).

        Parameters
        ----------
        as_published : of plainly standardised features; else of features scaled as in a recipe, clipped at 8.

        Notes
        -----
        The sign of a component means nothing; it is chosen so that its largest coordinate is positive.
        """
        from napari_cellstate.methods.embed.pca import principal_axes

        if as_published:
            spread = self.values.std(axis=0)
            scaled = (self.values - self.values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        else:
            scaled = np.clip(fit_scaling(self.values).apply(self.values), -8, 8)
        if count > scaled.shape[1]:
            raise InputError(f"{count} components of {scaled.shape[1]} features; expected at most as many")
        centred = scaled - scaled.mean(axis=0)
        at = np.einsum("nf,fd->nd", centred, principal_axes(centred)[1][:, :count])
        largest = np.abs(at).argmax(axis=0)
        return np.asarray(at * np.where(at[largest, np.arange(count)] < 0, -1.0, 1.0))


def read_feature_rows(path: Path, *, track: str = "", time: str = "", as_published: bool = False) -> FeatureRows:
    """Read a table of features.

    Parameters
    ----------
    path : .csv, .tsv or .txt (also .gz), or .parquet; a row for each window of a track.
    track, time : columns; "" finds them. Without a time, ids such as 17-2 are read as track 17, frame 2 (what
        Heteromotility writes for the pieces of a track).
    as_published : the columns of the published flux analysis only.

    Raises
    ------
    InputError
        A column is missing, a frame is no whole number, a track is twice in a frame, or a value is blank that the
        published analysis needs.
    """
    sheet = read_sheet(path)
    names = _published(sheet) if as_published else feature_columns(sheet, track, time)
    values = np.stack([sheet.maybe_numbers(name) for name in names], axis=1)
    if as_published and not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(f"{path}, row {sheet.rows[row]}: {names[column]} is blank; the published recipe needs it")
    keys, frame = _keys(sheet, track, time)
    number = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((frame, number))
    number, frame = number[order], frame[order]
    same, step = number[1:] == number[:-1], np.diff(frame)
    twice = np.flatnonzero(same & (step == 0))
    if len(twice):
        rows = sheet.rows[order[twice[0] : twice[0] + 2]]
        raise InputError(f"{path}, rows {rows[0]} and {rows[1]}: one track twice in frame {frame[twice[0]]}")
    spacing = int(np.gcd.reduce(step[same])) if same.any() else 1
    run = np.cumsum(np.append(0, ~same | (step != spacing)))
    return FeatureRows(tuple(names), values[order], number, run, frame, spacing)


def _published(sheet: Sheet) -> list[str]:
    columns = [str(name) for name in sheet.frame.columns]
    for name in (FIRST, LAST):
        if name not in columns:
            raise InputError(
                f"{sheet.path}: no column {name!r}; the published flux analysis takes the columns of "
                f"Heteromotility from {FIRST} to {LAST}"
            )
    return columns[columns.index(FIRST) : columns.index(LAST) + 1]


def _keys(sheet: Sheet, track: str, time: str) -> tuple[NDArray[np.str_], Ints]:
    """What tells tracks apart, and the frame, of each row."""
    track_column = sheet.find((*TRACK_NAMES, "cell_id"), track, "--track")
    time_column = sheet.find(FRAME_NAMES, time, "--time") if time else sheet.find_optional(FRAME_NAMES)
    ids = sheet.text(track_column).astype(str)
    if time_column:
        frame = sheet.whole(time_column, "name a column of frame numbers with --time")
    else:
        parts = [one.rpartition("-") for one in ids]
        bad = [nth for nth, part in enumerate(parts) if not part[0] or not part[2].isdigit()]
        if bad:
            raise InputError(
                f"{sheet.path}, row {sheet.rows[bad[0]]}: no column of frames, and {track_column} is {ids[bad[0]]!r}; "
                "expected ids such as 17-2 (track 17, piece 2), or name the frames with --time"
            )
        ids, frame = np.array([part[0] for part in parts]), np.array([int(part[2]) for part in parts], np.int64)
    movie = sheet.find_optional(("movie", "Well/XY"))
    of = sheet.text(movie).astype(str) if movie else np.full(len(ids), "", str)
    return np.array([f"{a}\x00{b}" for a, b in zip(of, ids, strict=True)]), frame
