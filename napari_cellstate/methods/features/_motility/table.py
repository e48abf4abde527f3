"""All columns of many paths, in blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.features._motility.fuerth import fill_fuerth
from napari_cellstate.methods.features._motility.memory import fill_exponents, fill_spectrum
from napari_cellstate.methods.features._motility.names import FEATURES
from napari_cellstate.methods.features._motility.spread import fill_spread
from napari_cellstate.methods.features._motility.steps import fill_steps
from napari_cellstate.methods.features._motility.turning import fill_turning

Floats = NDArray[np.float64]

BLOCK = 2000
"""Paths between two looks at whether to stop."""


def fill_table(at: Floats, slow: float, radius: float, noise: float, runtime: Runtime) -> Floats:
    """Describe paths.

    Parameters
    ----------
    at : (N, W, 2), positions (y, x), px, NaN where the cell is missing and after its last frame.
    slow : speed below which a step counts as a pause, px a frame.
    radius : distance of `passage_time`, px.
    noise : standard deviation of the position noise of one axis, px, where it is known; else 0.

    Returns
    -------
    (N, 36), times in steps of W.
    """
    y, x = (np.ascontiguousarray(at[..., axis]) for axis in (0, 1))
    there = np.isfinite(y) & np.isfinite(x)
    y, x = np.where(there, y, np.nan), np.where(there, x, np.nan)
    first = there.argmax(axis=1) if at.shape[1] else np.zeros(len(at), np.int64)
    frames = np.where(there.any(axis=1), at.shape[1] - there[:, ::-1].argmax(axis=1) - first, 0) if at.size else first
    out = np.full((len(at), len(FEATURES)), np.nan)
    runtime.progress(0, len(at), "features")
    for begin in range(0, len(at), BLOCK):
        rows = slice(begin, begin + BLOCK)
        of = (y[rows], x[rows])
        fill_steps(*of, slow, radius, out[rows])
        fill_turning(*of, out[rows])
        fill_spread(*of, frames[rows], noise, out[rows])
        fill_fuerth(*of, first[rows], frames[rows], noise, out[rows])
        fill_exponents(*of, first[rows], frames[rows], out[rows])
        fill_spectrum(*of, first[rows], frames[rows], out[rows])
        runtime.progress(min(begin + BLOCK, len(at)), len(at), "features")
    return out
