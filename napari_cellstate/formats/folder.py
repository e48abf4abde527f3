"""A folder of numbered images, one plane each: frames in the order of the last number in their names."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array, FrameSource
from napari_cellstate.formats import png, tiff
from napari_cellstate.formats.format import Format, choose_position, no_stack, reading

_PLANES = (tiff.FORMAT, png.FORMAT)
_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_LISTED = 10


class FolderMovie:
    """A folder of images, such as ``img_0001.png`` or the Cell Tracking Challenge's ``t000.tif``, ``mask000.tif``.

    Frame 0 is the image with the lowest number. See `core.movie.FrameSource` for the attributes.
    """

    def __init__(self, path: Path, *, axes: str = "") -> None:
        if axes.upper() not in ("", "TYX"):
            raise InputError(f"{path}: axes {axes!r}; a folder of images is TYX, one image a frame")
        with reading(str(path)):
            self._files = _in_order(path)
        first = _plane(self._files[0])
        for file in self._files[1:]:
            _check_alike(_plane(file), file, first, self._files[0])
        self.shape = (len(self._files), 1, *first.shape[2:])
        self.dtype = first.dtype
        self.axes_named = True
        self.dt_s: float | None = None
        self.pixel_size_um: float | None = None
        self.times_s: tuple[float, ...] = ()
        self.channels: tuple[str, ...] = ("channel 0",)

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored."""
        file = self._files[t]
        try:
            if not file.is_file():
                raise InputError(f"{file}: the file is gone; put it back")
            with closing(_format_of(file).open(file, axes="", time_given=True)) as source:
                return source.read(0, c)
        except InputError as error:
            raise InputError(f"frame {t}: {error}") from error

    def close(self) -> None:
        """Nothing stays open."""


def _format_of(file: Path) -> Format:
    return next(one for one in _PLANES if one.accepts(file))


def _plane(file: Path) -> FrameSource:
    """An image of the folder, closed again: only what is known about it is wanted."""
    source = _format_of(file).open(file, axes="", time_given=True)
    source.close()
    if source.shape[:2] != (1, 1):
        raise InputError(
            f"{file}: {source.shape[0]} frames and {source.shape[1]} channels; "
            "expected one plane in each image of a folder; add the file by itself"
        )
    return source


def _check_alike(plane: FrameSource, file: Path, first: FrameSource, first_file: Path) -> None:
    found, expected = (f"{one.shape[2:]} (Y, X) of {one.dtype}" for one in (plane, first))
    if found != expected:
        raise InputError(f"{file}: {found}; expected {expected} as in {first_file.name}; all frames must be alike")


def _in_order(path: Path) -> list[Path]:
    """The images of a folder by number; the numbers must be without a hole and the names alike."""
    images = sorted(
        file for file in path.iterdir() if not file.name.startswith(".") and any(one.accepts(file) for one in _PLANES)
    )
    if not images:
        inside = sorted(item.name for item in path.iterdir())
        raise InputError(
            f"{path}: no images in this folder; expected numbered TIFF or PNG files such as t000.tif; "
            f"found: {', '.join(inside[:_LISTED]) or 'nothing'}"
        )
    numbered: dict[int, Path] = {}
    patterns: Counter[str] = Counter()
    for file in images:
        match = _LAST_NUMBER.search(file.stem)
        if match is None:
            raise InputError(f"{file}: no number in the name; expected the frame number, such as t000.tif")
        patterns[f"{file.stem[: match.start()]}#{file.stem[match.end() :]}{file.suffix}"] += 1
        other = numbered.setdefault(int(match[1]), file)
        if other is not file and len(patterns) == 1:
            raise InputError(f"{path}: {other.name} and {file.name} have the same number; expected one image a frame")
    if len(patterns) > 1:
        listed = ", ".join(f"{pattern} ({n} files)" for pattern, n in list(patterns.items())[:_LISTED])
        more = ", ..." if len(patterns) > _LISTED else ""
        raise InputError(
            f"{path}: images of {len(patterns)} kinds: {listed}{more}; expected names that differ in their last "
            "number alone; put each kind into a folder of its own"
        )
    _check_no_hole(path, sorted(numbered))
    return [numbered[number] for number in sorted(numbered)]


def _check_no_hole(path: Path, numbers: list[int]) -> None:
    missing = [str(n) for a, b in pairwise(numbers) for n in range(a + 1, min(b, a + 1 + _LISTED))]
    count = numbers[-1] - numbers[0] + 1 - len(numbers)
    if count:
        more = f" and {count - _LISTED} more" if count > _LISTED else ""
        raise InputError(
            f"{path}: images number {', '.join(missing[:_LISTED])}{more} are missing ({len(numbers)} files, numbers "
            f"{numbers[0]} to {numbers[-1]}); add them, or number the files without a hole"
        )


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> FolderMovie:
    choose_position([""], position, str(path))
    no_stack(project, str(path), "a folder of images")
    return FolderMovie(path, axes=axes)


FORMAT = Format(
    "folder of images",
    "a folder of numbered *.tif or *.png",
    lambda path: path.is_dir() and path.suffix.lower() not in (".zarr", ".cellstate"),
    _open,
)
