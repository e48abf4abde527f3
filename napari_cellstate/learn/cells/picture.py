"""A picture as the nets for cells see it: two channels, free of the camera's units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW, HIGH = 0.5, 99.8
"""Percentiles that become 0 and 1."""
_COARSE, _WINDOW = 4, 7
_LEAST = 0.05  # of the global contrast: flat parts stay flat


def levelled(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """Percentiles 0.5 and 99.8 become 0 and 1; a constant image becomes 0.

    Parameters
    ----------
    image : (Y, X), any real dtype, finite.
    """
    if image.size == 0:
        return np.zeros(image.shape, np.float32)
    values = image.astype(np.float64) if image.dtype.itemsize > 2 else image.astype(np.float32)
    largest = float(np.abs(values).max())
    if largest > 1e30:
        values = values / largest
    step = max(1, int(np.sqrt(values.size / 250_000)))
    thin = values[::step, ::step]
    low, high = np.percentile(thin, (LOW, HIGH))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(image.shape, np.float32)
    return np.asarray(np.clip((values - low) / (high - low), -1, 4), np.float32)


def resized(image: Tensor, height: int, width: int) -> Tensor:
    """(B, C, Y, X) in another size, without aliasing."""
    if image.shape[-2:] == (height, width):
        return image
    return F.interpolate(image, (height, width), mode="bilinear", align_corners=False, antialias=True)


def channels(image: Tensor) -> Tensor:
    """The two channels of the input from a levelled image.

    Parameters
    ----------
    image : (B, 1, Y, X), cells about `DIAMETER` wide.

    Returns
    -------
    (B, 2, Y, X): the image, and the image over its surroundings (about a cell around each pixel) in units of their
    spread, so that dim cells beside bright ones are seen too.
    """
    mean = _surroundings(image)
    spread = (_surroundings(image.square()) - mean.square()).clamp_min(0)
    whole = image.var((-2, -1), keepdim=True, correction=0)
    return torch.cat((image * 2 - 0.5, 0.7 * (image - mean) / (spread + _LEAST * whole + 1e-5).sqrt()), 1)


def _surroundings(image: Tensor) -> Tensor:
    """Mean over a soft window about `DIAMETER` wide, of what of it lies in the image; on a grid of `_COARSE` px."""
    height, width = image.shape[-2:]
    mean = F.avg_pool2d(image, _COARSE, ceil_mode=True, count_include_pad=False)
    for _ in range(2):
        mean = F.avg_pool2d(mean, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
    size = (mean.shape[-2] * _COARSE, mean.shape[-1] * _COARSE)
    return F.interpolate(mean, size, mode="bilinear", align_corners=False)[..., :height, :width]
