"""Segment files, without an experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import parse_settings
from napari_cellstate.core.movie import FrameSource, Movie
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.experiment.doubt import doubted_frames
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.formats.picture import SUFFIXES, open_picture
from napari_cellstate.methods import available

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSICAL = "classical"
"""Name of threshold and watershed where a model is asked for."""


@dataclass(frozen=True)
class Segmented:
    """What was written for one movie or image.

    Attributes
    ----------
    path : TIFF of labels, (T, Y, X) or (Y, X), uint16, or uint32 where there are more than 65535 cells in a frame.
    cells : of each frame.
    method : record of the method, with what was estimated.
    warnings : sentences that the user should read.
    """

    path: Path
    cells: tuple[int, ...]
    method: dict[str, Any]
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**vars(self), "path": str(self.path), "cells": list(self.cells), "warnings": list(self.warnings)}


def segment(
    source: str | Path,
    out: str | Path,
    *,
    model: str = "",
    channel: int = 0,
    diameter: float = 0.0,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Segmented]:
    """Segment a movie, or every image of a folder by itself.

    Parameters
    ----------
    source : a movie (a first axis without a name is taken for time), or a folder of images, of any size and type.
    out : for a movie the TIFF of its labels (T, Y, X), for a folder a folder with STEM.tif for each image.
    model : name or folder of a model; "" takes the shipped default, "classical" threshold and watershed.
    channel : of the images, from 0.
    diameter : of a typical cell, px; 0 estimates it, for each movie or image by itself.
    device : "auto", "cpu", "cuda" or "mps".
    progress : called for every frame. If it raises, images that are done stay.

    Returns
    -------
    One entry a file written, with a warning where the net and threshold and watershed disagree.

    Raises
    ------
    InputError
        What cannot be read, two images of one name, a channel that is not there, or an unknown model or device.
    """
    source, out = Path(source), Path(out)
    method, runtime = _method(model, diameter), Runtime(device, 2, progress)
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; check the path")
    if not source.is_dir() or source.suffix.lower() == ".zarr":
        movie = partial(open_movie, time_given=True)  # a movie is asked for: its first axis is time
        return [_one(source, movie, out, method, channel, runtime)]
    files = _images(source)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: expected a folder for the labels of a folder of images, found a file")
    out.mkdir(parents=True, exist_ok=True)
    done = []
    for nth, file in enumerate(files):
        progress(nth, len(files), f"segment {file.name}")
        quiet = replace(runtime, progress=silent)
        done.append(_one(file, open_picture, out / f"{file.stem}.tif", method, channel, quiet))
    progress(len(files), len(files), "segment")
    return done


def _method(model: str, diameter: float) -> Segmenter:
    known = available("segment")
    size = {"diameter": float(diameter)}
    if model == CLASSICAL:
        return cast("Segmenter", parse_settings(known["threshold"], size, "segment"))
    if model in known and model not in ("labels", "threshold", "tiramisu"):
        return cast("Segmenter", known[model]())
    settings = {**size, "model": model} if model else size
    return cast("Segmenter", parse_settings(known["tiramisu"], settings, "segment"))


def _images(folder: Path) -> list[Path]:
    files = sorted(
        file
        for file in folder.iterdir()
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in SUFFIXES
    )
    if not files:
        raise InputError(f"{folder}: no images in this folder; expected {', '.join(SUFFIXES)}")
    stems: dict[str, Path] = {}
    for file in files:
        if (other := stems.setdefault(file.stem, file)) is not file:
            raise InputError(f"{folder}: {other.name} and {file.name} would both become {file.stem}.tif; rename one")
    return files


def _one(
    path: Path,
    opener: Callable[[Path], FrameSource],
    out: Path,
    method: Segmenter,
    channel: int,
    runtime: Runtime,
) -> Segmented:
    with closing(opener(path)) as source:
        frames, channels = source.shape[:2]
        if not 0 <= channel < channels:
            raise InputError(f"{path}: channel {channel} was asked for, and it has {channels} (numbered from 0)")
        shape = (frames, *source.shape[2:])
        movie = Movie(path.name, shape, range(frames), channel, source)
        resolved = method.estimated(movie)
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing(out) as temporary:
            held = np.memmap(temporary.with_name(temporary.name + ".raw"), np.uint32, "w+", shape=(1, *shape))[0]
            try:
                cells = []
                for t, labels in enumerate(resolved.frames(movie, list(movie.frames), runtime)):
                    held[t] = labels
                    cells.append(int(np.count_nonzero(np.bincount(labels.ravel())[1:])))
                    runtime.progress(t + 1, frames, f"segment {path.name}")
                said = doubted_frames(movie, held) if resolved.learnt else []
                _write(temporary, held)
            finally:
                temporary.with_name(temporary.name + ".raw").unlink(missing_ok=True)
    return Segmented(out, tuple(cells), resolved.record(), tuple(said))


def _write(path: Path, labels: NDArray[np.uint32]) -> None:
    import tifffile

    dtype = np.uint16 if int(labels.max(initial=0)) <= np.iinfo(np.uint16).max else np.uint32
    shape = labels.shape if len(labels) > 1 else labels.shape[1:]

    def planes() -> Iterator[NDArray[Any]]:
        for frame in labels:
            yield np.asarray(frame, dtype)

    tifffile.imwrite(
        path, planes(), shape=shape, dtype=dtype, photometric="minisblack", compression="zlib",
        metadata={"axes": "TYX"[-len(shape) :]},
    )  # fmt: skip
