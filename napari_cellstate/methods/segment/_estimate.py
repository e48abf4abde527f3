"""What a few frames tell about the cells: brighter or darker than the background, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.movie import Array
from napari_cellstate.methods.segment._levels import centre, foreground, thinned
from napari_cellstate.methods.segment._prepare import prepared
from napari_cellstate.methods.segment._tidy import highest_in
from napari_cellstate.methods.segment._watershed import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMOOTHING = 1.0
_NARROWEST = 5.0  # px; anything smaller has no shape, and is noise or dirt unless the user says otherwise
_SMALLEST = 28  # px^2, a disc of 6 px
_NECK = 0.85
_CONTRAST = 6.0  # spreads
_STANDS_OUT = 8.0  # spreads
_CLEARLY = 1.25


def darker(images: Sequence[Array]) -> bool:
    """Whether the cells are darker than the background: the histogram's tail is longer on their side.

    Bright unless dark is clearly more likely and clearly there: most movies show fluorescence or phase shifts, and
    a dark corner is no cell.
    """
    tails = np.array([[_tail(image, dark=False), _tail(image, dark=True)] for image in images])
    bright, dark = np.median(tails, axis=0)
    return bool(dark > max(_CLEARLY * bright, _STANDS_OUT))


def _tail(image: Array, *, dark: bool) -> float:
    """How far the highest thousandth of the signal lies above its middle, in spreads."""
    signal = prepared(image, _SMOOTHING, dark=dark)
    sample = thinned(signal)
    middle, noise = centre(sample)
    return float(np.quantile(sample, 0.999) - middle) / max(noise, 1e-6)


def diameter(images: Sequence[Array], rule: str, *, dark: bool) -> float:
    """Typical width of a cell, px; 0 where there are no cells.

    The first guess comes from Otsu's threshold, which needs no size; `rule` may need one, and sees more of the
    cells, so the second comes from what it finds with the first. Cells count by their width: a few large things
    or much debris move the middle little.
    """
    guess = 0.0
    for step in ("otsu", rule):
        found = [_widths(image, step, guess, dark=dark) for image in images]
        width = np.sort(np.concatenate(found))
        if not len(width):
            return guess
        guess = float(width[np.searchsorted(np.cumsum(width), width.sum() / 2)])
    return guess


def _widths(image: Array, rule: str, guess: float, *, dark: bool) -> NDArray[np.float64]:
    """Width of each cell of an image: that of the largest disc in it, so two that touch are not one wide cell."""
    signal = prepared(image, _SMOOTHING, dark=dark)
    mask, level = foreground(signal, rule, guess)
    if not mask.any() or mask.all():
        return np.empty(0)
    parts, width = split(mask, guess, _NECK)
    n = len(width) - 1
    cell = level.is_cell(highest_in(parts, signal, n), _CONTRAST)
    cell &= (np.bincount(parts.ravel(), minlength=n + 1) >= _SMALLEST) & (width >= _NARROWEST)
    cell[0] = False
    return width[cell]
