"""Stage drift: what all cells do together from one frame to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.core.tracks import Tracks

FEWEST = 5
"""Cells below which the median step of a frame says more about them than about the stage; the drift is then 0."""


def estimate_drift(tracks: Tracks) -> NDArray[np.float64]:
    """How far the stage has moved by each frame since frame 0, (last frame + 1, 2), px.

    From frame to frame it is the median step of all cells that are there in both, each axis by itself.
    """
    cells, track = tracks.cells, tracks.track
    frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy(np.float64)
    order = np.lexsort((frame, track))
    follows = (np.diff(track[order]) == 0) & (np.diff(frame[order]) == 1)
    after, before = order[1:][follows], order[:-1][follows]
    drift = np.zeros((int(frame.max(initial=0)) + 1, 2))
    moved, when = at[after] - at[before], frame[after]
    for t in np.unique(when):
        here = moved[when == t]
        if len(here) >= FEWEST:
            drift[t] = np.median(here, axis=0)
    return np.cumsum(drift, axis=0)
