"""Label images as OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5/#labels-md), in one resolution."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core import atomic

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = "0.5"


@dataclass(frozen=True, eq=False)
class LabelImage:
    """One label image.

    Attributes
    ----------
    frames : (frame number, (Y, X) whole numbers), one by one.
    properties : what is known about a number: {"label-value": 3, ...}.
    colours : red, green and blue (0 to 255) of a number.
    """

    frames: Iterable[tuple[int, NDArray[Any]]]
    properties: Sequence[Mapping[str, Any]] = ()
    colours: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)


def write_label_images(
    path: Path,
    images: Mapping[str, LabelImage],
    shape: tuple[int, int, int],
    *,
    dt_s: float | None,
    pixel_size_um: float | None,
) -> None:
    """Write a group with ``labels/NAME`` for each image; the movie itself is not copied into it.

    Parameters
    ----------
    path : the folder to make, or to replace; it is there whole or not at all.
    images : by name.
    shape : (T, Y, X) of each; frames that are not given are background.
    dt_s, pixel_size_um : None where not known; the axes then have no unit, and a scale of 1.
    """
    import zarr

    building = path.with_name(f".{path.name}.building")
    if building.exists():
        shutil.rmtree(building)
    try:
        top = zarr.open_group(building, mode="w", zarr_format=3)
        top.attrs["ome"] = {"version": VERSION}
        labels = top.create_group("labels")
        labels.attrs["ome"] = {"version": VERSION, "labels": list(images)}
        for name, image in images.items():
            group = labels.create_group(name)
            group.attrs["ome"] = _metadata(name, image, dt_s, pixel_size_um)
            array = group.create_array(
                "0", shape=shape, chunks=(1, *shape[1:]), dtype="uint32", dimension_names=("t", "y", "x")
            )
            for t, frame in image.frames:
                array[t] = np.asarray(frame, np.uint32)
        atomic.replace_folder(building, path)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _metadata(name: str, image: LabelImage, dt_s: float | None, pixel_size_um: float | None) -> dict[str, Any]:
    time = {"name": "t", "type": "time"} | ({"unit": "second"} if dt_s else {})
    unit = {"unit": "micrometer"} if pixel_size_um else {}
    axes = [time, *({"name": axis, "type": "space"} | unit for axis in "yx")]
    scale = [dt_s or 1.0, pixel_size_um or 1.0, pixel_size_um or 1.0]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}]
    about: dict[str, Any] = {}
    if image.colours:
        about["colors"] = [{"label-value": n, "rgba": [*rgb, 255]} for n, rgb in sorted(image.colours.items())]
    if image.properties:
        about["properties"] = [dict(one) for one in image.properties]
    return {
        "version": VERSION,
        "multiscales": [{"name": name, "axes": axes, "datasets": datasets}],
        "image-label": about,
    }
