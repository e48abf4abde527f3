"""The cell table as the linker sees it: sorted, by frame, in any number of dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._looks import appearance

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLE = 12_000
"""Cells to learn from; a few thousand links say all that a handful of numbers need."""
LEAST = 1e-3
"""Smallest length that matters, px."""


@dataclass(frozen=True)
class Points:
    """All cells, sorted by frame.

    Attributes
    ----------
    at : (N, D) px.
    looks : (N, F) what `appearance` gives.
    area : (N,) px^2, NaN where not measured.
    frames : (T,) frame numbers that have cells, ascending.
    bounds : (T + 1,) rows of each.
    spacing : median distance of a cell to the nearest of its frame, px; the size of the scene where none has another.
    log_volume : log of the volume (area) of the box that holds all cells.
    """

    at: Floats
    looks: Floats
    area: Floats
    frames: Ints
    bounds: Ints
    spacing: float
    log_volume: float

    @property
    def dims(self) -> int:
        """Number of dimensions."""
        return int(self.at.shape[1])

    def frame(self, t: int) -> Floats:
        """Positions in the t-th frame that has cells."""
        return self.at[self.bounds[t] : self.bounds[t + 1]]

    def follows(self) -> NDArray[np.bool_]:
        """(T,) whether the next frame that has cells is the next frame."""
        return np.append(np.diff(self.frames) == 1, False)

    def sample(self) -> range:
        """Frames in the middle, at least four, with about `SAMPLE` cells together."""
        return _sample(len(self.frames), len(self.at))


def points_of(cells: pd.DataFrame) -> tuple[Points, Ints]:
    """Cells in an order that does not depend on their labels, and the rows they came from."""
    axes = [name for name in ("z", "y", "x") if name in cells.columns]
    at, frame = cells[axes].to_numpy(np.float64), cells["frame"].to_numpy(np.int64)
    order = np.lexsort((*at.T, frame))
    at, frame = at[order], frame[order]
    first = np.flatnonzero(np.diff(frame, prepend=-1))
    bounds = np.append(first, len(frame))
    spacing = _spacing(at, bounds)
    log_volume = float(np.log(np.ptp(at, axis=0) + spacing).sum()) if len(at) else 0.0
    area = cells["area"].to_numpy(np.float64)[order] if "area" in cells.columns else np.full(len(at), np.nan)
    return Points(at, appearance(cells.iloc[order]), area, frame[first], bounds, spacing, log_volume), order


def _sample(frames: int, cells: int) -> range:
    wanted = min(max(SAMPLE * frames // max(cells, 1), 4), frames)
    start = (frames - wanted) // 2
    return range(start, start + wanted)


def _spacing(at: Floats, bounds: Ints) -> float:
    from scipy.spatial import cKDTree

    parts = []
    for t in _sample(len(bounds) - 1, len(at)):
        here = at[bounds[t] : bounds[t + 1]]
        if len(here) > 1:
            parts.append(cKDTree(here).query(here, 2)[0][:, 1])
    if parts:
        return max(float(np.median(np.concatenate(parts))), LEAST)
    return max(float(np.ptp(at, axis=0).max()) if len(at) else 0.0, 1.0)
