"""Do relatives behave alike? Correlations beside what chance gives, and the state at division."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.labels import StateNames, state_title
from napari_cellstate.plots.style import empty, figure, state_colour

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def families(table: pd.DataFrame, divisions: pd.DataFrame, *, names: StateNames | None = None) -> Figure:
    """Correlation of the time in each state between mothers and daughters and between sisters; states at division.

    Parameters
    ----------
    table : relation, state, pairs, correlation, null_low, null_high.
    divisions : state, divisions, share, expected.
    """
    if not divisions["divisions"].sum():
        return empty("Families", "no track ends in a division whose daughters were followed")
    relations = list(dict.fromkeys(table["relation"]))
    with figure(3.1 * (len(relations) + 1), 2.9) as drawn:
        panels = drawn.subplots(1, len(relations) + 1)
        for panel, relation in zip(panels, relations, strict=False):
            some = table[table["relation"] == relation]
            at = np.arange(len(some))
            low, high = some["null_low"].to_numpy(), some["null_high"].to_numpy()
            panel.bar(at, high - low, 0.7, low, color="#DDDDDD", label="95 % of chance")
            panel.scatter(at, some["correlation"], c=[state_colour(int(one)) for one in some["state"]], s=36, zorder=3)
            panel.axhline(0, color="#888888", linewidth=0.8)
            panel.set(title=f"{relation}\n{int(some['pairs'].max())} pairs", ylim=(-1, 1), ylabel="correlation")
            panel.set_xticks(at, [state_title(int(one), names) for one in some["state"]], rotation=30, ha="right")
            panel.legend(loc="lower right")
        last, at = panels[-1], np.arange(len(divisions))
        colours = [state_colour(int(one)) for one in divisions["state"]]
        last.bar(at, divisions["share"], 0.7, color=colours)
        last.scatter(at, divisions["expected"], marker="_", s=300, color="#222222", label="share of the mothers' time")
        last.set(title=f"state at division\n{int(divisions['divisions'].sum())} divisions", ylabel="share of divisions")
        last.set_xticks(at, [state_title(int(one), names) for one in divisions["state"]], rotation=30, ha="right")
        last.legend(loc="upper right")
    return drawn
