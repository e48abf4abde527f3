"""A part of each frame: the region of interest."""

from __future__ import annotations

import re

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array, FrameSource

Roi = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""

_TEXT = re.compile(r"\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*")


class CroppedMovie:
    """The frames of another source, cut to a region. See `core.movie.FrameSource` for the attributes."""

    def __init__(self, source: FrameSource, roi: Roi) -> None:
        self._source, (top, bottom, left, right) = source, roi
        self._part = (slice(top, bottom), slice(left, right))
        self.shape = (*source.shape[:2], bottom - top, right - left)
        self.dtype = source.dtype
        self.axes_named = source.axes_named
        self.dt_s = source.dt_s
        self.pixel_size_um = source.pixel_size_um
        self.channels = source.channels
        self.times_s = source.times_s

    def read(self, t: int, c: int) -> Array:
        """The region of one plane, (Y, X)."""
        return self._source.read(t, c)[self._part]

    def close(self) -> None:
        """Close the file."""
        self._source.close()


def parse_roi(text: str, height: int, width: int) -> Roi:
    """A region from text such as "100:500,200:800": rows, then columns, each from A to before B.

    Raises
    ------
    InputError
        Another form, an empty region, or one that leaves the image.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise InputError(f"--roi {text}: expected rows and columns, Y0:Y1,X0:X1, such as 0:{height},0:{width}")
    top, bottom, left, right = (int(one) for one in found.groups())
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise InputError(f"--roi {text}: expected a region inside {height} x {width} px (rows, then columns)")
    return top, bottom, left, right
