"""PNG: one grey plane."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.formats.axes import lay_out
from napari_cellstate.formats.format import Format, choose_position, no_stack, reading

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"IEND\xaeB`\x82"
_GREY, _PALETTE = 0, 3
_COLOURS = {2: "RGB", 4: "grey with transparency", 6: "RGB with transparency"}
_TAIL = 4096


class PngImage:
    """A PNG as a movie of one frame; an image with a palette (as label images often are) gives its palette numbers.

    See `core.movie.FrameSource` for the attributes.
    """

    def __init__(self, path: Path, *, axes: str = "", time_given: bool = False) -> None:
        self._path = path
        with reading(str(path)):
            height, width, bits = _header(path)
        layout = lay_out("YX", ((height, width),), axes=axes, time_given=time_given, where=str(path))
        self._layout = layout
        self.shape = layout.shape
        self.dtype: np.dtype[Any] = np.dtype(np.uint16 if bits == 16 else np.uint8)
        self.axes_named = True
        self.dt_s: float | None = None
        self.pixel_size_um: float | None = None
        self.times_s: tuple[float, ...] = ()
        self.channels: tuple[str, ...] = ("channel 0",)

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored."""
        from PIL import Image

        self._layout.plane(t, c)
        with reading(str(self._path)):
            try:
                with Image.open(self._path) as image:
                    return np.asarray(image).astype(self.dtype, copy=False)
            except Image.DecompressionBombError as error:
                raise InputError(f"{self._path}: {error}; save it as TIFF") from error

    def close(self) -> None:
        """Nothing stays open."""


def _header(path: Path) -> tuple[int, int, int]:
    """Height, width and bits of a pixel (PNG specification, section 11.2.2); the file must be grey and whole."""
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes); expected a PNG; copy or export it again")
    with path.open("rb") as stream:
        head = stream.read(26)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read()
    if not head.startswith(_SIGNATURE):
        raise InputError(f"{path}: not a PNG (it starts with {head[:4]!r}); expected a PNG by its name")
    if len(head) < 26 or _END not in tail:
        raise InputError(f"{path}: truncated ({size} bytes, without the end mark of a PNG); copy or export it again")
    width, height, bits, colour = struct.unpack(">IIBB", head[16:26])
    if colour not in (_GREY, _PALETTE):
        found = _COLOURS.get(colour, f"colour type {colour}")
        raise InputError(f"{path}: a colour image ({found}); expected one number a pixel; save it as grey")
    return height, width, bits


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> PngImage:
    choose_position([""], position, str(path))
    no_stack(project, str(path), "a PNG")
    return PngImage(path, axes=axes, time_given=time_given)


FORMAT = Format("PNG", "*.png", lambda path: path.is_file() and path.suffix.lower() == ".png", _open)
