"""Add what is only in memory: it is saved into the experiment first, since a movie is always a file."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.atomic import replacing
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.add import add
from napari_cellstate.experiment.paths import free_name
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.track_table import write_track_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_cellstate.experiment.entry import MovieEntry

AXES = {3: ("TYX",), 4: ("TCYX", "CTYX")}
"""What the axes of an array can be, by their number."""
_SUFFIXES = {"images": ".ome.tif", "labels": "_labels.ome.tif", "tracks": "_tracks.csv"}


@dataclass(frozen=True, eq=False)
class TrackRows:
    """Tracks in memory.

    Attributes
    ----------
    rows : (N, 4), track, frame, y, x in px.
    parents : track: the one it comes from.
    """

    rows: NDArray[Any]
    parents: Mapping[int, int] = field(default_factory=dict)


def add_arrays(
    experiment: Experiment | str | Path,
    name: str,
    *,
    images: Any = None,
    labels: Any = None,
    tracks: TrackRows | str | Path | None = None,
    axes: str = "TYX",
    channel: int = 0,
    dt: float | None = None,
    pixel_size: float | None = None,
    condition: str = "",
    replicate: str = "",
    progress: Progress = silent,
) -> MovieEntry:
    """Add a movie of which something is an array; arrays are saved below ``given`` in the experiment.

    Parameters
    ----------
    name : of the movie; made safe and free where it is not.
    images : a path, or an array (frame by frame readable) with `axes`.
    labels : a path, or an array (T, Y, X) of whole numbers.
    tracks : a path, or rows.
    axes : of the images, where they are an array: "TYX", "TCYX" or "CTYX".

    Raises
    ------
    InputError
        An array of another number of axes, labels with fractions, what `add` raises. Nothing is left behind.
    """
    experiment = as_experiment(experiment)
    name = free_name(name, {entry.name for entry in experiment.movies})
    given = {"images": images, "labels": labels, "tracks": tracks}
    with saved(experiment, name, given, axes=axes, dt=dt, pixel_size=pixel_size, progress=progress) as paths:
        return add(
            experiment,
            paths["images"],
            labels=paths["labels"],
            tracks=paths["tracks"],
            name=name,
            channel=channel,
            dt=dt,
            pixel_size=pixel_size,
            condition=condition,
            replicate=replicate,
        )


@contextmanager
def saved(
    experiment: Experiment,
    name: str,
    given: Mapping[str, Any],
    *,
    axes: str = "TYX",
    dt: float | None = None,
    pixel_size: float | None = None,
    progress: Progress = silent,
) -> Iterator[dict[str, Path | None]]:
    """Give the path of each thing that is given, saved where it had none; gone again where the caller fails.

    Parameters
    ----------
    given : "images", "labels" and "tracks", each a path, an array (`TrackRows` for tracks) or None.
    """
    folder = experiment.paths.given
    paths: dict[str, Path | None] = {}
    made: list[Path] = []
    try:
        for what, suffix in _SUFFIXES.items():
            value = given.get(what)
            if value is None or isinstance(value, str | Path):
                paths[what] = None if value is None else Path(value)
                continue
            path = paths[what] = folder / f"{name}{suffix}"
            made.append(path)
            if isinstance(value, TrackRows):
                write_track_table(path, value.rows, value.parents, where=f"tracks of {name}")
            elif what == "labels":
                _write(path, _labels(value, f"labels of {name}"), value.shape, np.dtype(np.uint32), "TYX", {}, progress)
            else:
                _save_images(path, value, axes, dt, pixel_size, progress)
        yield paths
    except BaseException:  # Cancelled too: a file that nothing refers to would only be in the way
        for path in made:
            path.unlink(missing_ok=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise


def _save_images(
    path: Path, data: Any, axes: str, dt: float | None, pixel_size: float | None, progress: Progress
) -> None:
    known = AXES.get(len(data.shape), ())
    if axes not in known:
        wanted = " or ".join(known) or "three (T, Y, X) or four (T, C, Y, X)"
        raise InputError(f"images of shape {tuple(data.shape)} with the axes {axes!r}; expected {wanted}")
    if np.dtype(data.dtype).kind not in "uif":
        raise InputError(f"images of type {data.dtype}; expected whole or real numbers")
    said: dict[str, Any] = {}
    if dt:
        said |= {"TimeIncrement": dt, "TimeIncrementUnit": "s"}
    if pixel_size:
        size = {"PhysicalSizeX": pixel_size, "PhysicalSizeY": pixel_size}
        said |= {**size, "PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}
    channels = data.shape[axes.index("C")] if "C" in axes else 1
    t = data.shape[axes.index("T")]
    shape = (t, *((channels,) if "C" in axes else ()), *data.shape[-2:])

    def planes() -> Iterator[NDArray[Any]]:
        for at in range(t):
            for channel in range(channels):
                key = {"TYX": (at,), "TCYX": (at, channel), "CTYX": (channel, at)}[axes]
                yield np.asarray(data[key])

    _write(path, planes(), shape, np.dtype(data.dtype), "TCYX" if "C" in axes else "TYX", said, progress)


def _labels(data: Any, where: str) -> Iterator[NDArray[np.uint32]]:
    if len(data.shape) != 3:
        raise InputError(f"{where}: shape {tuple(data.shape)}; expected three axes, (T, Y, X)")
    for t in range(data.shape[0]):
        plane = np.asarray(data[t])
        if plane.dtype.kind not in "uib" or (plane.size and (plane.min() < 0 or plane.max() > 2**32 - 1)):
            raise InputError(f"{where}, frame {t}: expected whole numbers from 0 to 2**32 - 1, 0 for background")
        yield plane.astype(np.uint32)


def _write(
    path: Path,
    planes: Iterator[NDArray[Any]],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    axes: str,
    said: dict[str, Any],
    progress: Progress,
) -> None:
    """OME-TIFF, plane by plane; whole or not at all."""
    import tifffile

    n = int(np.prod(shape[:-2]))

    def told() -> Iterator[NDArray[Any]]:
        for nth, plane in enumerate(planes):
            progress(nth, n, f"save {path.name}")
            yield np.ascontiguousarray(plane)

    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            told(),
            shape=shape,
            dtype=dtype,
            ome=True,
            compression="zlib",
            photometric="minisblack",  # three frames would be taken for red, green and blue
            bigtiff=n * shape[-1] * shape[-2] * dtype.itemsize > 2**31,
            metadata={"axes": axes, **said},
        )
