"""Frames as hours where the frame interval is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def frame_interval(rows: pd.DataFrame) -> float | None:
    """Seconds a frame, read from the columns movie, frame and time_s; None where they do not tell.

    The longest stretch of each movie tells; of several movies the median, as pooled movies agree within 2 %.
    """
    if "time_s" not in rows.columns or not len(rows):
        return None
    steps = []
    for _, movie in rows.groupby("movie", sort=False):
        first, last = movie["frame"].to_numpy().argmin(), movie["frame"].to_numpy().argmax()
        frames = movie["frame"].iloc[last] - movie["frame"].iloc[first]
        seconds = movie["time_s"].iloc[last] - movie["time_s"].iloc[first]
        if frames > 0 and np.isfinite(seconds) and seconds > 0:
            steps.append(float(seconds) / float(frames))
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
