"""Cells faint, replicates bold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.plots.colours import condition_colour
from napari_cellstate.plots.labels import condition_title, places_of, prepared
from napari_cellstate.plots.style import empty, figure, grid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("quantity", "condition", "replicate", "value")
_ACROSS = 4
_MOST_PANELS = 12
_MOST_CELLS = 400
_SHAPES = "osD^vPX*"


def superplot(
    cells: pd.DataFrame,
    replicates: pd.DataFrame,
    *,
    conditions: Sequence[str] = (),
    paired: bool = False,
    title: str = "",
) -> Figure:
    """A panel a quantity: cells as faint dots, one bold mark a replicate, a line at the mean of the replicates.

    Parameters
    ----------
    cells, replicates : quantity, condition, replicate, value.
    conditions : in the order wanted; those not named come after.
    paired : joins the marks of a replicate that was seen in several conditions.

    Notes
    -----
    Lord et al. 2020, J Cell Biol 219:e202001064. Of more than 400 cells of a replicate so many are drawn. What
    differs between conditions is judged by the bold marks.
    """
    bold, faint = prepared(replicates, _COLUMNS, "replicates"), prepared(cells, _COLUMNS, "cells")
    quantities = [str(name) for name in bold["quantity"].unique()][:_MOST_PANELS]
    if not quantities:
        return empty(title or "Replicates")
    shown = list(places_of(bold["condition"], conditions))
    across = min(len(quantities), _ACROSS)
    lines = -(-len(quantities) // across)
    with figure(across * (0.9 + 0.55 * len(shown)) + 0.5, 2.5 * lines + 0.6) as drawn:
        for panel, quantity in zip(grid(drawn, lines, across, len(quantities)), quantities, strict=True):
            here = (faint[faint["quantity"] == quantity], bold[bold["quantity"] == quantity])
            superplot_panel(panel, *here, conditions=shown, paired=paired)
            panel.set_title(quantity, size=9)
        drawn.suptitle(title or "faint: cells, bold: replicates (the n), line: their mean", size=9)
    return drawn


def superplot_panel(
    panel: Axes, cells: pd.DataFrame, replicates: pd.DataFrame, *, conditions: Sequence[str], paired: bool = False
) -> None:
    """Draw one quantity of `superplot`."""
    rng = np.random.default_rng(0)  # of the jitter only
    names = list(dict.fromkeys(replicates["replicate"]))
    shape = {name: _SHAPES[nth % len(_SHAPES)] for nth, name in enumerate(names)} if paired else {}
    where: dict[str, list[tuple[float, float]]] = {}
    for at, condition in enumerate(conditions):
        mine = replicates[replicates["condition"] == condition]
        spots = np.linspace(-0.2, 0.2, len(mine)) if len(mine) > 1 else np.zeros(1)
        for off, name, height in zip(spots, mine["replicate"], mine["value"].tolist(), strict=True):
            dots = cells[(cells["condition"] == condition) & (cells["replicate"] == name)]
            values = dots["value"].to_numpy(np.float64)[:: max(1, len(dots) // _MOST_CELLS)]
            x = at + off + rng.uniform(-0.05, 0.05, len(values))
            panel.plot(x, values, ".", color=condition_colour(at), markersize=2.2, alpha=0.22, markeredgewidth=0)
            where.setdefault(str(name), []).append((at + off, height))
            panel.plot(
                at + off,
                height,
                shape.get(name, "o"),
                markersize=6.5,
                color=condition_colour(at),
                markeredgecolor="white",
                markeredgewidth=0.8,
                zorder=4,
            )
        mean = float(mine["value"].mean()) if len(mine) else np.nan
        panel.plot([at - 0.33, at + 0.33], [mean, mean], color="#111111", linewidth=1.5, zorder=3)
    for places in where.values() if paired else ():
        panel.plot(*zip(*places, strict=True), color="#777777", linewidth=0.8, zorder=2)
    _limits(panel, cells, replicates)
    titles = [condition_title(condition, conditions, 14) for condition in conditions]
    slanted = max(map(len, titles)) > 7
    panel.set_xticks(range(len(conditions)), titles, rotation=30 if slanted else 0, ha="right" if slanted else "center")
    panel.set_xlim(-0.5, len(conditions) - 0.5)


def _limits(panel: Axes, cells: pd.DataFrame, replicates: pd.DataFrame) -> None:
    """Hold all replicates and the middle 98 % of the cells."""
    bold = replicates["value"].to_numpy(np.float64)
    values = np.concatenate([bold, np.nanpercentile(cells["value"], [1, 99]) if len(cells) else bold])
    values = values[np.isfinite(values)]
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.5
    panel.set_ylim(low - room, high + room)
