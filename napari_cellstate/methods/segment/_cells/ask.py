"""Which cell a person should be asked about: the one that stands for most of what the net is unsure of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.learn.cells.heads import DIAMETER
from napari_cellstate.methods.segment._cells.decode import Maps, sigmoid

if TYPE_CHECKING:
    from napari_cellstate.methods.segment._cells.predict import Prediction

Numbers = NDArray[np.float64]

_POSSIBLE = -2.2  # of the head "cell", a probability of 0.1: a missed cell is a place too
_LEAST = 0.1  # of the area of a typical cell
_MOST = 2000
_SAME = 0.05
"""Least spread of a description over all places: descriptions are of order 1, and less than this says nothing."""
_ODD = 4.0
"""Spreads from the median at which a description ends: an odd place is far from the rest, not infinitely far."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where cells may be in a frame.

    Attributes
    ----------
    at : (n, 2), y and x, px of the frame: the pixel deepest inside.
    doubt : (n,), mean of 4 p (1 - p) of being in a cell, from 0 (sure) to 1.
    looks : (n, descriptions), what the net says about each.
    cut : (n,), at the border of the frame.
    """

    at: NDArray[np.int64]
    doubt: Numbers
    looks: Numbers
    cut: NDArray[np.bool_]


def where_next(
    predictions: dict[int, Prediction], seen: dict[int, NDArray[np.bool_]] | None = None
) -> tuple[int, int, int, float] | None:
    """Frame and place where a click helps most.

    Parameters
    ----------
    predictions : by frame.
    seen : by frame, (Y, X) True where a person has looked already.

    Returns
    -------
    frame, y, x (px), and the mean doubt there; None where everything was seen.

    Notes
    -----
    Of all places that may be a cell, the one that brings most doubt nearer to a place that was seen: the largest sum of
    doubt_j * max(0, d_j - d_ij) over all places j, where d_ij is how differently the net describes i and j, and d_j the
    least of these over the places seen (greedy facility location). So the first place stands for many doubtful
    ones, the second for those that are unlike the first; the same cell in another frame brings nothing new.
    """
    shown = seen or {}
    found = {frame: one.places for frame, one in predictions.items()}
    frames = np.repeat(list(found), [len(one.at) for one in found.values()])
    if not len(frames):
        return None
    at, doubt, looks = (
        np.concatenate([getattr(one, name) for one in found.values()]) for name in ("at", "doubt", "looks")
    )
    known = np.array([frame in shown and shown[frame][y, x] for frame, (y, x) in zip(frames, at, strict=True)], bool)
    kept = _thinned(doubt)
    if known[kept].all():
        return None
    gain = _gain(looks[kept], doubt[kept], known[kept])
    best = kept[int(np.argmax(np.where(known[kept], -1.0, gain)))]
    return int(frames[best]), int(at[best, 0]), int(at[best, 1]), float(doubt[best])


def possible_cells(maps: Maps, shape: tuple[int, int]) -> Places:
    """Every place of a frame that may be a cell, found or missed.

    Parameters
    ----------
    maps : of a `Prediction`.
    shape : (Y, X) of its frame, px.

    Notes
    -----
    Told apart by the flow, as cells are, among all pixels that are in a cell with a probability above 0.1. Described by
    log area, log elongation, the means of probability, doubt and the head "centre", and how crowded it is: the share of
    cells in the square of two diameters around.
    """
    from scipy.ndimage import uniform_filter

    from napari_cellstate.methods.segment._cells.follow import follow

    height, width = maps["cell"].shape
    if not height * width:
        return Places(np.zeros((0, 2), np.int64), np.zeros(0), np.zeros((0, 6)), np.zeros(0, bool))
    labels = follow(maps["flow"], maps["cell"] > _POSSIBLE, 2.5, 6, 3)
    cut = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    labels = labels.ravel()
    area = np.bincount(labels)
    large = area > _LEAST * np.pi / 4 * DIAMETER**2
    large[0] = False
    pixels = np.flatnonzero(large[labels])
    cell, of = (np.cumsum(large) - 1)[labels[pixels]], area[large]

    def mean(values: NDArray[np.floating]) -> Numbers:
        return np.asarray(np.bincount(cell, values, len(of)) / of)

    share = sigmoid(maps["cell"])
    crowd = uniform_filter(share, round(2 * DIAMETER), mode="nearest").ravel()[pixels]
    p = share.ravel()[pixels].astype(np.float64)
    doubt = mean(4 * p * (1 - p))
    y, x = np.divmod(pixels, width)
    looks = (np.log(of), _elongation(y, x, mean), mean(p), doubt, mean(maps["centre"].ravel()[pixels]), mean(crowd))
    deepest = np.lexsort((maps["distance"].ravel()[pixels], cell))[np.cumsum(of) - 1]
    at = (np.stack((y, x), 1)[deepest] + 0.5) * (np.array(shape) / (height, width))
    at = np.minimum(at.astype(np.int64), np.array(shape) - 1)
    return Places(at, doubt, np.stack(looks, 1), np.isin(np.flatnonzero(large), cut))


def _elongation(y: NDArray[np.integer], x: NDArray[np.integer], mean: Callable[[Numbers], Numbers]) -> Numbers:
    """Log of long over short axis of the ellipse of equal second moments, of each place."""
    rows, columns = y.astype(np.float64), x.astype(np.float64)
    across, along = mean(rows), mean(columns)
    yy, xx = mean(rows**2) - across**2, mean(columns**2) - along**2
    yx = mean(rows * columns) - across * along
    middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    # A pixel's own second moment is 1/12: a line of pixels has a width.
    return np.asarray(np.log((middle + apart + 1 / 12) / (np.maximum(middle - apart, 0) + 1 / 12)) / 2)


def _gain(looks: Numbers, doubt: Numbers, known: NDArray[np.bool_]) -> Numbers:
    """Doubt that each place brings nearer to what was seen, (n,)."""
    from scipy.spatial.distance import cdist

    low, middle, high = np.percentile(looks, (25, 50, 75), axis=0)
    spread = np.maximum((high - low) / 1.349, _SAME)  # of a normal law, its standard deviation
    even = np.clip((looks - middle) / spread, -_ODD, _ODD)
    apart = cdist(even, even)
    # Before anything was seen all is equally far: so far that any place is nearer.
    nearest = apart[:, known].min(1) if known.any() else np.full(len(apart), 2 * apart.mean())
    return np.asarray(doubt @ np.maximum(nearest[:, None] - apart, 0))


def _thinned(doubt: Numbers) -> NDArray[np.intp]:
    """All places, or in large frames so many, of every doubt as there are."""
    order = np.argsort(doubt, kind="stable")
    return np.sort(order[:: -(-len(order) // _MOST)])
