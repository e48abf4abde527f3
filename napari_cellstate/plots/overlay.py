"""A frame of a movie with its cells in the colours of their states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import NO_STATE
from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.captions import draw_scale_bar, draw_time, legend_strip
from napari_cellstate.plots.colours import state_rgb

Array = NDArray[Any]
Image = NDArray[np.uint8]
_LEGIBLE = 640
_LARGEST_SCALE = 8
_FILL = 0.4


def overlay_frame(
    image: Array | None,
    labels: NDArray[np.uint32],
    states: NDArray[np.int64] | Mapping[int, int],
    *,
    limits: tuple[float, float] = (0.0, 255.0),
    legend: Mapping[int, str] | None = None,
    time_text: str = "",
    pixel_size_um: float | None = None,
    scale_bar_um: float | None = None,
    fill: float = _FILL,
    scale: int | None = None,
) -> Image:
    """Paint one frame for a movie file.

    Parameters
    ----------
    image : (Y, X), any real; None draws the cells on black.
    labels : (Y, X), 0 is background.
    states : state of each label: an array indexed by the label, or a mapping; a label that it lacks has no state.
    limits : image values that become black and white; the same for a whole movie, or it flickers.
    legend : name of each state, drawn beneath the image with grey for "no state"; None or empty for none.
    time_text : drawn at the top left.
    pixel_size_um : where known, a scale bar is drawn.
    scale_bar_um : its length; None chooses a round one of at most a quarter of the width.
    fill : how strongly cells are tinted, 0 (outlines only) to 1.
    scale : whole factor by which small images are enlarged; None for the one that gives 640 px or more (8 at most).

    Returns
    -------
    (H, W, 3) uint8; for one movie and one legend always the same size.
    """
    if labels.ndim != 2 or (image is not None and image.shape != labels.shape):
        shape = None if image is None else image.shape
        raise InputError(
            f"overlay: the image has the shape {shape}, its labels {labels.shape}; expected (Y, X), both the same"
        )
    scale = scale or int(np.clip(-(-_LEGIBLE // max(labels.shape)), 1, _LARGEST_SCALE))
    codes, colours = _codes(labels, states)
    grey = np.zeros(labels.shape, np.uint8) if image is None else _stretched(image, limits)
    painted = _enlarged(_tinted(grey, codes, colours, fill), scale)
    edge = _outlines(_enlarged(labels, scale), 2 if max(painted.shape) > 600 else 1)
    painted[edge] = colours[_enlarged(codes, scale)[edge]]
    if time_text:
        painted = draw_time(painted, time_text)
    if pixel_size_um:
        painted = draw_scale_bar(painted, pixel_size_um / scale, scale_bar_um)
    return np.concatenate([painted, legend_strip(legend, painted.shape[1])]) if legend else painted


def contrast_limits(images: Iterable[Array]) -> tuple[float, float]:
    """Limits for a whole movie from a few of its frames: the 0.5 and 99.7 percentiles of their pixels."""
    pixels = [image[:: max(image.shape[0] // 256, 1), :: max(image.shape[1] // 256, 1)].ravel() for image in images]
    values = np.concatenate([np.empty(0), *pixels])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, [0.5, 99.7])
    return float(low), float(high) if high > low else float(low) + 1.0


def _codes(labels: NDArray[np.uint32], states: NDArray[np.int64] | Mapping[int, int]) -> tuple[Image, Image]:
    """What each pixel is (0 background, 1 no state, 1 + state), and the colour of each code."""
    if isinstance(states, Mapping):
        table = np.zeros(max(states, default=0) + 1, np.int64)
        table[list(states)] = list(states.values())
    else:
        table = np.asarray(states, np.int64)
    code = np.append(np.clip(table, NO_STATE, 254) + 1, 1).astype(np.uint8)  # the last is for labels beyond the table
    codes = code[np.minimum(labels, len(code) - 1)]
    codes[labels == 0] = 0
    return codes, np.concatenate([np.zeros((1, 3), np.uint8), state_rgb(int(code.max()) - 1)])


def _stretched(image: Array, limits: tuple[float, float]) -> Image:
    low, high = limits
    stretched = (image.astype(np.float32) - low) * (255.0 / (high - low if high > low else 1.0))
    return np.asarray(np.nan_to_num(np.clip(stretched, 0, 255)), np.uint8)


def _tinted(grey: Image, codes: Image, colours: Image, fill: float) -> Image:
    """Grey pixels mixed with the colour of their code, by a table of all mixtures."""
    shares = np.full((len(colours), 1, 1), fill, np.float32)
    shares[0] = 0.0
    mixed = np.arange(256, dtype=np.float32)[None, :, None] * (1 - shares) + colours[:, None, :] * shares
    table = np.rint(mixed).astype(np.uint8).reshape(-1, 3)
    return np.asarray(np.take(table, codes.astype(np.int32) * 256 + grey, axis=0))


def _enlarged(array: Array, scale: int) -> Array:
    return array if scale == 1 else array.repeat(scale, axis=0).repeat(scale, axis=1)


def _outlines(labels: NDArray[np.uint32], width: int) -> NDArray[np.bool_]:
    """Pixels of a cell that are at most `width` from a pixel that is not of it; the image's border is no outline."""
    edge = np.zeros(labels.shape, bool)
    for step in range(1, width + 1):
        down = labels[step:] != labels[:-step]
        edge[step:] |= down
        edge[:-step] |= down
        across = labels[:, step:] != labels[:, :-step]
        edge[:, step:] |= across
        edge[:, :-step] |= across
    return np.asarray(edge & (labels != 0))
