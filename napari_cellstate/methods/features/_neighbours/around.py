"""What is around each cell of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]

DENSITY, NEAREST, COUNT, ALIGNMENT, RELATIVE = range(5)
CLOSEST = 1.0


@compiled
def fill_around(
    y: Floats, x: Floats, dy: Floats, dx: Floats, wanted: NDArray[np.bool_], radius: float, out: Floats
) -> None:
    """Density, nearest distance, neighbours within `radius`, and motion beside theirs, for the cells of one frame.

    Parameters
    ----------
    y, x : (n,) positions, px.
    dy, dx : (n,) steps to the next frame, NaN where there is none.
    wanted : (n,), cells to look around.
    out : (n, 5), filled; NaN where a cell is alone or has no step, or none of its neighbours has one.
    """
    for i in np.flatnonzero(wanted):
        density, nearest, count, moving, sum_y, sum_x = 0.0, np.inf, 0, 0, 0.0, 0.0
        for j in range(len(x)):
            if j == i:
                continue
            square = (y[i] - y[j]) ** 2 + (x[i] - x[j]) ** 2
            density += 1 / max(square, CLOSEST)
            nearest = min(nearest, square)
            if square <= radius * radius:
                count += 1
                if not np.isnan(dy[j]) and not np.isnan(dx[j]):
                    moving, sum_y, sum_x = moving + 1, sum_y + dy[j], sum_x + dx[j]
        out[i, DENSITY], out[i, COUNT] = density, count
        if np.isfinite(nearest):
            out[i, NEAREST] = np.sqrt(nearest)
        if moving and not np.isnan(dy[i]):
            mean_y, mean_x = sum_y / moving, sum_x / moving
            out[i, RELATIVE] = np.sqrt((dy[i] - mean_y) ** 2 + (dx[i] - mean_x) ** 2)
            size = np.sqrt((dy[i] ** 2 + dx[i] ** 2) * (mean_y**2 + mean_x**2))
            if size > 0:
                out[i, ALIGNMENT] = (dy[i] * mean_y + dx[i] * mean_x) / size
