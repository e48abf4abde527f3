"""One colour per state, the same in every figure, layer and overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.behavior import NO_STATE
from napari_cellstate.core.looks import worn

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_STATE_COLOUR = "#707070"
"""Grey, for cells and rows that have no state; a lighter one looks to deuteranopes like reddish purple (state 7)."""

# The first seven are Okabe and Ito's (jfly.uni-koeln.de/color, 2008) without black, which a dark image or a dark
# theme swallows. Each one after is the candidate of a 6 x 6 x 6 grid that lies farthest (OKLab) from all before it,
# grey, black and white as seen by normal, deuteranope and protanope eyes; tests/plots/test_colours.py makes them anew.
STATE_COLOURS: tuple[str, ...] = (
    *("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
    *("#0000FF", "#993300", "#99CC99", "#9966FF", "#990066", "#66FF99", "#99CCFF", "#6633CC"),
    *("#6699FF", "#CC3333", "#00CCCC", "#CCCC66", "#00FFCC", "#6699CC", "#CC3399", "#FF6633"),
    *("#CC33CC", "#9933FF", "#990099", "#CC9966", "#FF33CC", "#CCCC00", "#FF0066"),
)

CONDITION_COLOURS: tuple[str, ...] = ("#222222", "#C2185B", "#7A7A00", "#5B4FA8", "#00838F", "#A0522D", "#8FA3AD")
"""For conditions, where they are not told apart by place; dull, so that nobody takes them for states."""


def state_colour(state: int) -> str:
    """Colour of a state as "#RRGGBB": the user's where looks are worn; states count from 1, 0 (no state) is grey.

    Notes
    -----
    More than 30 states begin again with the first colour: no eye tells so many apart.
    """
    if state <= NO_STATE:
        return NO_STATE_COLOUR
    return worn().colours.get(state) or STATE_COLOURS[(state - 1) % len(STATE_COLOURS)]


def state_rgb(k: int) -> NDArray[np.uint8]:
    """Colours of no state and of the states 1 to `k`, (k + 1, 3)."""
    colours = [state_colour(state) for state in range(k + 1)]
    return np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours], np.uint8)


def condition_colour(nth: int) -> str:
    """Colour of the `nth` condition, from 0, as "#RRGGBB"."""
    return CONDITION_COLOURS[nth % len(CONDITION_COLOURS)]
