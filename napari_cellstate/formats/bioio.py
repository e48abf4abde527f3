"""Every other format through the package bioio, if it and a reader for the format are installed.

Readers of some formats (CZI, LIF) are under the GPL: they are the user's to install, never a dependency of this one.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.core.times import median_interval
from napari_cellstate.formats.axes import lay_out
from napari_cellstate.formats.calibration import from_ome, micrometres, square
from napari_cellstate.formats.format import Format, choose_position, reading

_NOT_OURS = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".xml", ".geff", ".json", ".toml", ".h5ad", ".pdf", ".py")
_READERS = {
    ".czi": "bioio-czi",
    ".lif": "bioio-lif",
    ".dv": "bioio-dv",
    ".sld": "bioio-sldy",
    ".oir": "bioio-bioformats",
    ".vsi": "bioio-bioformats",
    ".lsm": "bioio-bioformats",
    ".ims": "bioio-bioformats",
    ".stk": "bioio-bioformats",
}


class BioioMovie:
    """One scene of a file, read plane by plane. See `core.movie.FrameSource` for the attributes."""

    def __init__(
        self,
        path: Path,
        *,
        axes: str = "",
        time_given: bool = False,
        position: int | None = None,
        project: str = "",
    ) -> None:
        where = str(path)
        if axes:
            raise InputError(f"{where}: axes {axes!r}; bioio names those of this format itself; leave --axes out")
        with reading(where):
            self._image = _image(path)
            scenes = [str(name) for name in self._image.scenes]
        chosen = choose_position(scenes, position, where)
        with reading(where):
            self._image.set_scene(chosen)
            found = {str(axis): int(n) for axis, n in zip(self._image.dims.order, self._image.shape, strict=True)}
        letters = "".join(found)
        layout = lay_out(
            letters, (tuple(found.values()),), axes="", time_given=time_given, where=where, project=project
        )
        self._path, self._layout, self._order = where, layout, letters
        self._leading = tuple(n for axis, n in found.items() if axis not in "YX")
        self.shape = layout.shape
        self._pixels = np.dtype(self._image.dtype)
        self.dtype = layout.pixels(self._pixels)
        self.axes_named = layout.named
        with reading(where):
            size = self._image.physical_pixel_sizes
            self.pixel_size_um = square(micrometres(size.X or 0, "um"), micrometres(size.Y or 0, "um"), where)
            names = tuple(str(name) for name in (self._image.channel_names or ()))
        self.times_s, dt_s = _times(self._image, where, chosen, self.shape[0])
        self.dt_s = dt_s or median_interval(self.times_s)
        n = self.shape[1]
        self.channels = names if len(names) == n and all(names) else tuple(f"channel {c}" for c in range(n))

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored, or the projection of a z-stack."""
        with reading(f"{self._path}, frame {t}, channel {c}"):
            return self._layout.read(t, c, self._plane)

    def _plane(self, number: int) -> Array:
        at = np.unravel_index(number, self._leading) if self._leading else ()
        letters = [axis for axis in self._order if axis not in "YX"]
        chosen = {axis: int(n) for axis, n in zip(letters, at, strict=True)}
        plane = self._image.get_image_dask_data("YX", **chosen).compute(scheduler="synchronous")
        return np.asarray(plane).astype(self._pixels, copy=False)

    def close(self) -> None:
        """Nothing stays open."""


def hint(path: Path) -> str:
    """What a user can do about a file that no format of ours accepts, "" for nothing."""
    if not path.is_file() or path.suffix.lower() in _NOT_OURS:
        return ""
    reader = _READERS.get(path.suffix.lower(), "and its reader for the format")
    return f"; other formats are read through bioio: pip install bioio {reader}"


def _installed() -> bool:
    return importlib.util.find_spec("bioio") is not None


def _takes(path: Path) -> bool:
    """Whether an installed reader says that it reads files with this ending."""
    if not path.is_file() or not path.suffix or path.suffix.lower() in _NOT_OURS or not _installed():
        return False
    known = importlib.import_module("bioio.plugins").get_plugins(use_cache=True)
    return any(path.name.lower().endswith(str(ending).lower()) for ending in known)


def _image(path: Path) -> Any:
    """Open a file with whatever reader is installed for it."""
    package, problems = (importlib.import_module(name) for name in ("bioio", "bioio_base.exceptions"))
    try:
        return package.BioImage(str(path))
    except problems.UnsupportedFileFormatError:
        raise InputError(
            f"{path}: no reader of bioio can open it, whatever its ending says; save it as OME-TIFF"
        ) from None


def _times(image: Any, where: str, scene: int, frames: int) -> tuple[tuple[float, ...], float | None]:
    """True times of the frames from the OME metadata that some readers make, and the interval; () and None without."""
    try:
        found = from_ome(image.ome_metadata.to_xml(), where, scene)
    except (NotImplementedError, AttributeError, ValueError, TypeError, KeyError):  # what readers have differs
        return (), _interval(image)
    return (found.times_s if len(found.times_s) == frames else ()), found.dt_s or _interval(image)


def _interval(image: Any) -> float | None:
    value = getattr(image, "time_interval", None)
    spent = getattr(value, "total_seconds", None)
    number = float(spent()) if spent is not None else float("nan")
    return number if np.isfinite(number) and number > 0 else None


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> BioioMovie:
    return BioioMovie(path, axes=axes, time_given=time_given, position=position, project=project)


def _positions(path: Path) -> list[str]:
    with reading(str(path)):
        return [str(name) for name in _image(path).scenes]


FORMAT = Format(
    "bioio",
    "whatever bioio reads (CZI, LIF, ...), where it is installed",
    _takes,
    _open,
    _positions,
)
