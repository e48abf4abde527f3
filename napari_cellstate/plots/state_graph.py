"""States as a graph: an arrow is as wide as its rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.labels import StateNames, condition_title, places_of, state_title, states_of
from napari_cellstate.plots.style import empty, figure, grid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_ACROSS = 3
_COLUMNS = ("from", "to", "probability", "rate_per_hour", "rate_low", "rate_high")
_WIDEST = 7.0  # points


def state_graph(
    transitions: pd.DataFrame,
    occupancy: pd.DataFrame,
    *,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
) -> Figure:
    """States on a ring, their area the share of rows; arrows as wide as the rate per hour (or the probability).

    Parameters
    ----------
    transitions : condition, from, to, count, probability, rate_per_hour, rate_low, rate_high.
    occupancy : condition, state, share.

    Notes
    -----
    Rate and interval are written at each arrow. An arrow whose transition was never seen is not drawn.
    """
    moves = transitions[(transitions["from"] != transitions["to"]) & (transitions["count"] > 0)]
    if not len(moves):
        return empty("Changes of state", "none was seen")
    rated = bool(moves["rate_per_hour"].notna().any())
    value = "rate_per_hour" if rated else "probability"
    states = states_of(transitions["from"])
    shown = list(places_of(transitions["condition"], conditions))
    across = min(len(shown), _ACROSS)
    rows = -(-len(shown) // across)
    top = float(moves[value].max())
    with figure(across * 4.0 + 0.2, rows * 4.0 + 0.5) as drawn:
        for panel, name in zip(grid(drawn, rows, across, len(shown)), shown, strict=True):
            shares = occupancy[occupancy["condition"] == name].set_index("state")["share"]
            _panel(panel, moves[moves["condition"] == name], shares, states, value, top, names)
            panel.set_title(condition_title(name, shown))
        drawn.suptitle(f"Changes of state {'per hour in a state' if rated else 'from one row to the next'}, 95 %")
    return drawn


def ring(k: int) -> NDArray[np.float64]:
    """Places of k states on the unit circle, (k, 2) x, y: the first at the top, then clockwise."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(k) / max(k, 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _panel(
    panel: Axes,
    moves: pd.DataFrame,
    shares: pd.Series[float],
    states: list[int],
    value: str,
    top: float,
    names: StateNames | None,
) -> None:
    place = dict(zip(states, ring(len(states)), strict=True))
    for row in moves[[name for name in _COLUMNS if name in moves.columns]].to_dict("records"):
        numbers = {str(name): float(one) for name, one in row.items()}
        _arrow(panel, place[int(row["from"])], place[int(row["to"])], numbers, value, top)
    for state in states:
        share = float(shares.get(state, 0.0))
        radius = 0.1 + 0.2 * np.sqrt(max(share, 0.0))
        x, y = place[state]
        panel.plot(x, y, "o", color=state_colour(state), markersize=radius * 90, zorder=3)
        text = f"{state_title(state, names, 14)}\n{share:.0%}"
        panel.text(x * 1.38, y * 1.38, text, ha="center", va="center", size=8)
    panel.set(xlim=(-1.75, 1.75), ylim=(-1.75, 1.75), aspect="equal")
    panel.set_axis_off()


def _arrow(
    panel: Axes, start: NDArray[np.float64], end: NDArray[np.float64], row: dict[str, float], value: str, top: float
) -> None:
    from matplotlib.patches import FancyArrowPatch

    width = max(_WIDEST * row[value] / top, 0.4)
    arrow = FancyArrowPatch(
        tuple(start),
        tuple(end),
        connectionstyle="arc3,rad=-0.18",
        arrowstyle=f"simple,tail_width={width},head_width={width + 5},head_length=7",
        facecolor="#888888",
        edgecolor="none",
        shrinkA=18,
        shrinkB=20,
        zorder=2,
    )
    panel.add_patch(arrow)
    middle, along = (start + end) / 2, end - start
    side = np.array([-along[1], along[0]])  # arc3 bends to this side by a negative rad
    at = middle + 0.17 * side
    known = np.isfinite(row.get("rate_low", np.nan)) and value == "rate_per_hour"
    text = f"{row[value]:.2g}" + (f"\n{row['rate_low']:.2g} to {row['rate_high']:.2g}" if known else "")
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    panel.text(at[0], at[1], text, ha="center", va="center", size=6.5, zorder=4, bbox=box)
