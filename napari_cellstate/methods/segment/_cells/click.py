"""A click to a mask, and where the net hesitates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.cells.crops import nearest
from napari_cellstate.learn.cells.heads import DIAMETER
from napari_cellstate.methods.segment._cells.decode import sigmoid
from napari_cellstate.methods.segment._cells.predict import Prediction

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

_LEVELS = 1024
_DEPTH = 0.07
_REACH = 0.25  # of the diameter: how far a click may lie from the cell that is meant
_SCORES = (0.0, -1.0, -2.0, -3.0)  # of the head "cell": what counts as cell, less and less strictly
_LEAST = 0.1  # of the area of a typical cell
_MOST = 6.0


def mask_at(prediction: Prediction, labels: NDArray[np.integer], y: float, x: float) -> Mask:
    """The cell that a click means.

    Parameters
    ----------
    prediction : of the frame.
    labels : (Y, X), the cells that are there already; none of their pixels is taken.
    y, x : of the click, px.

    Returns
    -------
    (Y, X) bool, connected: the hill of the net's maps under the click among pixels without a label, with ever less
    certain pixels until it has a size that a cell can have; where the net sees nothing at all, a disc of a typical
    cell. Empty where the click hits a cell that is there already.

    Raises
    ------
    InputError
        The click lies outside of the frame, or the labels are of another frame.
    """
    rows, columns = prediction.shape
    if labels.shape != prediction.shape:
        raise InputError(f"mask_at: labels of {labels.shape} px; expected {prediction.shape}, as the frame")
    if not (0 <= round(y) < rows and 0 <= round(x) < columns):
        raise InputError(f"mask_at: click at y {y:g}, x {x:g}; expected a place in the frame of {rows} x {columns} px")
    if labels[round(y), round(x)]:
        return np.zeros(prediction.shape, bool)
    height, width = prediction.maps["cell"].shape
    at = min(int((y + 0.5) * height / rows), height - 1), min(int((x + 0.5) * width / columns), width - 1)
    free = nearest(np.asarray(labels, np.int32), height, width) == 0
    hill, score = _hill(prediction, free, at)
    return _enlarged(hill, score, prediction, labels, (round(y), round(x)))


def _hill(prediction: Prediction, free: Mask, at: tuple[int, int]) -> tuple[Mask, Floats]:
    """The hill under a place, in the net's size, and a score above 0 in it."""
    from napari_cellstate.methods.segment._cells.flood import flood

    maps = prediction.maps
    cell, area = maps["cell"], np.pi / 4 * DIAMETER**2
    height = np.asarray(0.7 * maps["centre"] + 0.15 * maps["distance"], np.float32)
    for least in _SCORES:
        hills = flood(height, (cell > least) & free, _DEPTH, _LEVELS)
        own = _nearest_label(hills, at)
        mask = hills == own
        if own and _LEAST * area < np.count_nonzero(mask) < _MOST * area:
            return mask, np.where(mask, cell - np.float32(least), np.float32(-1))
    y, x = np.ogrid[: cell.shape[0], : cell.shape[1]]
    inside = (DIAMETER / 2) ** 2 - (y - at[0]) ** 2 - (x - at[1]) ** 2
    disc = (inside > 0) & free
    return disc, np.where(disc, inside, -1).astype(np.float32)


def _nearest_label(hills: NDArray[np.int32], at: tuple[int, int]) -> int:
    """The label at a place, or the nearest one within reach; 0 for none."""
    if hills[at]:
        return int(hills[at])
    reach = int(np.ceil(_REACH * DIAMETER))
    top, left = max(at[0] - reach, 0), max(at[1] - reach, 0)
    part = hills[top : at[0] + reach + 1, left : at[1] + reach + 1]
    y, x = np.nonzero(part)
    away = np.hypot(y + top - at[0], x + left - at[1])
    if not len(away) or away.min() > reach:
        return 0
    first = int(np.argmin(away))
    return int(part[y[first], x[first]])


def _enlarged(
    hill: Mask, score: Floats, prediction: Prediction, labels: NDArray[np.integer], click: tuple[int, int]
) -> Mask:
    """A mask in the frame's size: the connected part nearest to the click, without pixels of other cells, no holes."""
    from scipy.ndimage import binary_fill_holes, label

    from napari_cellstate.methods.segment._cells.tidy import enlarged

    large: Mask = np.asarray((enlarged(hill.astype(np.int32), score, *prediction.shape) > 0) & (labels == 0))
    parts, count = label(large)
    if count == 0:
        large[click] = labels[click] == 0
        return large
    if count > 1:
        y, x = np.nonzero(parts)
        nearest_part = np.argmin(np.hypot(y - click[0], x - click[1]))
        large = parts == parts[y[nearest_part], x[nearest_part]]
    return np.asarray(binary_fill_holes(large) & (labels == 0))


def uncertainty(prediction: Prediction) -> Floats:
    """How much the net hesitates around each pixel of the frame, (Y, X) float32 from 0 (sure) to 1.

    Notes
    -----
    4 p (1 - p) of being in a cell, averaged over half a cell: every outline is a thin doubtful line, which says little;
    a doubtful cell, or an outline that may run elsewhere, is a doubtful area.
    """
    return _in_frame(_doubt(prediction), prediction.shape)


def _doubt(prediction: Prediction) -> Floats:
    from scipy.ndimage import gaussian_filter

    share = sigmoid(prediction.maps["cell"])
    return np.asarray(gaussian_filter(4 * share * (1 - share), DIAMETER / 4), np.float32)


def _in_frame(values: Floats, shape: tuple[int, int]) -> Floats:
    import torch

    from napari_cellstate.learn.cells.picture import resized

    return np.asarray(resized(torch.from_numpy(values)[None, None], *shape)[0, 0].numpy().clip(0, 1))
