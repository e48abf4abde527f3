"""Effects with their intervals, one under the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.labels import shorten
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = ("name", "estimate", "low", "high", "verdict")
VERDICT_COLOURS = {"differs": "#B3261E", "same within the margin": "#1B6E4B", "undecided": "#6B6B6B"}
_MARKERS = {"differs": "D", "same within the margin": "s", "undecided": "o"}
_MOST = 40
_FARTHEST = 32.0


def forest(
    effects: pd.DataFrame,
    *,
    label: str,
    margin: tuple[float, float] | None = None,
    ratio: bool = True,
    title: str = "",
) -> Figure:
    """Estimates with intervals, a line each, over the margin within which they count as the same.

    Parameters
    ----------
    effects : name, estimate, low, high (NaN for no interval), verdict.
    label : what the axis shows, with its unit.
    margin : smallest and largest effect that is called none.
    ratio : a logarithmic axis around 1, else a linear one around 0.
    """
    table = _read(effects)
    if not len(table):
        return empty(title or "Effects")
    rows = min(len(table), _MOST)
    widest = max(len(shorten(str(name), 44, 1)) for name in table["name"])
    with figure(3.6 + 0.075 * widest, 1.25 + 0.27 * rows) as drawn:
        panel = drawn.add_subplot()
        forest_panel(panel, table, label=label, margin=margin, ratio=ratio)
        panel.set_title(title)
        drawn.legend(
            *panel.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=3,
            handletextpad=0.3,
            columnspacing=1.2,
        )
    return drawn


def forest_panel(
    panel: Axes,
    effects: pd.DataFrame,
    *,
    label: str,
    margin: tuple[float, float] | None = None,
    ratio: bool = True,
    width: int = 44,
) -> None:
    """Draw `forest` into a panel; `width` letters of a name at most."""
    table = _read(effects)
    table = table[np.isfinite(table["estimate"].to_numpy(np.float64))][:_MOST]
    low, high = _limits(table, margin, ratio=ratio)
    if ratio:
        panel.set_xscale("log")
    if margin is not None:
        panel.axvspan(*margin, color="#E7EEF4", zorder=0, linewidth=0)
    panel.axvline(1.0 if ratio else 0.0, color="#888888", linewidth=0.8, zorder=1)
    drawn: set[str] = set()
    for at, row in enumerate(table.itertuples(index=False)):
        word = str(row.verdict)
        colour = VERDICT_COLOURS.get(word, "#6B6B6B")
        ends = np.clip(np.array([row.low, row.high], np.float64), low, high)
        if np.isfinite(ends).all():
            panel.plot(ends, [at, at], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=2)
        known = "" if word in drawn else word
        drawn.add(word)
        panel.plot(
            np.clip(float(row.estimate), low, high),
            at,
            _MARKERS.get(word, "o"),
            color=colour,
            markersize=5.5,
            label=known or None,
            linestyle="none",
            zorder=3,
        )
    panel.set(xlim=(low, high), ylim=(len(table) - 0.4, -0.6), xlabel=label)
    panel.set_yticks(range(len(table)), [shorten(str(name), width, 1) for name in table["name"]])
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    if ratio:
        _ratio_ticks(panel, low, high)


def _read(effects: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in _COLUMNS if name not in effects.columns]
    if missing:
        raise InputError(f"figure of effects: column {missing[0]!r} is missing; expected: {', '.join(_COLUMNS)}")
    return effects.loc[:, list(_COLUMNS)].reset_index(drop=True)


def _limits(table: pd.DataFrame, margin: tuple[float, float] | None, *, ratio: bool) -> tuple[float, float]:
    """Axis limits that hold what can be held: intervals of ratios are cut at a factor of 32."""
    values = table[["estimate", "low", "high"]].to_numpy(np.float64).ravel()
    values = np.append(values[np.isfinite(values)], list(margin or ()))
    if not ratio:
        far = max(float(np.abs(values).max(initial=0.0)) * 1.08, 1e-9)
        return -far, far
    far = float(np.exp(np.abs(np.log(np.clip(values, 1 / _FARTHEST, _FARTHEST))).max(initial=np.log(1.5)))) * 1.1
    return 1 / far, far


def _ratio_ticks(panel: Axes, low: float, high: float) -> None:
    """1, 1/2, 2, ... as far as the axis goes."""
    from matplotlib.ticker import NullLocator

    every = np.array([1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32])
    if high < 2.4:
        every = np.array([0.5, 0.67, 0.8, 1, 1.25, 1.5, 2])
    shown = every[(every >= low) & (every <= high)]
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticks(shown, [f"{tick:.3g}" for tick in shown])
