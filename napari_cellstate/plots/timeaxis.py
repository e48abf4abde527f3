"""Frames as hours where the frame interval is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def frame_interval(rows: pd.DataFrame) -> float | None:
    """Seconds a frame, read from the columns movie, frame and time_s; None where they do not tell.

    The median interval of each movie tells, so that a pause does not; of several movies the median again, as pooled
    movies agree within 2 %.
    """
    if "time_s" not in rows.columns or not len(rows):
        return None
    steps = []
    for _, movie in rows.groupby("movie", sort=False):
        frame, at = np.unique(movie["frame"].to_numpy(), return_index=True)
        interval = np.diff(movie["time_s"].to_numpy(np.float64)[at]) / np.diff(frame)
        if len(interval) and np.isfinite(interval).all() and np.median(interval) > 0:
            steps.append(float(np.median(interval)))
    return float(np.median(steps)) if steps else None


def scale_of_time(dt_s: float | None) -> tuple[float, str]:
    """What frames are multiplied by, and the unit that gives: hours, or frames where the interval is not known."""
    return (dt_s / 3600.0, "h") if dt_s else (1.0, "frames")


def spacing_of(rows: pd.DataFrame) -> int:
    """Frames between neighbouring rows of a track: the smallest found, 1 where no track has two rows."""
    ordered = rows.sort_values(["movie", "track", "frame"], kind="stable")
    step = np.diff(ordered["frame"].to_numpy(np.int64))
    same = (ordered["track"].to_numpy()[1:] == ordered["track"].to_numpy()[:-1]) & (
        ordered["movie"].to_numpy()[1:] == ordered["movie"].to_numpy()[:-1]
    )
    inside = step[same & (step > 0)]
    return int(inside.min()) if len(inside) else 1
