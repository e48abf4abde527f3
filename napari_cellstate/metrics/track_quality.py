"""How far a track can be trusted: a number from 0 to 1 a track, and the features that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.tracks import Tracks
from napari_cellstate.metrics.doubts import doubts

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURES = {
    "n_cells": "cells of the track",
    "n_missing": "missing frames inside it",
    "n_doubtful": "links inside it, or to its parent, that the queue of doubts lists",
    "worst_doubt": "the largest doubt about such a link, 0 to 1",
    "sum_doubt": "all doubts about such links together",
    "starts_inside": "it begins without parent, after the first frame, and not at the border of what the cells cover",
    "ends_inside": "it ends without daughters, before the last frame, and not at that border",
    "quality": "exp(-sum_doubt): the chance that no link of it is wrong, as far as doubts are probabilities",
}
"""Columns of `track_quality`, and what each is."""

_BORDER = 0.02


def track_quality(tracks: Tracks) -> pd.DataFrame:
    """Features and quality of every track, by which tracks can be sorted, coloured and filtered.

    Parameters
    ----------
    tracks : of one movie.

    Returns
    -------
    One row a track: `track`, then `FEATURES`.

    Notes
    -----
    The quality ranks tracks and is no calibrated probability. It falls with length: a long track has more links that
    can be wrong. A beginning or an end inside the image says that the track may be a piece, not that it is mixed up of
    two cells; so it is a feature of its own and no part of the quality.
    """
    import pandas as pd

    found, of_cell, n = doubts(tracks.cells, tracks.links), tracks.track, tracks.n_tracks
    owner = of_cell[tracks.links["target"].to_numpy(np.int64)]
    doubtful = found.reasons != ""
    told = np.where(doubtful, found.score, 0.0)
    worst = np.zeros(n + 1)
    np.maximum.at(worst, owner, told)
    total = np.bincount(owner, told, n + 1)
    table = tracks.table()
    starts, ends = _inside(tracks, table)
    return pd.DataFrame(
        {
            "track": table["track"],
            "n_cells": table["n_cells"],
            "n_missing": table["n_missing"],
            "n_doubtful": np.bincount(owner, doubtful, n + 1)[1:].astype(np.int64),
            "worst_doubt": worst[1:],
            "sum_doubt": total[1:],
            "starts_inside": starts,
            "ends_inside": ends,
            "quality": np.exp(-total[1:]),
        }
    )


def _inside(tracks: Tracks, table: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tracks begin, and which end, where a cell can hardly come from or go to."""
    cells = tracks.cells
    if not len(cells):
        none = np.zeros(0, np.bool_)
        return none, none
    frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy(np.float64)
    low, high = at.min(axis=0), at.max(axis=0)
    inner = ((at - low > _BORDER * (high - low)) & (high - at > _BORDER * (high - low))).all(axis=1)
    if "touches_border" in cells.columns:
        inner &= ~cells["touches_border"].to_numpy(np.bool_)
    order = np.lexsort((frame, tracks.track))
    _, first = np.unique(tracks.track[order], return_index=True)
    begin, end = order[first], order[np.append(first[1:], len(order)) - 1]
    mothers = np.isin(table["track"], tracks.parents[1:])
    starts = (table["parent"] == 0).to_numpy() & (frame[begin] > frame.min()) & inner[begin]
    return starts, ~mothers & (frame[end] < frame.max()) & inner[end]
