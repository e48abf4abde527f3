"""Labels, images and given tracks to a table of cells; without an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.given import CELL_COLUMNS, GivenTracks
from napari_cellstate.core.movie import FrameSource, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import empty_cells
from napari_cellstate.core.windows import Frames
from napari_cellstate.methods.measure.regions import Measure

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class LabelFrames:
    """Label images of a file, frame by frame."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.shape = (source.shape[0], *source.shape[2:])

    def __getitem__(self, t: int, /) -> NDArray[np.uint32]:
        """Frame t, (Y, X)."""
        return np.asarray(self._source.read(t, 0), np.uint32)


def measure_movie(
    movie: Movie,
    labels: Frames,
    method: Measure,
    columns: Sequence[str],
    runtime: Runtime,
    *,
    old: pd.DataFrame | None = None,
    skip: int = 0,
) -> pd.DataFrame:
    """Measure every cell of every frame: a cell table.

    Parameters
    ----------
    old : cells of the first `skip` frames, which are then not measured.
    """
    import pandas as pd

    tables = [] if old is None else [old]
    for nth, t in enumerate(movie.frames[skip:], start=skip):
        runtime.progress(nth, len(movie.frames), "measure")
        planes = [movie.image(t, c) for c in range(movie.n_channels)]
        table = method.measure(np.asarray(labels[t], np.uint32), planes, columns)
        table.insert(0, "frame", np.full(len(table), t, np.int64))
        tables.append(table)
    runtime.progress(len(movie.frames), len(movie.frames), "measure")
    return pd.concat(tables, ignore_index=True) if tables else empty_cells()


def match_points(
    cells: pd.DataFrame, given: GivenTracks, labels: Frames, shape: tuple[int, int]
) -> tuple[pd.DataFrame, int, int]:
    """Add to each cell the given track whose point lies on it (0 for none, and for cells with several points).

    Parameters
    ----------
    shape : (Y, X) of the labels.

    Returns
    -------
    The cells with `given_track` and `given_parent`; how many points lie on no cell or share one; and how many of them
    lie outside the image.
    """
    points = given.points[["frame", "y", "x", "track", "parent"]].copy()
    exact, limits = np.rint(points[["y", "x"]].to_numpy()), np.array(shape) - 1
    inside, at = ((exact >= 0) & (exact <= limits)).all(axis=1), np.clip(exact, 0, limits).astype(np.int64)
    frame, label = points["frame"].to_numpy(), np.zeros(len(points), np.int64)
    for t in np.unique(frame):
        here = np.flatnonzero(frame == t)
        label[here] = np.asarray(labels[int(t)])[at[here, 0], at[here, 1]]
    points["label"] = np.where(inside, label, 0)
    hit = (points["label"] > 0) & ~points.duplicated(["frame", "label"], keep=False)
    matched = points[hit].rename(columns=CELL_COLUMNS)[["frame", "label", *CELL_COLUMNS.values()]]
    cells = cells.merge(matched, on=["frame", "label"], how="left")
    for name in CELL_COLUMNS.values():
        cells[name] = cells[name].fillna(0).astype(np.int64)
    return cells, int((~hit).sum()), int((~inside).sum())
