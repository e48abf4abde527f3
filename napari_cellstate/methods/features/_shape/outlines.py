"""Outlines of one cell in two frames: what it gained, what it lost, how its form changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows, find_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("protrusion", "retraction", "deformation")


def compare_outlines(windows: Windows, runtime: Runtime) -> NDArray[np.float64]:
    """What changes from each cell to the same one `every` frames later, (len(cells), 3) as `COLUMNS`.

    NaN for cells of no window, without a later self, or without a mask; all is NaN where the movie has no labels.

    Notes
    -----
    Where the cell table has these columns already they are taken as they are. For `deformation` the first mask is
    moved by whole pixels, so that the middles of both lie together within 0.5 px.
    """
    from napari_cellstate.methods.features._shape.overlap import count_overlaps

    tracks, labels = windows.tracks, windows.labels
    cells = tracks.cells
    if set(COLUMNS) <= set(cells.columns):
        return cells[list(COLUMNS)].to_numpy(np.float64)
    out = np.full((len(cells), 3), np.nan)
    if labels is None or not len(windows):
        return out
    frame, label = (cells[name].to_numpy(np.int64) for name in ("frame", "label"))
    wanted = np.zeros(len(cells), bool)
    wanted[windows.cell[windows.cell >= 0]] = True
    later = find_cells(tracks, tracks.track, frame + windows.every)
    source = np.flatnonzero(wanted & (later >= 0))
    at = cells[["y", "x"]].to_numpy(np.float64)
    moves = np.rint(at[later[source]] - at[source]).astype(np.int64)
    held: dict[int, NDArray[np.uint32]] = {}
    times = np.unique(frame[source])
    for nth, t in enumerate(times.tolist()):
        runtime.progress(nth, len(times), "features")
        held = {one: held.get(one, _frame(labels, one)) for one in (t, t + windows.every)}
        here = np.flatnonzero(frame[source] == t)  # cells are sorted by frame, then label
        rows, after = source[here], later[source[here]]
        down, right = (np.ascontiguousarray(moves[here, axis]) for axis in (0, 1))
        found = count_overlaps(held[t], held[t + windows.every], label[rows], label[after], down, right)
        size, size_later, both, moved = (one.astype(np.float64) for one in found)
        there = (size > 0) & (size_later > 0)
        divided = np.where(there, size, np.nan)
        out[rows, 0], out[rows, 1] = (size_later - both) / divided, (size - both) / divided
        out[rows, 2] = 1 - 2 * moved / np.where(there, size + size_later, np.nan)
    runtime.progress(len(times), len(times), "features")
    return out


def _frame(labels: object, t: int) -> NDArray[np.uint32]:
    return np.ascontiguousarray(np.asarray(labels[t]), np.uint32)  # type: ignore[index]
