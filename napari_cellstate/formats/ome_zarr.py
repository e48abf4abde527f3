"""OME-Zarr 0.4 and 0.5: multiscale images, of which the full resolution is used.

https://ngff.openmicroscopy.org/0.5/. A Zarr array by itself is opened too; what its axes are it may say in its
dimension names. Chunks that are missing in such a store stand for background by its own rules, so a store that was
copied in part cannot be told from a dark one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.core.times import median_interval
from napari_cellstate.formats.axes import NAMED, lay_out
from napari_cellstate.formats.calibration import from_ome, micrometres, seconds, square
from napari_cellstate.formats.format import Format, choose_position, reading

if TYPE_CHECKING:
    import zarr

_MARKS = ("zarr.json", ".zgroup", ".zarray")
_OLD_AXES = "TCZYX"  # of versions 0.1 and 0.2, which could not say it


class OmeZarrMovie:
    """One image of an OME-Zarr, read plane by plane.

    See `core.movie.FrameSource` for the attributes.
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
        where = str(path)
        if not is_zarr(path):
            raise InputError(f"{path}: no Zarr group or array in this folder (no {' or '.join(_MARKS)})")
        with reading(where):
            image = _find_image(path, position)
            self._array, letters, scale, units = _full_resolution(image, where)
        array = self._array
        if array.dtype.kind not in "biuf" or array.ndim < 2:
            raise InputError(f"{where}: {array.ndim} axes of {array.dtype}; expected frames of whole or real numbers")
        self._path = path
        self._layout = lay_out(
            letters, (tuple(array.shape),), axes=axes, time_given=time_given, where=where, project=project
        )
        self.shape = self._layout.shape
        self._pixels = np.dtype(np.uint8) if array.dtype.kind == "b" else np.dtype(array.dtype).newbyteorder("=")
        self.dtype = self._layout.pixels(self._pixels)
        self.axes_named = self._layout.named
        y, x = (micrometres(scale.get(axis, 0.0), units.get(axis, "")) for axis in "YX")
        self.pixel_size_um = square(x, y, where)
        self.dt_s = seconds(scale.get("T", 0.0), units.get("T", ""))
        self.times_s = _times(path, image, self.shape[0])
        if self.dt_s is None or self.dt_s == 1.0:  # converters write a scale of 1 where they do not know
            self.dt_s = median_interval(self.times_s) or self.dt_s
        self.channels = _channels(_metadata(image), self.shape[1])

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored, or the projection of a z-stack."""
        with reading(f"{self._path}, frame {t}, channel {c}"):
            return self._layout.read(t, c, self._plane)

    def _plane(self, number: int) -> Array:
        leading = np.unravel_index(number, self._array.shape[:-2]) if self._array.ndim > 2 else ()
        return np.asarray(self._array[tuple(int(n) for n in leading)]).astype(self._pixels, copy=False)

    def close(self) -> None:
        """Nothing stays open."""


def is_zarr(path: Path) -> bool:
    """Whether a folder is the top of a Zarr store."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def _metadata(node: zarr.Group | zarr.Array[Any]) -> Mapping[str, Any]:
    """The attributes that OME-Zarr speaks of: below "ome" since 0.5."""
    attributes = dict(node.attrs)
    inner = attributes.get("ome", attributes)
    return inner if isinstance(inner, Mapping) else {}


def _find_image(path: Path, position: int | None) -> zarr.Group | zarr.Array[Any]:
    import zarr

    top = zarr.open(path, mode="r")
    if isinstance(top, zarr.Array):
        choose_position([""], position, str(path))
        return top
    names = _images(top)
    if not names:
        raise InputError(
            f"{path}: a Zarr group without an image (no multiscales); expected an OME-Zarr image, or give the path of "
            "an array inside it"
        )
    return top[name] if (name := names[choose_position(names, position, str(path))]) else top


def _images(group: zarr.Group) -> list[str]:
    """Paths of all images in a group: itself (""), the series of a converted file, or the fields of a plate."""
    found = _metadata(group)
    if "multiscales" in found:
        return [""]
    if "plate" in found:
        wells = [str(well["path"]) for well in found["plate"]["wells"]]
        return [f"{well}/{field}" for well in wells for field in _fields(group[well])]
    if "well" in found:
        return _fields(group)
    return sorted((name for name in group.group_keys() if name.isdigit()), key=int)


def _fields(well: zarr.Group | zarr.Array[Any]) -> list[str]:
    return [str(image["path"]) for image in _metadata(well)["well"]["images"]]


def _full_resolution(
    image: zarr.Group | zarr.Array[Any], where: str
) -> tuple[zarr.Array[Any], str, dict[str, float], dict[str, str]]:
    """The largest array of an image, a letter for each of its axes, and their scale and unit by letter."""
    import zarr

    if isinstance(image, zarr.Array):
        names = getattr(image.metadata, "dimension_names", None) or ()
        return image, _letters([str(name) for name in names], image.ndim), {}, {}
    several = _metadata(image).get("multiscales") or []
    if not several:
        raise InputError(f"{where}: {image.path or 'the group'} has no multiscales; expected an OME-Zarr image")
    scales = several[0]
    level = scales["datasets"][0]
    array = image[level["path"]]
    if not isinstance(array, zarr.Array):
        raise InputError(f"{where}: {level['path']} is a group; expected the array of the full resolution")
    described = scales.get("axes") or (list(_OLD_AXES.lower()) if array.ndim == len(_OLD_AXES) else [])
    axes = [one if isinstance(one, Mapping) else {"name": one} for one in described]
    letters = _letters([_letter(one) for one in axes], array.ndim)
    factors = np.ones(array.ndim)
    for step in [*level.get("coordinateTransformations", []), *scales.get("coordinateTransformations", [])]:
        if step.get("type") == "scale":
            factors = factors * np.asarray(step["scale"], np.float64)
    units = {letter: str(one.get("unit") or "") for letter, one in zip(letters, axes, strict=False)}
    return array, letters, dict(zip(letters, factors.tolist(), strict=True)), units


def _letter(axis: Mapping[str, Any]) -> str:
    known = {"time": "T", "channel": "C"}
    return known.get(str(axis.get("type", "")), str(axis["name"]))


def _letters(names: list[str], n: int) -> str:
    """One letter an axis; "Q" for those whose names say nothing, but the last two are always Y and X."""
    letters = [name.upper() if name.upper() in tuple(NAMED) else "Q" for name in names]
    if len(letters) != n or len(set(letters)) < n:
        letters = ["Q"] * (n - 2) + ["Y", "X"]
    return "".join(letters)


def _channels(found: Mapping[str, Any], n: int) -> tuple[str, ...]:
    described = found.get("omero")
    listed = described.get("channels", []) if isinstance(described, Mapping) else []
    names = tuple(str(one.get("label") or "") for one in listed if isinstance(one, Mapping))
    return names if len(names) == n and all(names) else tuple(f"channel {c}" for c in range(n))


def _times(path: Path, image: zarr.Group | zarr.Array[Any], frames: int) -> tuple[float, ...]:
    """True times of frames from the OME-XML that bioformats2raw puts beside the images, () without one."""
    described = path / "OME" / "METADATA.ome.xml"
    if not described.is_file() or not image.path.isdigit():
        return ()
    with reading(str(described)):
        times = from_ome(described.read_text(encoding="utf-8"), str(path), int(image.path)).times_s
    return times if len(times) == frames else ()


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> OmeZarrMovie:
    return OmeZarrMovie(path, axes=axes, time_given=time_given, position=position, project=project)


def _positions(path: Path) -> list[str]:
    import zarr

    with reading(str(path)):
        top = zarr.open(path, mode="r")
        return [""] if isinstance(top, zarr.Array) else _images(top) or [""]


FORMAT = Format(
    "OME-Zarr",
    "*.zarr",
    lambda path: is_zarr(path) or (path.is_dir() and path.suffix.lower() == ".zarr"),
    _open,
    _positions,
)
