"""Positions that a tracker probably filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.core.tracks import Tracks

ROUNDING = 1e-9
"""Steps that differ by less than this part of the greatest coordinate are the same."""


def find_repeats(tracks: Tracks) -> NDArray[np.bool_]:
    """Whether the step into each cell and the step out of it are the same, and not 0; (len(cells),).

    Interpolated positions lie evenly on a line. Measured ones do so by chance where positions are whole pixels and
    the cell is slow: then this says too much.
    """
    cells, track = tracks.cells, tracks.track
    frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy(np.float64)
    order = np.lexsort((frame, track))
    step = np.diff(at[order], axis=0)
    follows = (np.diff(track[order]) == 0) & (np.diff(frame[order]) == 1)
    greatest = np.zeros(tracks.n_tracks + 1)
    np.maximum.at(greatest, track, np.abs(at).max(axis=1, initial=0.0))
    close = ROUNDING * greatest[track[order]][1:-1]
    same = np.abs(np.diff(step, axis=0)).max(axis=1, initial=0.0) <= close
    moves = np.abs(step[1:]).max(axis=1, initial=0.0) > close
    found = np.zeros(len(cells), bool)
    found[order[1:-1]] = follows[1:] & follows[:-1] & same & moves
    return found


def repeats_note(tracks: Tracks) -> str:
    """A sentence on how many positions were probably filled in; "" below 1 in 100."""
    share = float(find_repeats(tracks).mean()) if len(tracks.cells) else 0.0
    if share < 0.01:
        return ""
    return (
        f"{share:.1%} of the positions lie exactly midway between those before and after: they were probably "
        "interpolated, and make cells look ballistic (setting `interpolated` of the set motility leaves them out)"
    )
