"""A frame to what the net says about it, once its cells have the size that the net knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_cellstate.core.movie import Array
from napari_cellstate.learn.cells.heads import DIAMETER, places
from napari_cellstate.learn.cells.picture import channels, levelled, resized
from napari_cellstate.methods.segment._cells.decode import DECODERS, Maps, sigmoid
from napari_cellstate.methods.segment._cells.model import CellNet

if TYPE_CHECKING:
    from napari_cellstate.methods.segment._cells.ask import Places

Floats = NDArray[np.float32]
DECODER = "flow"
"""The decoder in use; see docs/decisions/0081."""
_MOST_PIXELS = 4096**2
_LADDER = (0.25, 0.5, 1.0, 2.0)
_LOOK = 448  # px, side of what is looked at to find the size of cells
_FAR_OFF = 0.15  # probability that a factor of e between a cell's size and the net's is worth
_FEW = 40  # px of cells below which nothing is said about their size


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a net says about a frame.

    Attributes
    ----------
    maps : heads by name, (Y', X') or (2, Y', X') float32 in the net's size, scores before the sigmoid for cell, edge.
    shape : (Y, X) of the frame, px.
    diameter : px of the frame, that the frame was resized by.
    """

    maps: Maps
    shape: tuple[int, int]
    diameter: float

    def labels(self, decoder: str = DECODER) -> NDArray[np.uint32]:
        """Cells of the frame, (Y, X) uint32, numbered from 1 in the order of their first pixel."""
        from napari_cellstate.methods.segment._cells.tidy import enlarged

        if not all(self.shape):
            return np.zeros(self.shape, np.uint32)
        found = DECODERS[decoder](self.maps)
        return enlarged(found, self.maps["cell"], *self.shape)

    @cached_property
    def places(self) -> Places:
        """Where cells may be, found or missed; looked for once."""
        from napari_cellstate.methods.segment._cells.ask import possible_cells

        return possible_cells(self.maps, self.shape)

    def probability(self) -> Floats:
        """Probability of each pixel to be in a cell, in the net's size."""
        return sigmoid(self.maps["cell"])


def predict(model: CellNet, image: Array, diameter: float) -> Prediction:
    """Look at a frame.

    Parameters
    ----------
    image : (Y, X), any real dtype, finite.
    diameter : px, of a typical cell; 0 estimates it from this frame.
    """
    wide = diameter or estimate(model, [image]) or DIAMETER
    factor = DIAMETER / wide
    height, width = image.shape
    factor = min(factor, math.sqrt(_MOST_PIXELS / max(height * width, 1)))
    maps = _maps_at(model, levelled(image), factor)
    return Prediction(maps, (height, width), wide)


def _maps_at(model: CellNet, image: Floats, factor: float) -> dict[str, Floats]:
    height, width = (max(1, round(n * factor)) for n in image.shape)
    if not image.size:
        return {name: np.zeros((n.stop - n.start, 0, 0), np.float32) for name, n in places().items()}
    picture = channels(resized(torch.from_numpy(image)[None, None], height, width))
    said = _smooth(model.maps(picture)).numpy()
    cut = {name: said[at] for name, at in places().items()}
    return {name: np.ascontiguousarray(one if len(one) > 1 else one[0]) for name, one in cut.items()}


def _smooth(maps: torch.Tensor) -> torch.Tensor:
    """Binomial blur of 3 px: the net makes 2 x 2 px at once, and they do not quite agree."""
    for across in (False, True):
        pad = (1, 1, 0, 0) if across else (0, 0, 1, 1)
        wide = torch.nn.functional.pad(maps[None], pad, mode="replicate")[0]
        if across:
            maps = (wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]) / 4
        else:
            maps = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return maps


def estimate(model: CellNet, images: Sequence[Array]) -> float:
    """Diameter of a typical cell, px of the images; 0 where no cells are seen.

    Each is looked at in four sizes. The net is surest of its pixels where cells have the size that it learnt from, and
    says itself how much larger or smaller they are: the best of the four is looked at twice more, in the size that it
    calls for.
    """
    found = [one for one in (_estimate(model, image) for image in images) if one]
    return float(np.median(found)) if found else 0.0


def _estimate(model: CellNet, image: Array) -> float:
    if not image.size or image.min() == image.max():
        return 0.0
    even = levelled(image)
    best, most = 0.0, 0.0
    for factor in _LADDER:
        size, sure = _seen_size(model, even, factor)
        if sure - _FAR_OFF * abs(size) > most:
            best, most = DIAMETER * math.exp(size) / factor, sure - _FAR_OFF * abs(size)
    for _ in range(2 if best else 0):
        size, _sure = _seen_size(model, even, DIAMETER / best)
        best *= math.exp(size)
    return best


def _seen_size(model: CellNet, image: Floats, factor: float) -> tuple[float, float]:
    """Log of the typical diameter over the net's in an image enlarged by a factor, and how sure it is of its pixels.

    The latter is the mean probability of those in cells, 0 where there are hardly any.
    """
    reach = math.ceil(_LOOK / factor)
    corner = [max((n - reach) // 2, 0) for n in image.shape]
    part = image[corner[0] : corner[0] + reach, corner[1] : corner[1] + reach]
    if min(part.shape) * factor < 16:
        return 0.0, 0.0
    maps = _maps_at(model, np.ascontiguousarray(part), factor)
    inside = maps["cell"] > 0
    if np.count_nonzero(inside) < _FEW:
        return 0.0, 0.0
    size = maps["size"][inside].astype(np.float64)
    # A large cell has many pixels: each counts as its share of a cell.
    order, weight = np.argsort(size), np.exp(-2 * size)
    total = np.cumsum(weight[order])
    return float(size[order][np.searchsorted(total, total[-1] / 2)]), float(sigmoid(maps["cell"][inside]).mean())
