"""The ways from a net's maps to labels, all of them compiled; which is the default was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.learn.cells.heads import DIAMETER

Maps = Mapping[str, NDArray[np.float32]]
"""Heads by name, (Y, X), or (2, Y, X) for flow; cell and edge as scores before the sigmoid."""
Labels = NDArray[np.int32]

LEAST_AREA = 0.12
"""Of the area of a typical cell: what touches a cell and is smaller is a crumb of it.

Chosen, as the reach of ends, on images learnt from.
"""
LEAST_ALONE = 0.05
"""The same for what touches no cell."""
LEAST_SURE = 0.6
"""Mean probability of a cell's pixels."""
_LEVELS = 1024


def by_edge(maps: Maps) -> Labels:
    """Cores are pixels in a cell but not at its border; the rest goes by a watershed."""
    from napari_cellstate.methods.segment._cells.flood import flood

    core = sigmoid(maps["cell"]) * (1 - sigmoid(maps["edge"]))
    # Above 0.5 all is core and nothing parts it; below, any two cores are two cells.
    height = np.asarray(np.minimum(2 * core, 1), np.float32)
    return _ready(flood(height, maps["cell"] > 0, 0.2, _LEVELS), maps)


def by_distance(maps: Maps) -> Labels:
    """Hills of the distance to the border of the cell."""
    from napari_cellstate.methods.segment._cells.flood import flood

    return _ready(flood(np.asarray(maps["distance"] / 2, np.float32), maps["cell"] > 0, 0.06, _LEVELS), maps)


def by_centre(maps: Maps) -> Labels:
    """Hills of the bump at the middle of the cell, on those of the distance so that far pixels know where to go."""
    from napari_cellstate.methods.segment._cells.flood import flood

    height = 0.7 * maps["centre"] + 0.15 * maps["distance"]
    return _ready(flood(np.asarray(height, np.float32), maps["cell"] > 0, 0.07, _LEVELS), maps)


def by_flow(maps: Maps) -> Labels:
    """Pixels that follow the arrows to the same middle."""
    from napari_cellstate.methods.segment._cells.follow import follow

    return _ready(follow(maps["flow"], maps["cell"] > 0, 2.5, 6, 3), maps)


DECODERS: dict[str, Callable[[Maps], Labels]] = {
    "edge": by_edge,
    "distance": by_distance,
    "centre": by_centre,
    "flow": by_flow,
}


def sigmoid(score: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probability of a score."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * score)), np.float32)


def _ready(labels: Labels, maps: Maps) -> Labels:
    from napari_cellstate.methods.segment._cells.tidy import filled, tidied

    area = np.pi / 4 * DIAMETER**2
    sure = sigmoid(maps["cell"])
    return filled(tidied(labels, sure, int(LEAST_AREA * area), int(LEAST_ALONE * area), LEAST_SURE), int(area / 4))
