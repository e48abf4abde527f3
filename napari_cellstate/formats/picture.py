"""A single image of any kind, as a movie of one frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array, FrameSource
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.movies import open_movie

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8", ".png", ".jpg", ".jpeg", ".bmp", ".gif")


class Picture:
    """Planes that were read at once; see `core.movie.FrameSource` for the attributes."""

    def __init__(self, planes: Array) -> None:
        self._planes = planes
        self.shape = (1, *planes.shape)
        self.dtype = planes.dtype
        self.axes_named = True
        self.dt_s: float | None = None
        self.pixel_size_um: float | None = None
        self.times_s: tuple[float, ...] = ()
        self.channels = tuple(f"channel {c}" for c in range(len(planes)))

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored."""
        return np.asarray(self._planes[c])

    def close(self) -> None:
        """Nothing stays open."""


def open_picture(path: Path) -> FrameSource:
    """Open an image; colours whose channels are equal, or of a camera, become the mean of red, green and blue.

    Raises
    ------
    InputError
        It cannot be read, or its axes are not those of an image.
    """
    try:
        return open_movie(path, time_given=True)
    except InputError:
        plain = _read(path)
        if plain is None:
            raise
        return Picture(plain)


def _read(path: Path) -> Array | None:
    """(C, Y, X), or None where the file is no plain grey or colour image."""
    from skimage.io import imread

    with reading(str(path)):
        values: Array = np.asarray(imread(path))
    if values.ndim == 2:
        return values[None]
    if values.ndim == 3 and values.shape[-1] in (2, 3, 4):
        colours = values[..., : 3 if values.shape[-1] > 2 else 1]
        if (colours == colours[..., :1]).all():
            return np.ascontiguousarray(colours[None, ..., 0])
        return np.asarray(colours.mean(-1, dtype=np.float32))[None]
    return None
