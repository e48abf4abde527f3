"""Grain: texture whose correlation length tells the state while mean and variance of every cell stay the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.crowd import Crowd
from napari_cellstate.simulate.scene import Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def grain(mask: Ints, signal: NDArray[np.floating[Any]], crowd: Crowd, centre: Floats, scene: Scene) -> Floats:
    """Light that the grain adds to each pixel, (Y, X); it moves and turns with its cell.

    Parameters
    ----------
    mask : (Y, X), names of cells.
    signal : (Y, X), what the picture shows of the cells without grain, blurred as it will be.
    centre : (n, 2), where the cells are drawn, px.

    Notes
    -----
    In each cell the grain is a Gaussian random field with correlation exp(-r^2 / (2 L^2)) at r px, L being its
    state's length. What correlates with the signal is taken out of it, and the rest scaled, so that mean and
    variance of a cell's pixels depend on the cell alone and not on L. It is not blurred: L is as seen.
    """
    added = np.zeros(mask.shape)
    y, x = np.nonzero(mask)
    order = np.argsort(mask[y, x], kind="stable")
    y, x = y[order], x[order]
    names, start = np.unique(mask[y, x], return_index=True)
    row = np.argsort(crowd.track)
    row = row[np.searchsorted(crowd.track, names, sorter=row)]
    length = np.asarray(scene.light.grain_length)[crowd.state[row]]
    for cell, scale, first, last in zip(row, length, start, [*start[1:], len(y)], strict=True):
        at = (y[first:last], x[first:last])
        down, right = at[0] - centre[cell, 0], at[1] - centre[cell, 1]
        cosine, sine = np.cos(crowd.axis[cell]), np.sin(crowd.axis[cell])
        place = np.stack([cosine * down - sine * right, sine * down + cosine * right])
        waves = crowd.grain[cell]
        field = np.cos(waves[:, :2] @ place / scale + waves[:, 2:]).sum(axis=0)
        added[at] = scene.light.grain * crowd.brightness[cell] * _standard(field, signal[at])
    return added


def _standard(field: Floats, signal: NDArray[np.floating[Any]]) -> Floats:
    """The field without what a constant and the signal explain, with variance 1; 0 where nothing is left."""
    known = np.stack([np.ones_like(signal), signal - signal.mean()], axis=1)
    rest = field - known @ np.linalg.lstsq(known, field, rcond=None)[0]
    spread = rest.std()
    return np.asarray(rest / spread) if len(field) > 3 and spread > 1e-9 else np.zeros_like(field)
