"""Rows of the behaviour table in their first two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import NO_STATE
from napari_cellstate.core.errors import InputError
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
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


def embedding(
    rows: pd.DataFrame,
    coordinates: Floats,
    *,
    names: StateNames | None = None,
    conditions: Sequence[str] = (),
    axes: Sequence[str] = ("dimension 1", "dimension 2"),
) -> Figure:
    """Scatter of all rows, coloured by state and beside it by condition, with the same limits.

    Parameters
    ----------
    rows : movie, condition, state; a row for each of the points.
    coordinates : (N, D); the first two are drawn, and a single one against 0.
    names : of states.
    conditions : in the order wanted, so that all figures of a report agree; those not named come after.
    axes : what the two dimensions are called.

    Notes
    -----
    Rows of one track, and more so overlapping windows, are not independent: the cloud has fewer cells than points.
    Points are drawn in a random order (fixed seed), so that no group lies on top of the others.
    """
    table = prepared(rows, ("movie", "condition", "state"), "the embedding")
    points = _first_two(coordinates, len(table))
    there = np.asarray(np.isfinite(points).all(axis=1))
    if not there.any():
        return empty("Rows in the embedding")
    order = np.random.default_rng(0).permutation(np.flatnonzero(there))
    table, points = table.iloc[order], points[order]
    places = places_of(table["condition"].sort_index(), conditions)  # in the order of the rows as given
    with figure(8.2, 4.3) as drawn:
        left, right = drawn.subplots(1, 2, sharex=True, sharey=True)
        states = [*states_of(table["state"]), *([NO_STATE] if (table["state"] == NO_STATE).any() else [])]
        state = table["state"].to_numpy()
        _scatter(left, points, np.array([state_colour(each) for each in state]))
        _legend(left, "state", [(state_colour(each), state_title(each, names, 20)) for each in states])
        colours = {condition: condition_colour(nth) for condition, nth in places.items()}
        _scatter(right, points, np.array([colours[each] for each in table["condition"]]))
        _legend(right, "condition", [(colours[each], condition_title(each, list(places), 20)) for each in places])
        left.set(xlabel=axes[0], ylabel=axes[1])
        right.set(xlabel=axes[0])
        lost = int(len(there) - there.sum())
        left_out = f"; {counted(lost, 'row')} without a place left out" if lost else ""
        drawn.suptitle(f"{counted(len(table), 'row')} of {counted(table['movie'].nunique(), 'movie')}{left_out}")
    return drawn


def _first_two(coordinates: Floats, n: int) -> Floats:
    points = np.asarray(coordinates, np.float64)
    if points.ndim != 2 or len(points) != n:
        raise InputError(
            f"figure of the embedding: coordinates have the shape {points.shape}; expected ({n}, dimensions), "
            "one line for each row of the table"
        )
    padded = np.zeros((n, 2))
    padded[:, : min(points.shape[1], 2)] = points[:, :2]
    return padded


def _scatter(panel: Axes, points: Floats, colours: NDArray[np.str_]) -> None:
    size = float(np.clip(30000 / len(points), 2, 16))
    panel.scatter(points[:, 0], points[:, 1], s=size, c=colours, alpha=0.75, linewidths=0, rasterized=True)


def _legend(panel: Axes, title: str, entries: list[tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="none", marker="o", markersize=5.5, color=colour, label=name)
        for colour, name in entries
    ]
    panel.legend(handles=handles, title=title, loc="upper left", bbox_to_anchor=(1.0, 1.0), handletextpad=0.1)
