"""Tracks as a plain table: track, frame, y, x, parent; `formats.tracks` reads it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


def write_track_table(path: Path, rows: NDArray[Any], parents: Mapping[int, int], *, where: str = "tracks") -> None:
    """Write tracks as CSV, one row a cell and frame.

    Parameters
    ----------
    rows : (N, 4), track, frame, y, x in px; track and frame whole, frames from 0.
    parents : track: the one it comes from; tracks that are not in it have none.
    where : names the tracks in messages.

    Raises
    ------
    InputError
        Another shape (a third dimension in space), numbers that are not whole, a track twice in a frame.
    """
    import pandas as pd

    rows = np.asarray(rows, np.float64)
    if rows.ndim != 2 or rows.shape[1] != 4:
        dimensions = rows.shape[1] - 2 if rows.ndim == 2 else rows.ndim
        raise InputError(f"{where}: {dimensions} dimensions in space; expected two (y, x) beside time")
    keys = rows[:, :2]
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1) | (keys != np.floor(keys)).any(axis=1) | (keys[:, 1] < 0))
    if len(bad):
        raise InputError(
            f"{where}, row {bad[0] + 1}: {rows[bad[0]].tolist()}; expected track, frame (whole, from 0), y and x"
        )
    table = pd.DataFrame({"track": keys[:, 0].astype(np.int64), "frame": keys[:, 1].astype(np.int64)})
    table["y"], table["x"] = rows[:, 2], rows[:, 3]
    table["parent"] = [parents.get(track, 0) for track in table["track"].tolist()]
    table = table.sort_values(["track", "frame"], kind="stable", ignore_index=True)
    twice = np.flatnonzero(table.duplicated(["track", "frame"]))
    if len(twice):
        raise InputError(f"{where}: track {table['track'][twice[0]]} stands twice in frame {table['frame'][twice[0]]}")
    write_csv(table, path)
