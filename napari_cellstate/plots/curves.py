"""A curve for each condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from napari_cellstate.plots.colours import condition_colour
from napari_cellstate.plots.labels import condition_title
from napari_cellstate.plots.style import empty, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(values: Mapping[str, Sequence[float]], *, label: str, along: str = "steps", title: str = "") -> Figure:
    """Draw values against their place in the sequence, a line a condition.

    Parameters
    ----------
    values : by condition.
    label, along : what the axes show.
    """
    if not values:
        return empty(title or label)
    with figure(4.2, 3.0) as drawn:
        panel = drawn.add_subplot()
        for nth, (condition, line) in enumerate(values.items()):
            name = condition_title(condition, list(values))
            panel.plot(range(len(line)), line, color=condition_colour(nth), label=name, linewidth=1.6)
        panel.set(xlabel=along, ylabel=label, title=title)
        panel.legend()
    return drawn
