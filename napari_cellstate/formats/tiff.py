"""TIFF: plain, BigTIFF, OME-TIFF and ImageJ hyperstacks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.formats.axes import lay_out
from napari_cellstate.formats.calibration import Calibration, from_imagej, from_ome
from napari_cellstate.formats.format import Format, choose_position, reading
from napari_cellstate.formats.tiff_check import check_data, check_directories

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPageSeries

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")


@dataclass(frozen=True, eq=False)
class _Stack:
    """The planes of a file, before anyone says what they are.

    Attributes
    ----------
    axes : a letter an axis, as tifffile finds them.
    shapes : shape under `axes`, and the same with axes of length 1.
    pages : one a plane; None for planes that the file announces but does not hold.
    offset : byte where all planes begin, one after the other, or None where they don't.
    """

    axes: str
    shapes: tuple[tuple[int, ...], ...]
    dtype: np.dtype[Any]
    pages: Sequence[Any]
    offset: int | None


class TiffMovie:
    """A TIFF whose planes are read one at a time; the file stays open until `close`.

    See `core.movie.FrameSource` for the attributes. Read it from one thread at a time.
    """

    def __init__(
        self,
        path: Path,
        *,
        axes: str = "",
        time_given: bool = False,
        position: int | None = None,
        project: str = "",
    ) -> None:
        import tifffile

        self._path = path
        with reading(str(path)):
            check_directories(path)
        with ExitStack() as stack:
            with reading(str(path)):
                file = stack.enter_context(tifffile.TiffFile(path))
                found = _find_stack(file, path, position)
            layout = lay_out(
                found.axes, found.shapes, axes=axes, time_given=time_given, where=str(path), project=project
            )
            with reading(str(path)):
                _check_planes(file, found, layout.shape[2:], path)
                calibration = _calibration(file, path, position or 0)
            self._close = stack.pop_all().close
        self._file, self._layout, self._pages, self._offset = file, layout, found.pages, found.offset
        self._stored = found.dtype
        self.shape = layout.shape
        self._pixels = np.dtype(np.uint8) if found.dtype.kind == "b" else found.dtype.newbyteorder("=")
        self.dtype = layout.pixels(self._pixels)
        self.axes_named = layout.named
        self.dt_s = calibration.dt_s
        self.pixel_size_um = calibration.pixel_size_um
        self.times_s = calibration.times_s if len(calibration.times_s) == self.shape[0] else ()
        n = self.shape[1]
        named = len(calibration.channels) == n
        self.channels = calibration.channels if named else tuple(f"channel {c}" for c in range(n))

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored, or the projection of a z-stack."""
        place = "" if self.shape[:2] == (1, 1) else f", frame {t}, channel {c}"
        with reading(f"{self._path}{place}"):
            return self._layout.read(t, c, self._plane)

    def _plane(self, number: int) -> Array:
        if self._offset is None:
            plane = _decode(self._pages[number])
        else:
            pixels = prod(self.shape[2:])
            start = self._offset + number * pixels * self._stored.itemsize
            plane = np.asarray(self._file.filehandle.read_array(self._stored, pixels, start))
        return plane.reshape(self.shape[2:]).astype(self._pixels, copy=False)

    def close(self) -> None:
        """Close the file."""
        self._close()


def _decode(page: Any) -> Array:
    """The pixels of a page; those of a set of several files stay closed, since there may be thousands."""
    handle = page.parent.filehandle
    closed = handle.closed
    if closed:
        handle.open()
    try:
        return np.asarray(page.asarray(maxworkers=1))
    finally:
        if closed:
            handle.close()


def _find_stack(file: TiffFile, path: Path, position: int | None) -> _Stack:
    """The one series of planes in a file, or that of the wanted position."""
    several = list(file.series)
    if len(several) > 1 and (position is not None or several[0].kind == "ome"):
        several = [several[choose_position([series.name for series in several], position, str(path))]]
    elif position is not None:
        choose_position([""], position, str(path))
    first = several[0]
    if first.dtype is None or first.dtype.kind not in "biuf":
        raise InputError(f"{path}: pixels are {first.dtype}; expected whole or real numbers")
    if len(several) > 1:
        return _join(several, path)
    data_type = first.dtype.newbyteorder(file.byteorder)
    full = tuple(int(n) for n in first.get_shape(squeeze=False))
    full_axes = first.get_axes(squeeze=False)
    if full_axes.endswith("S") and full[-1] == 1:
        full = full[:-1]
    shape = tuple(int(n) for n in first.shape)
    return _Stack(first.axes, (shape, full), data_type, first.pages, first.dataoffset)


def _join(several: list[TiffPageSeries], path: Path) -> _Stack:
    """Pages that were written one by one, each as an image of its own: a stack without named axes."""
    kinds = {(series.kind, tuple(series.shape), str(series.dtype)) for series in several}
    first = several[0]
    if len(kinds) > 1 or first.kind == "ome" or first.axes != "YX":
        shapes = ", ".join(str(tuple(series.shape)) for series in several[:5])
        more = ", ..." if len(several) > 5 else ""
        raise InputError(
            f"{path}: {len(several)} images in one file (shapes {shapes}{more}); expected one; "
            "save each position as a file of its own"
        )
    pages = [series.pages[0] for series in several]
    return _Stack("IYX", ((len(several), *first.shape),), first.dtype, pages, None)


def _check_planes(file: TiffFile, found: _Stack, plane: tuple[int, ...], path: Path) -> None:
    """Every plane that the axes promise is there, has that size, and its pixels are inside the file."""
    expected = prod(found.shapes[0]) // prod(plane)
    promised = int((file.imagej_metadata or {}).get("images", 0)) if file.is_imagej else 0
    if promised > expected:
        raise InputError(f"{path}: truncated: {promised} planes are announced, {expected} found; copy it again")
    if found.offset is not None:
        end = found.offset + prod(found.shapes[0]) * found.dtype.itemsize
        check_data(str(path), end, file.filehandle.size)
        return
    if len(found.pages) != expected:
        raise InputError(f"{path}: {len(found.pages)} pages for {expected} planes of {plane}; export it again")
    for number, page in enumerate(found.pages):
        what = f"{path}, plane {number} of {expected} (counted from 0)"
        if page is None:
            raise InputError(f"{what}: announced in the file but missing; are all files of the set there?")
        if tuple(page.shape) != tuple(plane):
            raise InputError(f"{what}: {tuple(page.shape)} pixels; expected {tuple(plane)} (Y, X)")
        ends = [start + size for start, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
        check_data(what, max(ends, default=0), page.parent.filehandle.size)


def _calibration(file: TiffFile, path: Path, position: int) -> Calibration:
    """Scale; plain TIFF resolution is left alone, since it is mostly that of some printer."""
    if file.ome_metadata:
        return from_ome(file.ome_metadata, str(path), position)
    if file.imagej_metadata:
        tags = file.pages.first.tags
        x, y = (tags[name].value if name in tags else (1, 1) for name in ("XResolution", "YResolution"))
        return from_imagej(file.imagej_metadata, x, y, str(path))
    return Calibration()


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> TiffMovie:
    return TiffMovie(path, axes=axes, time_given=time_given, position=position, project=project)


def _positions(path: Path) -> list[str]:
    import tifffile

    with reading(str(path)):
        check_directories(path)
        with tifffile.TiffFile(path) as file:
            series = list(file.series)
    return [one.name for one in series] if len(series) > 1 and series[0].kind == "ome" else [""]


FORMAT = Format(
    "TIFF", "*.tif, *.tiff", lambda path: path.is_file() and path.suffix.lower() in SUFFIXES, _open, _positions
)
