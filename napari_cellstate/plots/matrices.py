"""Transition matrices of all conditions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.labels import (
    StateNames,
    condition_title,
    places_of,
    prepared,
    state_title,
    states_of,
)
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_COLUMNS = ("condition", "from", "to", "probability")
_COLOURS = "BuPu"
_ACROSS = 3
_STAYING = "#ECECEC"


def transition_matrices(
    transitions: pd.DataFrame,
    *,
    truth: pd.DataFrame | None = None,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    step: str = "",
) -> Figure:
    """Heat maps of transition probabilities, a panel per condition.

    The colour scale is that of the changes of state: staying is nearly always far more probable, and would make
    all changes look alike. Staying is hatched, and its number written.

    Parameters
    ----------
    transitions : condition, from, to, probability, and count where known.
    truth : the same columns for the true matrices, drawn beneath those found.
    names : of states; default "state 1", ...
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    step : the time that one transition takes ("6.5 min", "1 frame"), for the title.
    """
    found = _read(transitions)
    true = None if truth is None else _read(truth)
    tables = [found] if true is None else [found, true]
    states = states_of(*(table[end] for table in tables for end in ("from", "to")))
    if not len(found) or not states:
        return empty("Transitions between states")
    shown = list(places_of(found["condition"], conditions))
    across = min(len(shown), _ACROSS)
    bands = -(-len(shown) // across)
    side = max(2.1, 0.36 * len(states) + 1.0) + 0.7
    with figure(across * side + 1.3, bands * len(tables) * side + 0.5) as drawn:
        axes = drawn.subplots(bands * len(tables), across, squeeze=False)
        top = _scale(tables)
        for nth, condition in enumerate(shown):
            for below, table in enumerate(tables):
                panel = axes[nth // across * len(tables) + below, nth % across]
                probability, count = _matrix(table, condition, states)
                _panel(panel, probability, count, top, states, names)
                title = condition_title(condition, shown)
                panel.set_title(title if true is None else f"{title}: {('found', 'true')[below]}", pad=8)
        for spare in axes.ravel():
            if not spare.has_data():
                spare.remove()
        drawn.suptitle("Probability of each next state" + (f", {step} later" if step else ""))
        _bar(drawn, top)
    return drawn


def _read(table: pd.DataFrame) -> pd.DataFrame:
    columns = (*_COLUMNS, "count") if "count" in table.columns else _COLUMNS
    read = prepared(table, columns, "transitions")
    return read if "count" in columns else read.assign(count=np.nan)


def _scale(tables: list[pd.DataFrame]) -> float:
    """The largest probability of a change, 1 where nothing changes."""
    changes = [table.loc[table["from"] != table["to"], "probability"].to_numpy(np.float64) for table in tables]
    every = np.concatenate(changes)
    top = float(np.max(every[np.isfinite(every)], initial=0.0))
    return top if top > 0 else 1.0


def _matrix(table: pd.DataFrame, condition: str, states: list[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities and counts, (K, K), NaN where the table has no row."""
    place = {state: at for at, state in enumerate(states)}
    probability, count = np.full((2, len(states), len(states)), np.nan)
    part = table[(table["condition"] == condition) & (table["from"] > 0) & (table["to"] > 0)]
    at = part["from"].map(place).to_numpy(), part["to"].map(place).to_numpy()
    probability[at], count[at] = part["probability"], part["count"]
    return probability, count


def _panel(
    panel: Axes,
    probability: NDArray[Any],
    count: NDArray[Any],
    top: float,
    states: list[int],
    names: StateNames | None,
) -> None:
    from matplotlib.patches import Rectangle

    k = len(states)
    changes = np.where(np.eye(k, dtype=bool), np.nan, probability)
    panel.pcolormesh(changes, cmap=_COLOURS, vmin=0, vmax=top, edgecolors="white", linewidth=1)
    for i in range(k):
        panel.add_patch(Rectangle((i, i), 1, 1, facecolor=_STAYING, hatch="////", edgecolor="white", linewidth=1))
        for j in range(k):
            dark = i != j and probability[i, j] > 0.55 * top
            _number(panel, i, j, probability[i, j], count[i, j], "white" if dark else "#222222", small=k > 8)
        panel.add_patch(Rectangle((-0.16, i), 0.1, 1, facecolor=state_colour(states[i]), clip_on=False))
        panel.add_patch(Rectangle((i, k + 0.06), 1, 0.1, facecolor=state_colour(states[i]), clip_on=False))
    titles = [state_title(state, names, 14) for state in states]
    slanted = k > 5 or max(map(len, titles)) * k > 28
    panel.set_xticks(np.arange(k) + 0.5, titles, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    if slanted:
        for text in panel.get_xticklabels():
            text.set_rotation_mode("anchor")
    panel.set_yticks(np.arange(k) + 0.5, titles)
    panel.set(xlim=(-0.17, k), ylim=(k + 0.17, 0), aspect="equal", xlabel="to", ylabel="from")
    panel.tick_params(length=0, pad=2)
    panel.spines[:].set_visible(False)


def _probability(value: float) -> str:
    """Two digits that count; never 0 for what happened."""
    if np.isnan(value) or value == 0:
        return "–" if np.isnan(value) else "0"
    return "<0.001" if value < 0.0005 else f"{value:.3f}" if value < 0.0995 else f"{value:.2f}"


def _number(panel: Axes, i: int, j: int, probability: float, count: float, colour: str, *, small: bool) -> None:
    """Probability, and the count beneath it in small type."""
    known = np.isfinite(count)
    text = _probability(probability)
    weight = 6.5 if small else 8.5
    panel.text(j + 0.5, i + (0.42 if known else 0.5), text, ha="center", va="center", size=weight, color=colour)
    if known:
        shown = f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"
        panel.text(j + 0.5, i + 0.76, shown, ha="center", va="center", size=weight - 2.5, color=colour)


def _bar(drawn: Figure, top: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = drawn.colorbar(
        ScalarMappable(Normalize(0, top), _COLOURS), ax=drawn.axes, shrink=0.7, aspect=22, pad=0.02, fraction=0.05
    )
    bar.set_label("probability of a change of state\n(small numbers: transitions counted)")
    bar.outline.set_visible(False)
