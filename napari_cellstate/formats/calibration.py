"""Pixel size, frame interval and channel names as OME and ImageJ write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.times import median_interval

_MICROMETRES = {
    "pm": 1e-6,
    "å": 1e-4,
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "angstrom": 1e-4,
    "picometer": 1e-6,
    "nanometer": 1e-3,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "dm": 1e5,
    "m": 1e6,
    "in": 25400.0,
    "inch": 25400.0,
}
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "nanosecond": 1e-9,
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "m": 60.0,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "hours": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
}


@dataclass(frozen=True)
class Calibration:
    """What a file says about its scale; None where it says nothing that we understand.

    Attributes
    ----------
    pixel_size_um : micrometres a pixel.
    dt_s : seconds between frames.
    channels : names, () where not all are named.
    times_s : when each frame was taken, s; () where that is not said of all.
    """

    pixel_size_um: float | None = None
    dt_s: float | None = None
    channels: tuple[str, ...] = ()
    times_s: tuple[float, ...] = ()


def micrometres(value: float, unit: str) -> float | None:
    """A length in micrometres, None where the unit is not a length (pixel) or the value not positive."""
    return _convert(value, unit, _MICROMETRES)


def seconds(value: float, unit: str) -> float | None:
    """A duration in seconds, None where the unit is not a time or the value not positive."""
    return _convert(value, unit, _SECONDS)


def from_ome(xml: str, where: str, image: int = 0) -> Calibration:
    """Read one image of an OME-XML description (schema 2016-06); µm and s are its default units."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return Calibration()
    images = root.findall(".//{*}Image/{*}Pixels")
    if not 0 <= image < len(images):
        return Calibration()
    pixels = images[image]
    x, y = (
        micrometres(_number(pixels.get(f"PhysicalSize{axis}")), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "XY"
    )
    dt = seconds(_number(pixels.get("TimeIncrement")), pixels.get("TimeIncrementUnit", "s"))
    names = tuple(channel.get("Name", "") for channel in pixels.findall("{*}Channel"))
    times = _plane_times(pixels)
    return Calibration(square(x, y, where), dt or median_interval(times), names if all(names) else (), times)


def _plane_times(pixels: ElementTree.Element) -> tuple[float, ...]:
    """When the first plane of each frame was taken, s: the least DeltaT of its planes; () if some frame has none."""
    count = _number(pixels.get("SizeT"))
    found: dict[int, float] = {}
    for plane in pixels.findall("{*}Plane"):
        factor = _SECONDS.get(plane.get("DeltaTUnit", "s").strip().replace("\u03bc", "µ").lower())
        frame, delta = _number(plane.get("TheT")), _number(plane.get("DeltaT"))
        if factor is not None and math.isfinite(frame) and math.isfinite(delta):
            found[int(frame)] = min(delta * factor, found.get(int(frame), math.inf))
    if not math.isfinite(count) or len(found) < 2 or set(found) != set(range(int(min(count, 10**6)))):
        return ()
    return tuple(found[t] for t in sorted(found))


def from_imagej(
    metadata: Mapping[str, Any],
    x_resolution: tuple[int, int],
    y_resolution: tuple[int, int],
    where: str,
) -> Calibration:
    """Read an ImageJ description.

    Parameters
    ----------
    metadata : as tifffile gives it: "unit", "finterval", "tunit".
    x_resolution, y_resolution : the TIFF tags, pixels a unit as (numerator, denominator).
    where : the file, for messages.
    """
    unit = str(metadata.get("unit", ""))
    x, y = (micrometres(below / above if above else 0, unit) for above, below in (x_resolution, y_resolution))
    dt = seconds(_number(metadata.get("finterval")), str(metadata.get("tunit", "s")))
    return Calibration(square(x, y, where), dt)


def _convert(value: float, unit: str, factors: Mapping[str, float]) -> float | None:
    # ImageJ writes the micro sign as an escape, and some programs write the Greek letter for it
    plain = unit.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("\u03bc", "µ").lower()
    factor = factors.get(plain)
    if factor is None or not math.isfinite(value) or value <= 0:
        return None
    return value * factor


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan


def square(x: float | None, y: float | None, where: str) -> float | None:
    """The one size of a pixel, um; InputError where height and width differ."""
    if x is not None and y is not None and abs(x - y) > 0.01 * max(x, y):
        raise InputError(
            f"{where}: pixels of {x:g} x {y:g} um (x, y); expected square ones (within 1 %); "
            "resample it, or correct the pixel size in the file"
        )
    return x
