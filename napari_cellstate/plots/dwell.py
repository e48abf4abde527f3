"""How long cells stay in a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

Floats = NDArray[np.float64]
_COLUMNS = ("condition", "state", "frames", "start_seen", "end_seen")
_DASHES: tuple[tuple[float, tuple[float, ...]], ...] = ((0, ()), (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
_ACROSS = 3


def survival(lengths: ArrayLike, ended: ArrayLike) -> tuple[Floats, Floats]:
    """Share of stays that last longer than a time, where some were still going on when last seen.

    Parameters
    ----------
    lengths : (N,), how long each stay was seen, in any unit.
    ended : (N,) bool, False where the stay was still going on (censored).

    Returns
    -------
    (M,) times and (M,) shares, beginning with (0, 1): the share holds from its time up to the next. The last time
    is that of the longest stay.

    Notes
    -----
    Kaplan and Meier 1958: the product over all times t of 1 - (stays that end at t) / (stays of at least t).
    """
    lengths, ended = np.asarray(lengths, np.float64), np.asarray(ended, bool)
    times, at = np.unique(lengths, return_inverse=True)
    ends = np.bincount(at, weights=ended, minlength=len(times))
    seen = np.bincount(at, minlength=len(times))
    at_risk = len(lengths) - np.concatenate([[0], np.cumsum(seen)[:-1]]) if len(times) else np.ones(0)
    share = np.cumprod(1.0 - ends / at_risk)
    drops = ends > 0
    if len(times):
        drops[-1] = True
    return np.concatenate([[0.0], times[drops]]), np.concatenate([[1.0], share[drops]])


def dwell(
    bouts: pd.DataFrame,
    *,
    dt_s: float | None = None,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    said: Mapping[int, str] | None = None,
) -> Figure:
    """Survival of stays: a panel per state, a curve per condition.

    Parameters
    ----------
    bouts : a row a stay: condition, state, frames, start_seen, end_seen (both bool).
    dt_s : seconds a frame; None leaves the axis in frames.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    said : a line for some of the states, such as a hazard ratio, written into their panels.

    Notes
    -----
    Stays whose start was not seen are left out, as nobody knows how long they lasted; those whose end was not seen
    are right-censored. Curves pool tracks: they show, and do not test, a difference.
    """
    table = prepared(bouts, _COLUMNS, "dwell times")
    table = table[table["state"] > 0]
    begun = table["start_seen"].to_numpy(bool)
    late, table = int(len(table) - begun.sum()), table[begun]
    if not len(table):
        why = f"{counted(late, 'stay')}, none with its start seen" if late else "no rows"
        return empty("How long cells stay in a state", why)
    states, places = states_of(table["state"]), places_of(table["condition"], conditions)
    factor, unit = scale_of_time(dt_s)
    across = min(len(states), _ACROSS)
    rows = -(-len(states) // across)
    with figure(across * 2.9 + 0.6, rows * 2.7 + 0.9) as drawn:
        for panel, state in zip(grid(drawn, rows, across, len(states), sharex=True, sharey=True), states, strict=True):
            survival_panel(panel, table[table["state"] == state], places, factor)
            _head(panel, state, names)
            panel.text(0.02, 0.03, (said or {}).get(state, ""), transform=panel.transAxes, size=8, color="#333333")
            if leftmost(panel):
                panel.set_ylabel("share still in the state")
        drawn.axes[0].set(xlim=(0, None), ylim=(0, 1.02))
        label_lowest(drawn, across, f"time since entering the state ({unit})")
        still = int((~table["end_seen"].to_numpy(bool)).sum())
        drawn.suptitle(
            f"{counted(len(table), 'stay')}; {still:,} still going on when last seen (ticks: censored); "
            f"{late:,} left out (start not seen)",
            size=9,
        )
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
        if not len(here):
            continue
        lengths, ended = here["frames"].to_numpy(np.float64) * factor, here["end_seen"].to_numpy(bool)
        times, share = survival(lengths, ended)
        colour = condition_colour(nth)
        label = f"n = {len(here):,}"
        dash = _DASHES[nth % len(_DASHES)]
        panel.step(times, share, where="post", color=colour, linestyle=dash, linewidth=1.6, label=label)
        censored = np.unique(lengths[~ended])
        height = share[np.searchsorted(times, censored, side="right") - 1]
        panel.plot(censored, height, "|", color=colour, markersize=4, markeredgewidth=0.8)
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
