"""What every embedder of features reads: the scaled features in use, clipped, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Floats
from napari_cellstate.core.method import setting

if TYPE_CHECKING:
    from anndata import AnnData

CLIP = 8.0
"""Scaled values beyond this are pulled in, as in PCA."""


def seed_setting() -> int:
    """The setting by which chance is fixed."""
    value: int = setting(
        0, "Seed", ge=0, rare=True, help="Start of the random numbers; the same seed gives the same map."
    )
    return value


def points_of(behavior: AnnData, clip: float = CLIP) -> Floats:
    """Scaled features in use, (N, F), pulled in to within `clip`.

    Raises
    ------
    InputError
        A value is NaN or infinite.
    """
    used = behavior.var["used"].to_numpy(bool)
    scaled = np.asarray(behavior.layers[SCALED], np.float64)[:, used]
    bad = ~np.isfinite(scaled)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"embed: row {behavior.obs_names[row]}, feature {behavior.var_names[used][column]}: "
            f"{scaled[row, column]}; expected finite scaled features; run the embed stage again, which fills them"
        )
    return np.clip(scaled, -clip, clip)


def without_twins(points: Floats, rows: int, dimensions: int) -> Floats | None:
    """Coordinates of data too small or too even for a map of neighbours; None where there is something to map.

    Parameters
    ----------
    rows : the fewest rows that can be mapped.
    """
    if len(points) >= rows and points.shape[1] and np.ptp(points, axis=0).any():
        return None
    return np.zeros((len(points), dimensions))
