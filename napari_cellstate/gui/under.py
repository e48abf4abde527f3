"""Which cell lies under a place of the canvas."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_cellstate.gui.layers import CELLS, Layers
from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.track_layer import TRACKS

NEAR = 20.0
"""Pixels from a cell within which a click still means it, where there are no outlines."""


def row_at(layers: Layers, found: MovieResults | None, position: Any) -> int:
    """Row of the results under a place in the world, -1 for none."""
    cells = layers.find(CELLS)
    basis = cells or layers.find(TRACKS)
    if found is None or basis is None or len(position) < 3:
        return -1
    t, y, x = np.asarray(basis.world_to_data(position), np.float64)[-3:]
    frame = round(t)
    rows = found.rows_of(frame)
    if cells is None:
        away = np.hypot(found.y[rows] - y, found.x[rows] - x)
        return rows.start + int(away.argmin()) if len(away) and away.min() <= NEAR else -1
    frames, height, width = cells.data.shape
    at = (round(y), round(x))
    if not (0 <= frame < frames and 0 <= at[0] < height and 0 <= at[1] < width):
        return -1
    planes = found.reading.experiment.planes(found.movie) if found.reading is not None else None
    return -1 if planes is None else found.find(frame, int(planes(frame)[at]))
