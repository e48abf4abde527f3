"""Where background ends: thresholds of a smoothed signal, and whether there is anything above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.methods.segment._coarse import every, spread, stride
from napari_cellstate.methods.segment._prepare import Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 4096
_SAMPLE = 1 << 17
_APART = 3.0
_RARE = 4.0
_NEIGHBOURHOOD = 1.5  # diameters


@dataclass(frozen=True)
class Level:
    """A cut between background and cells.

    Attributes
    ----------
    cut : pixels above it may belong to cells.
    background : level of the background.
    noise : spread of the background (standard deviation if it were normal), 0 where it is constant.
    """

    cut: float
    background: float
    noise: float

    def is_cell(self, peak: NDArray[np.float64], contrast: float) -> NDArray[np.bool_]:
        """Whether the brightest pixel of an object stands out from the background by so many noise spreads."""
        return np.asarray((peak > self.cut) & (peak - self.background > contrast * self.noise))


def find_level(signal: Signal, rule: str) -> Level:
    """Cut a signal by "otsu" or "li", or from the noise of the background where such a cut lies within it.

    Notes
    -----
    Any histogram can be cut in two. The cut is believed where it lies three noise spreads above the background
    below it: the halves of noise alone are about one spread apart. If it is not believed, cells are few or
    absent, the whole image is a fair sample of background, and the cut is four of its spreads above.
    """
    counts, values = histogram(signal)
    cut = otsu(counts, values) if rule == "otsu" else li(counts, values)
    sample = thinned(signal)
    background, noise = centre(sample[sample <= cut])
    if cut - background < _APART * noise:
        background, noise = centre(sample)
        cut = background + _RARE * noise
    return Level(cut, background, noise)


def foreground(signal: Signal, rule: str, diameter: float) -> tuple[NDArray[np.bool_], Level]:
    """Pixels that may belong to cells, by "otsu", "li" or "local".

    Notes
    -----
    The local cut is the mean of the neighbourhood, a square of one and a half diameters: high beside a bright
    cell and low beside a faint one. Far from cells that mean is the background itself, so the cut stays at least
    half as high as Li's, and three noise spreads above the background.
    """
    level = find_level(signal, "otsu" if rule == "otsu" else "li")
    if rule != "local":
        return signal > level.cut, level
    from scipy.ndimage import uniform_filter

    lowest = level.background + max((level.cut - level.background) / 2, _APART * level.noise)
    step = stride(diameter)
    size = 2 * round(_NEIGHBOURHOOD * diameter / step / 2) + 1
    nearby = uniform_filter(uniform_filter(every(signal, step), size), size)
    cut = spread(np.maximum(nearby, np.float32(lowest)), step, signal.shape)
    return signal > cut, Level(lowest, level.background, level.noise)


def thinned(signal: Signal) -> NDArray[np.float32]:
    """At most some 10^5 pixels on a regular grid: enough for a median."""
    step = max(1, int(np.ceil(np.sqrt(signal.size / _SAMPLE))))
    return signal[::step, ::step].ravel()


def centre(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median, and the spread by the median absolute deviation."""
    if not values.size:
        return 0.0, 0.0
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


def histogram(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts and middles of 4096 equal bins; a constant signal has one."""
    low, high = float(signal.min()), float(signal.max())
    if high <= low:
        return np.array([float(signal.size)]), np.array([low])
    scale = _BINS / (high - low)
    nth = np.minimum(((signal - np.float32(low)) * np.float32(scale)).astype(np.int32), _BINS - 1)
    counts = np.bincount(nth.ravel(), minlength=_BINS).astype(np.float64)
    return counts, np.asarray(low + (np.arange(_BINS) + 0.5) / scale, np.float64)


def otsu(counts: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Cut with the largest variance between the two sides (Otsu 1979, doi:10.1109/TSMC.1979.4310076)."""
    if len(counts) < 2:
        return float(values[0])
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * values)
    apart = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
    best = int(np.argmax(below * above * apart**2))
    return float((values[best] + values[best + 1]) / 2)


def li(counts: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Cut with the smallest cross entropy (Li and Tam 1998, doi:10.1016/S0167-8655(98)00057-9)."""
    if len(counts) < 2:
        return float(values[0])
    from_zero = values - values[0] + (values[1] - values[0]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * from_zero)
    cut = float(sums[-1] / below[-1])
    for _ in range(100):
        nth = min(max(int(np.searchsorted(from_zero, cut, side="right")) - 1, 0), len(counts) - 2)
        low = sums[nth] / below[nth]
        high = (sums[-1] - sums[nth]) / (below[-1] - below[nth])
        new = float((high - low) / np.log(high / low))
        if abs(new - cut) < (values[1] - values[0]) / 4:
            break
        cut = new
    return float(new + values[0] - from_zero[0])
