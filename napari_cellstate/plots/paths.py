"""Where cells went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

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
    from numpy.typing import NDArray

_COLUMNS = ("movie", "condition", "track", "frame", "y", "x", "state")
_ACROSS = 3
_VECTOR = 20_000


def paths(
    points: pd.DataFrame,
    *,
    origin: Literal["common", "place"] = "common",
    colour: Literal["state", "time"] = "state",
    pixel_size_um: float | None = None,
    length: str = "",
    limit: int = 300,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
) -> Figure:
    """Tracks as lines, all from one point (a panel per condition) or where they were (a panel per movie).

    Parameters
    ----------
    points : movie, condition, track, frame, y, x (px), state, and time_s where known.
    origin : "common" begins every track at 0, 0; "place" leaves it where it was. y goes down, as in the movie.
    colour : each step by the state it starts in, or by its time.
    pixel_size_um : None leaves the axes in px.
    length : name of the unit that y and x are in, where that is not px.
    limit : tracks drawn in the whole figure, taken evenly; how many are left out is said.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    """
    columns = (*_COLUMNS, "time_s") if "time_s" in points.columns else _COLUMNS
    table = prepared(points, columns, "paths").sort_values(["movie", "track", "frame"], kind="stable")
    table = table[np.isfinite(table[["y", "x"]].to_numpy(np.float64)).all(axis=1)]
    if not len(table):
        return empty("Paths of cells")
    by = "condition" if origin == "common" else "movie"
    groups, cut = groups_of(table[by], conditions if by == "condition" else ())
    across = min(len(groups), _ACROSS)
    lines = -(-len(groups) // across)
    length = length or ("µm" if pixel_size_um else "px")
    spacing, last = spacing_of(table), int(table["frame"].max())
    factor, unit = scale_of_time(frame_interval(table))
    with figure(across * 3.1 + 0.9, lines * 3.2 + 0.7) as drawn:
        for panel, group in zip(grid(drawn, lines, across, len(groups), sharex=True, sharey=True), groups, strict=True):
            part, n, gone = _thinned(table[table[by] == group], max(limit // len(groups), 1))
            segments, states, times = _steps(part, spacing, pixel_size_um or 1.0, common=origin == "common")
            shades = None if colour == "time" else [state_colour(state) for state in states]
            _draw(panel, segments, shades, times * factor, (0, last * factor))
            said = f"{n - gone:,} of {counted(n, 'track')} ({gone:,} left out)" if gone else counted(n, "track")
            if leftmost(panel):
                panel.set_ylabel(f"y ({length})")
            panel.set_title(f"{condition_title(group, groups, 34)}\n{said}", size=9)
        _limits(drawn, common=origin == "common")
        label_lowest(drawn, across, f"x ({length})")
        if cut:
            drawn.suptitle(cut)
        _key(drawn, table, colour, (0, last * factor), unit, names)
    return drawn


def _thinned(part: pd.DataFrame, limit: int) -> tuple[pd.DataFrame, int, int]:
    """At most `limit` tracks, evenly taken; how many there were, and how many are left out."""
    number = part.groupby(["movie", "track"], sort=False).ngroup().to_numpy()
    n = int(number.max()) + 1
    if n <= limit:
        return part, n, 0
    keep = np.linspace(0, n - 1, limit).astype(np.int64)
    return part[np.isin(number, keep)], n, n - limit


def _steps(
    part: pd.DataFrame, spacing: int, pixel: float, *, common: bool
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[Any]]:
    """Steps between neighbouring rows of a track: (S, 2, 2) x and y of both ends, state and frame of the first."""
    number = part.groupby(["movie", "track"], sort=False).ngroup().to_numpy()
    place = part[["x", "y"]].to_numpy(np.float64) * pixel
    if common:
        first = np.flatnonzero(np.diff(number, prepend=-1) != 0)
        place = place - place[first][number]
    frame = part["frame"].to_numpy(np.int64)
    joined = (np.diff(number) == 0) & (np.diff(frame) <= spacing)
    segments = np.stack([place[:-1], place[1:]], axis=1)[joined]
    return segments, part["state"].to_numpy(np.int64)[:-1][joined], frame[:-1][joined].astype(np.float64)


def _draw(
    panel: Axes, segments: NDArray[Any], shades: list[str] | None, times: NDArray[Any], span: tuple[float, float]
) -> None:
    from matplotlib.collections import LineCollection

    lines = LineCollection(
        list(segments), linewidths=0.8, alpha=0.85, capstyle="round", rasterized=len(segments) > _VECTOR
    )
    if shades is None:
        lines.set(array=times, cmap="viridis", clim=span)
    else:
        lines.set_color(shades or "none")
    panel.add_collection(lines)
    panel.set_aspect("equal")


def _limits(drawn: Figure, *, common: bool) -> None:
    """The same limits for all panels, holding every path; around a common origin the same to all sides."""
    ends = np.concatenate([panel.dataLim.get_points() for panel in drawn.axes])
    ends = ends[np.isfinite(ends).all(axis=1)]
    low, high = (ends.min(axis=0), ends.max(axis=0)) if len(ends) else (np.zeros(2), np.ones(2))
    if common:
        high = np.full(2, np.abs([low, high]).max())
        low = -high
        for panel in drawn.axes:
            panel.axhline(0, color="#DDDDDD", linewidth=0.7, zorder=0)
            panel.axvline(0, color="#DDDDDD", linewidth=0.7, zorder=0)
    rim = np.maximum((high - low).max() * 0.04, 0.5)
    drawn.axes[0].set(xlim=(low[0] - rim, high[0] + rim), ylim=(high[1] + rim, low[1] - rim))


def _key(
    drawn: Figure, table: pd.DataFrame, colour: str, span: tuple[float, float], unit: str, names: StateNames | None
) -> None:
    if colour == "state":
        none = [NO_STATE] if (table["state"] == NO_STATE).any() else []
        state_legend(drawn, [*states_of(table["state"]), *none], names)
        return
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = drawn.colorbar(ScalarMappable(Normalize(*span), "viridis"), ax=drawn.axes, shrink=0.6, aspect=20)
    bar.set_label(f"time ({unit})")
    bar.outline.set_visible(False)
