"""How long cells stay in a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.colours import condition_colour, state_colour
from napari_cellstate.plots.labels import (
    StateNames,
    condition_title,
    counted,
    places_of,
    prepared,
    state_title,
    states_of,
)
from napari_cellstate.plots.style import empty, figure, grid, label_lowest, leftmost
from napari_cellstate.plots.timeaxis import scale_of_time

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("condition", "state", "frames", "share", "low", "high", "n", "censored", "unseen", "unit")
_DASHES: tuple[tuple[float, tuple[float, ...]], ...] = ((0, ()), (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
_ACROSS = 3


def dwell(
    curves: pd.DataFrame,
    *,
    dt_s: float | None = None,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    remarks: Mapping[int, str] | None = None,
    shortest: int = 0,
) -> Figure:
    """Survival of stays with 95 % bands: a panel per state, a curve per condition.

    Parameters
    ----------
    curves : as `dynamics.survival.survival_table` gives them.
    dt_s : seconds a frame; None leaves the axis in frames.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    remarks : a line for some of the states, such as a hazard ratio, written into their panels.
    shortest : frames of a window, drawn as a line: windows blur what is shorter. 0 or 1 draws none.

    Notes
    -----
    Stays whose start was not seen are left out, as nobody knows how long they lasted; those whose end was not seen
    are right-censored. Bands are over tracks (one movie) or movies: they show, and do not test, a difference.
    """
    table = prepared(curves, _COLUMNS, "dwell times")
    table = table[table["state"] > 0]
    every = table.drop_duplicates(["condition", "state"])
    late, stays = int(every["unseen"].sum()), int(every["n"].sum())
    if not stays:
        why = f"{counted(late, 'stay')}, none with its start seen" if late else "no rows"
        return empty("How long cells stay in a state", why)
    states, places = states_of(table["state"]), places_of(table["condition"], conditions)
    factor, unit = scale_of_time(dt_s)
    across = min(len(states), _ACROSS)
    rows = -(-len(states) // across)
    with figure(across * 2.9 + 0.6, rows * 2.7 + 0.9) as drawn:
        for panel, state in zip(grid(drawn, rows, across, len(states), sharex=True, sharey=True), states, strict=True):
            survival_panel(panel, table[table["state"] == state], places, factor)
            if shortest > 1:
                panel.axvline(shortest * factor, color="#999999", linewidth=0.8, linestyle=":")
            _head(panel, state, names)
            panel.text(0.02, 0.03, (remarks or {}).get(state, ""), transform=panel.transAxes, size=8, color="#333333")
            if leftmost(panel):
                panel.set_ylabel("share still in the state")
        drawn.axes[0].set(xlim=(0, None), ylim=(0, 1.02))
        label_lowest(drawn, across, f"time since entering the state ({unit})")
        seen = f"{counted(stays, 'stay')}; {int(every['censored'].sum()):,} still going on when last seen"
        window = "\ndotted: a window; what is shorter it blurs" if shortest > 1 else ""
        bands = " or ".join(f"{name}s" for name in sorted(set(every["unit"]) - {""}))
        drawn.suptitle(f"{seen}; {late:,} left out (start not seen); bands: 95 % over {bands}{window}", size=9)
        _condition_legend(drawn, places)
    return drawn


def _head(panel: Axes, state: int, names: StateNames | None) -> None:
    """The panel's title over a bar in the colour of the state."""
    from matplotlib.patches import Rectangle

    panel.add_patch(
        Rectangle((0, 1.02), 1, 0.025, transform=panel.transAxes, facecolor=state_colour(state), clip_on=False)
    )
    panel.set_title(state_title(state, names, 26), pad=12)


def survival_panel(panel: Axes, part: pd.DataFrame, places: Mapping[str, int], factor: float) -> None:
    """Draw the curves of one state; `places` numbers the conditions, `factor` makes times of frames."""
    panel.axhline(0.5, color="#CCCCCC", linewidth=0.7, zorder=0)
    for condition, nth in places.items():
        here = part[part["condition"] == condition]
        if not here["n"].sum():
            continue
        times = here["frames"].to_numpy(np.float64) * factor
        colour, dash = condition_colour(nth), _DASHES[nth % len(_DASHES)]
        low, high = (here[name].to_numpy(np.float64) for name in ("low", "high"))
        panel.fill_between(times, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        label = f"n = {int(here['n'].iloc[0]):,}"
        share = here["share"].to_numpy(np.float64)
        panel.step(times, share, where="post", color=colour, linestyle=dash, linewidth=1.6, label=label)
    panel.legend(loc="upper right", handlelength=2.2, borderaxespad=0.1, frameon=True, edgecolor="none", framealpha=0.8)


def _condition_legend(drawn: Figure, places: dict[str, int]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=condition_colour(nth),
            linestyle=_DASHES[nth % len(_DASHES)],
            linewidth=1.6,
            label=condition_title(condition, list(places), 24),
        )
        for condition, nth in places.items()
    ]
    drawn.legend(
        handles=handles, loc="outside lower center", ncols=max(1, min(len(handles), int(drawn.get_figwidth() / 2.2)))
    )
