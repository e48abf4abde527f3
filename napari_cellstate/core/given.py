"""Tracks that were made elsewhere and given as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


CELL_COLUMNS = {"track": "given_track", "parent": "given_parent"}
"""Columns of `GivenTracks.points`, by their names in a cell table."""


@dataclass(frozen=True, eq=False)
class GivenTracks:
    """A track table as we use it, and how to give its ids back as they stood.

    Attributes
    ----------
    points : one row a cell and frame, sorted by frame, then label: frame, label (1, 2, ... within the frame where
        the table had none), y, x (float64, px), track (int64: 1 + position in `ids`), parent (likewise, 0 for none),
        then every other numeric column of the table under its own name.
    id_name : the name that the id column had.
    ids : ids as they stood, text or whole numbers.
    dt_s, pixel_size_um : what the file says about its scale, or None.
    times_s : when each frame was taken, s, where the table says times instead of frames; else ().
    """

    points: pd.DataFrame
    id_name: str
    ids: tuple[str | int, ...]
    dt_s: float | None = None
    pixel_size_um: float | None = None
    times_s: tuple[float, ...] = ()
