"""ND2 of Nikon's NIS-Elements, through the package nd2 (extra ``nd2``)."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.core.times import median_interval
from napari_cellstate.formats.axes import lay_out
from napari_cellstate.formats.calibration import micrometres, square
from napari_cellstate.formats.format import Format, choose_position, reading


class Nd2Movie:
    """One position of an ND2 file, read plane by plane; the file stays open until `close`.

    The frame interval is the median of the true times of the frames, where the file has them.
    See `core.movie.FrameSource` for the attributes.
    """

    def __init__(self, path: Path, *, axes: str = "", position: int | None = None, project: str = "") -> None:
        where = str(path)
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty (0 bytes); expected an ND2; copy it again")
        package = _package(where)
        with reading(where):
            self._file = package.ND2File(path)
        try:
            with reading(where):
                self._read_layout(axes, position, project, where)
        except BaseException:
            self._file.close()
            raise

    def _read_layout(self, axes: str, position: int | None, project: str, where: str) -> None:
        file = self._file
        sizes = {str(axis): int(n) for axis, n in file.sizes.items()}
        count = sizes.pop("P", 1)
        chosen = choose_position(_position_names(file, count), position, where)
        letters = "".join(axis for axis in "TZC" if axis in sizes) + "YX" + ("S" if "S" in sizes else "")
        unknown = [axis for axis in sizes if axis not in letters and sizes[axis] > 1]
        if unknown:
            raise InputError(
                f"{where}: an axis {unknown[0]!r} of length {sizes[unknown[0]]}; expected T, C, Z, Y and X"
            )
        told = axes.upper()
        if told and told != letters:
            raise InputError(f"{where}: axes {axes!r}; an ND2 names its own, here {letters}; leave --axes out")
        shape = tuple(sizes[axis] for axis in letters)
        layout = lay_out(letters, (shape,), axes="", time_given=True, where=where, project=project)
        self._path, self.shape, self.axes_named = where, layout.shape, True
        loops = [dict(at) for at in file.loop_indices] or [{}]
        here = [nth for nth, at in enumerate(loops) if at.get("P", 0) == chosen] or [0]
        pictures = layout.shape[0] * layout.depth
        if len(here) < pictures:
            raise InputError(f"{where}: {len(here)} frames of {pictures} are there; copy the file again")
        # a picture of an ND2 holds all channels, and pictures lie in the order of time, then depth
        self._layout = replace(layout, frame_step=layout.depth, channel_step=0, depth_step=1)
        self._sequence = sorted(here, key=lambda nth: (loops[nth].get("T", 0), loops[nth].get("Z", 0)))
        self.dtype = layout.pixels(np.dtype(file.dtype))
        size = file.voxel_size()
        self.pixel_size_um = square(micrometres(size.x, "um"), micrometres(size.y, "um"), where)
        times = tuple(_time_ms(file, nth) / 1000.0 for nth in self._sequence[:: layout.depth])
        self.times_s = times if np.isfinite(times).all() else ()
        self.dt_s = median_interval(self.times_s)
        names = tuple(str(one.channel.name or "") for one in (file.metadata.channels or []))
        n = self.shape[1]
        self.channels = names if len(names) == n and all(names) else tuple(f"channel {c}" for c in range(n))

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as stored."""
        frames, channels, *_ = self.shape
        if not (0 <= t < frames and 0 <= c < channels):
            raise InputError(f"no frame {t}, channel {c}; found {frames} frames and {channels} channels, from 0")
        shape = self.shape[1:]
        with reading(f"{self._path}, frame {t}, channel {c}"):
            return self._layout.read(
                t, c, lambda nth: np.asarray(self._file.read_frame(self._sequence[nth])).reshape(shape)[c]
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _package(where: str) -> Any:
    try:
        return importlib.import_module("nd2")
    except ImportError:
        raise InputError(
            f"{where}: ND2 files need the package nd2, which is not installed; do: pip install napari-cellstate[nd2]"
        ) from None


def _position_names(file: Any, count: int) -> list[str]:
    for loop in file.experiment:
        points = getattr(loop.parameters, "points", None)
        if points is not None and len(points) == count:
            return [str(getattr(point, "name", "") or "") for point in points]
    return [""] * count


def _time_ms(file: Any, nth: int) -> float:
    """When a frame was taken, ms from the start; NaN where the file does not say."""
    channels = getattr(file.frame_metadata(nth), "channels", None) or []
    return float(channels[0].time.relativeTimeMs) if channels else float("nan")


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> Nd2Movie:
    return Nd2Movie(path, axes=axes, position=position, project=project)


def _positions(path: Path) -> list[str]:
    package = _package(str(path))
    with reading(str(path)), package.ND2File(path) as file:
        return _position_names(file, int(file.sizes.get("P", 1)))


FORMAT = Format("ND2", "*.nd2", lambda path: path.is_file() and path.suffix.lower() == ".nd2", _open, _positions)
