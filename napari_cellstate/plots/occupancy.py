"""How much of the time cells spend in each state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.labels import (
    StateNames,
    condition_title,
    counted,
    places_of,
    prepared,
    state_title,
    states_of,
)
from napari_cellstate.plots.style import empty, figure, grid, leftmost

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("movie", "condition", "replicate", "state", "share")
_MARKERS = "osD^vPX*"
_ACROSS = 6


def occupancy(
    shares: pd.DataFrame,
    *,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
) -> Figure:
    """Share of rows in each state: a dot per movie, a bar at the mean of the replicates; a panel per state.

    Parameters
    ----------
    shares : movie, condition, replicate, state, share (0 to 1); a state that a movie lacks counts as 0.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.

    Notes
    -----
    The mean is over replicates, each the mean of its movies, so a replicate with more movies weighs no more; a
    movie without a replicate is one by itself. No interval is drawn: with few replicates the dots say more.
    """
    table = prepared(shares, _COLUMNS, "occupancy")
    table = table[table["state"] > 0]
    if not len(table):
        return empty("Share of time in each state")
    states, shown = states_of(table["state"]), list(places_of(table["condition"], conditions))
    movies = _movies(table)
    top = 1.06 * float(movies[states].to_numpy().max()) or 1.0
    across = min(len(states), _ACROSS)
    rows = -(-len(states) // across)
    with figure(max(across * (0.55 + 0.42 * len(shown)) + 0.8, 3.6), 2.9 * rows + 0.5) as drawn:
        for panel, state in zip(grid(drawn, rows, across, len(states), sharey=True), states, strict=True):
            _panel(panel, movies, state, shown, top)
            panel.set_title(state_title(state, names, 14))
            if leftmost(panel):
                panel.set_ylabel("share of rows")
        n = f"{counted(len(movies), 'movie')}, {counted(movies['unit'].nunique(), 'replicate')}"
        drawn.suptitle(f"Time in each state\ndot: a movie, bar: mean of replicates; {n}", size=9)
        _replicate_legend(drawn, movies)
    return drawn


def _movies(table: pd.DataFrame) -> pd.DataFrame:
    """A row a movie: its condition, replicate, what counts as one (unit), marker, and a column for each state."""
    keys = ["movie", "condition", "replicate"]
    wide = table.pivot_table(index=keys, columns="state", values="share", fill_value=0.0).reset_index()
    wide = table[keys].drop_duplicates().merge(wide, on=keys)  # in the order of the table
    alone = np.where(wide["replicate"] == "", wide["movie"], wide["replicate"])
    known = sorted({name for name in wide["replicate"] if name})
    shapes = {name: _MARKERS[nth] for nth, name in enumerate(known)} if len(known) <= len(_MARKERS) else {}
    wide["unit"] = wide.groupby(["condition", alone], sort=False).ngroup()
    wide["marker"] = [shapes.get(name, "o") for name in wide["replicate"]]
    return wide


def _panel(panel: Axes, movies: pd.DataFrame, state: int, conditions: list[str], top: float) -> None:
    colour = state_colour(state)
    for at, condition in enumerate(conditions):
        here = movies[movies["condition"] == condition]
        mean = here.groupby("unit")[state].mean().mean()
        panel.bar(at, mean, width=0.7, facecolor=colour, alpha=0.45, edgecolor="none")
        panel.plot([at - 0.35, at + 0.35], [mean, mean], color="#222222", linewidth=1.6, solid_capstyle="butt")
        spread = np.linspace(-0.22, 0.22, len(here)) if len(here) > 1 else np.zeros(1)
        for off, share, marker in zip(spread, here[state], here["marker"], strict=True):
            panel.plot(
                at + off,
                share,
                marker,
                markersize=4.5,
                markerfacecolor=colour,
                markeredgecolor="#222222",
                markeredgewidth=0.7,
                clip_on=False,
                zorder=3,
            )
    titles = [condition_title(condition, conditions, 22) for condition in conditions]
    slanted = max(map(len, titles)) > 5 and len(conditions) > 1
    panel.set_xticks(range(len(conditions)), titles, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    for text in panel.get_xticklabels() if slanted else ():
        text.set_rotation_mode("anchor")
    panel.set(xlim=(-0.6, len(conditions) - 0.4), ylim=(0, top))


def _replicate_legend(drawn: Figure, movies: pd.DataFrame) -> None:
    """Which marker is which replicate, where markers differ."""
    from matplotlib.lines import Line2D

    if movies["marker"].nunique() < 2:
        return
    kinds = movies.drop_duplicates("replicate").sort_values("replicate")
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=4.5,
            color="#777777",
            markeredgecolor="#222222",
            label=condition_title(name, [], 20),
        )
        for name, marker in zip(kinds["replicate"], kinds["marker"], strict=True)
        if name
    ]
    drawn.legend(handles=handles, loc="outside right upper", title="replicate", handletextpad=0.2)
