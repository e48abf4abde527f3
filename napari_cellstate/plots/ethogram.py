"""Tracks over time, coloured by state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellstate.core.behavior import NO_STATE
from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.labels import StateNames, condition_title, counted, groups_of, prepared, states_of
from napari_cellstate.plots.style import empty, figure, grid, label_lowest, leftmost, state_legend
from napari_cellstate.plots.timeaxis import frame_interval, scale_of_time, spacing_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("movie", "condition", "track", "frame", "state")
_ACROSS = 3
_SORTED = {"onset": "tracks, by first frame", "state": "tracks, by main state"}


def ethogram(
    rows: pd.DataFrame,
    *,
    by: Literal["condition", "movie"] = "condition",
    sort: Literal["onset", "state"] = "onset",
    limit: int = 200,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
) -> Figure:
    """Each track a line, from left to right in the colours of its states.

    Parameters
    ----------
    rows : movie, condition, track, frame, state, and time_s where known (the axis is in hours then, else frames).
    by : what has a panel of its own.
    sort : tracks by their first frame (the longer first among equals), or by the state they are in most.
    limit : tracks drawn in the whole figure, taken evenly from the sorted ones; how many are left out is said.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    """
    columns = (*_COLUMNS, "time_s") if "time_s" in rows.columns else _COLUMNS
    table = prepared(rows, columns, "tracks over time").sort_values(["movie", "track", "frame"], kind="stable")
    if not len(table):
        return empty("States of tracks over time")
    groups, cut = groups_of(table[by], conditions if by == "condition" else ())
    spacing = spacing_of(table)
    factor, unit = scale_of_time(frame_interval(table))
    across = min(len(groups), _ACROSS)
    lines = -(-len(groups) // across)
    with figure(across * 3.3 + 0.6, lines * (3.6 if lines == 1 else 2.7) + 0.9) as drawn:
        for panel, group in zip(grid(drawn, lines, across, len(groups), sharex=True), groups, strict=True):
            title = condition_title(group, groups, 34)
            _panel(panel, table[table[by] == group], sort, max(limit // len(groups), 1), spacing, factor, title)
            if leftmost(panel):
                panel.set_ylabel(_SORTED[sort])
        drawn.axes[0].set_xlim(
            (table["frame"].min() - spacing / 2) * factor, (table["frame"].max() + spacing / 2) * factor
        )
        label_lowest(drawn, across, f"time ({unit})")
        if cut:
            drawn.suptitle(cut)
        none = [NO_STATE] if (table["state"] == NO_STATE).any() else []
        state_legend(drawn, [*states_of(table["state"]), *none], names)
    return drawn


def _panel(panel: Axes, part: pd.DataFrame, sort: str, limit: int, spacing: int, factor: float, title: str) -> None:
    from matplotlib.collections import PolyCollection

    order = _sorted_tracks(part, sort)
    chosen = order if len(order) <= limit else [order[at] for at in np.linspace(0, len(order) - 1, limit).astype(int)]
    line = {key: at for at, key in enumerate(chosen)}
    runs = _runs(part, spacing)
    runs["line"] = [line.get(key, -1) for key in zip(runs["movie"], runs["track"], strict=True)]
    runs = runs[runs["line"] >= 0]
    left = (runs["first"].to_numpy() - spacing / 2) * factor
    right = (runs["last"].to_numpy() + spacing / 2) * factor
    low = runs["line"].to_numpy() + 0.05
    corners = np.stack([left, low, right, low, right, low + 0.9, left, low + 0.9], axis=1).reshape(-1, 4, 2)
    colours = [state_colour(state) for state in runs["state"]]
    panel.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="none", antialiased=False))
    panel.set_ylim(len(chosen), 0)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    gone = len(order) - len(chosen)
    n = (
        f"{len(chosen):,} of {counted(len(order), 'track')} ({gone:,} left out)"
        if gone
        else counted(len(order), "track")
    )
    panel.set_title(f"{title}\n{n}", size=9)


def _sorted_tracks(part: pd.DataFrame, sort: str) -> list[tuple[str, int]]:
    """(movie, track) of each track, from top to bottom."""
    grouped = part.groupby(["movie", "track"], sort=True)
    tracks = grouped["frame"].agg(["min", "max"])
    keys = ["min", "longest"]
    tracks["longest"] = tracks["min"] - tracks["max"]
    if sort == "state":
        counts = part.groupby(["movie", "track", "state"]).size().unstack(fill_value=0)
        tracks["most"] = counts.idxmax(axis=1)
        tracks["share"] = -counts.max(axis=1) / counts.sum(axis=1)
        keys = ["most", "share", *keys]
    return [(str(movie), track) for movie, track in tracks.sort_values(keys, kind="stable").index]


def _runs(part: pd.DataFrame, spacing: int) -> pd.DataFrame:
    """Stretches of one state in one track without a missing row: movie, track, state, first, last."""
    same = (part[["movie", "track", "state"]] == part[["movie", "track", "state"]].shift()).all(axis=1)
    follows = part["frame"].diff().le(spacing)
    run = (~(same & follows)).cumsum()
    grouped = part.groupby(run, sort=True)
    runs = grouped[["movie", "track", "state"]].first()
    runs["first"], runs["last"] = grouped["frame"].min(), grouped["frame"].max()
    return runs
