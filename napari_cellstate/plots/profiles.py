"""What the cells of each state are like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.colours import state_colour
from napari_cellstate.plots.labels import StateNames, shorten, state_title, states_of, with_unit
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

_COLOURS = "RdBu_r"
_FAR = 3.0
_NUMBERS = 400


def profiles(
    scaled: ArrayLike,
    states: ArrayLike,
    features: Sequence[str],
    *,
    units: Sequence[str] = (),
    names: StateNames | None = None,
) -> Figure:
    """Heat map of the mean scaled feature of each state.

    Parameters
    ----------
    scaled : (N, F), features of all rows scaled over all movies, NaN where not defined.
    states : (N,), 0 for none.
    features : F names.
    units : F units of the features before scaling, "" where they have none.
    names : of states.
    """
    values, states = np.asarray(scaled, np.float64), np.asarray(states).astype(np.int64)
    if values.shape != (len(states), len(features)) or len(units) not in (0, len(features)):
        raise InputError(
            f"figure of state profiles: {values.shape} values, {len(states)} states, {len(features)} feature names, "
            f"{len(units)} units; expected (states, names) values and a unit for each name or none"
        )
    found = states_of(states)
    if not found or not len(features):
        return empty("State profiles")
    means = np.stack([_mean(values[states == state]) for state in found], axis=1)
    labels = [
        shorten(with_unit(name, unit), 46, 1)
        for name, unit in zip(features, units or [""] * len(features), strict=True)
    ]
    height = 0.23 * len(features) + 1.5
    with figure(0.075 * max(map(len, labels)) + 0.8 * len(found) + 2.2, height) as drawn:
        panel = drawn.add_subplot()
        _map(drawn, panel, means)
        for at, state in enumerate(found):
            panel.add_patch(_strip(at, state, len(features)))
        counts = [int((states == state).sum()) for state in found]
        titles = [f"{state_title(state, names, 14)}\nn = {n:,}" for state, n in zip(found, counts, strict=True)]
        panel.set_xticks(np.arange(len(found)) + 0.5, titles)
        if max(len(line) for title in titles for line in title.split("\n")) > 11:
            panel.tick_params(axis="x", rotation=45)
            for text in panel.get_xticklabels():
                text.set(ha="right", rotation_mode="anchor")
        panel.set_yticks(np.arange(len(features)) + 0.5, labels)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        panel.set_title("State profiles (n: rows)")
    return drawn


def _signed(mean: float) -> str:
    if not np.isfinite(mean):
        return "–"
    return "0.0" if abs(mean) < 0.05 else f"{mean:+.1f}".replace("-", "\N{MINUS SIGN}")


def _mean(part: NDArray[Any]) -> NDArray[Any]:
    """Mean of each column over its finite values, NaN where it has none."""
    there = np.isfinite(part)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, part, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _strip(at: int, state: int, n: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((at, n + 0.1), 1, 0.3, facecolor=state_colour(state), edgecolor="white", clip_on=False)


def _map(drawn: Figure, panel: Axes, means: NDArray[Any]) -> None:
    """Colours centred on 0 and cut at 3, so that one feature far off leaves the others readable."""
    largest = float(np.max(np.abs(means[np.isfinite(means)]), initial=0.0))
    top = min(largest, _FAR) or 1.0
    mesh = panel.pcolormesh(means, cmap=_COLOURS, vmin=-top, vmax=top, edgecolors="white", linewidth=0.6)
    panel.set_ylim(means.shape[0] + 0.5, 0)
    if means.size <= _NUMBERS:
        for (i, j), mean in np.ndenumerate(means):
            text = _signed(mean)
            colour = "white" if np.isfinite(mean) and abs(mean) > 0.7 * top else "#222222"
            panel.text(j + 0.5, i + 0.5, text, ha="center", va="center", size=7, color=colour)
    bar = drawn.colorbar(
        mesh,
        ax=panel,
        shrink=min(1.0, 3 / drawn.get_figheight()),
        aspect=18,
        pad=0.03,
        extend="both" if largest > top else "neither",
    )
    bar.set_label("mean of the scaled feature\n(0: median of all rows)")
    bar.outline.set_visible(False)
