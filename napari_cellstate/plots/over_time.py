"""Occupancy and rates over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.colours import condition_colour, state_colour
from napari_cellstate.plots.labels import StateNames, condition_title, groups_of, places_of, state_title, states_of
from napari_cellstate.plots.style import empty, figure, grid, label_lowest, leftmost, state_legend

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS = 3


def occupancy_over_time(
    table: pd.DataFrame,
    *,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    treatments: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Share of rows in each state in bins of time with 95 % intervals: a panel per condition, a line per state.

    Parameters
    ----------
    table : as `dynamics.over_time.occupancy_over_time` gives it.
    treatments : by condition, times marked by a line, in hours where hours are known, else in frames.
    """
    if not len(table):
        return empty("Share of time in each state over time")
    shown, more = groups_of(table["condition"].reset_index(drop=True), conditions)
    states = states_of(table["state"])
    across = min(len(shown), _ACROSS)
    rows = -(-len(shown) // across)
    with figure(across * 2.9 + 0.6, rows * 2.4 + 0.8) as drawn:
        for panel, name in zip(grid(drawn, rows, across, len(shown), sharex=True, sharey=True), shown, strict=True):
            part = table[table["condition"] == name]
            for state in states:
                _line(panel, part[part["state"] == state], "share", "low", "high", state_colour(state))
            _mark(panel, (treatments or {}).get(name, ()))
            panel.set_title(condition_title(name, shown))
            panel.set_ylim(0, 1)
            if leftmost(panel):
                panel.set_ylabel("share of rows")
        label_lowest(drawn, across, f"time ({_unit(table)})")
        drawn.suptitle("Time in each state, bin by bin" + (f"\n{more}" if more else ""), size=9)
        state_legend(drawn, states, names)
    return drawn


def rates_over_time(
    table: pd.DataFrame,
    *,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    treatments: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Rates of each change of state in bins of time with 95 % intervals: a panel per change, a line per condition.

    Parameters
    ----------
    table : as `dynamics.over_time.rates_over_time` gives it; without hours, probabilities are drawn.
    treatments : by condition, times marked by a line, in hours where hours are known, else in frames.
    """
    pairs = list(dict.fromkeys(zip(table["from"], table["to"], strict=True))) if len(table) else []
    pairs = [pair for pair in pairs if table.loc[_is(table, pair), "count"].sum() > 0][: _ACROSS * 10]
    if not pairs:
        return empty("Rates over time", "no change of state")
    value = "rate_per_hour" if table["rate_per_hour"].notna().any() else "probability"
    places = places_of(table["condition"], conditions)
    across = min(len(pairs), _ACROSS)
    rows = -(-len(pairs) // across)
    with figure(across * 2.9 + 0.6, rows * 2.1 + 0.9) as drawn:
        for panel, pair in zip(grid(drawn, rows, across, len(pairs), sharex=True), pairs, strict=True):
            for name, nth in places.items():
                part = table[_is(table, pair) & (table["condition"] == name)]
                _line(panel, part, value, "rate_low", "rate_high", condition_colour(nth), label=name)
                _mark(panel, (treatments or {}).get(name, ()), condition_colour(nth))
            panel.set_title(" → ".join(state_title(state, names, 14) for state in pair))
            panel.set_ylim(0, None)
            if leftmost(panel):
                panel.set_ylabel("per hour" if value == "rate_per_hour" else "probability")
        label_lowest(drawn, across, f"time ({_unit(table)})")
        handles, _ = drawn.axes[0].get_legend_handles_labels()
        titles = [condition_title(name, list(places), 24) for name in places]
        drawn.legend(handles, titles, loc="outside lower center", ncols=max(1, min(4, len(titles))))
        drawn.suptitle("Changes of state, bin by bin", size=9)
    return drawn


def _is(table: pd.DataFrame, pair: tuple[int, int]) -> pd.Series[bool]:
    return (table["from"] == pair[0]) & (table["to"] == pair[1])


def _line(panel: Axes, part: pd.DataFrame, value: str, low: str, high: str, colour: str, *, label: str = "") -> None:
    start, end = (part[name].to_numpy(np.float64) for name in _ends(part))
    middle = (start + end) / 2
    panel.plot(middle, part[value], "o-", color=colour, markersize=3, linewidth=1.3, label=label or None)
    if value != "probability":
        lows, highs = (part[name].to_numpy(np.float64) for name in (low, high))
        panel.fill_between(middle, lows, highs, color=colour, alpha=0.15, linewidth=0)


def _mark(panel: Axes, treatments: Sequence[float], colour: str = "#444444") -> None:
    for at in treatments:
        panel.axvline(at, color=colour, linewidth=0.9, linestyle="--")


def _unit(table: pd.DataFrame) -> str:
    return "h" if table["start_hours"].notna().any() else "frames"


def _ends(table: pd.DataFrame) -> tuple[str, str]:
    unit = "hours" if table["start_hours"].notna().any() else "frame"
    return f"start_{unit}", f"end_{unit}"
