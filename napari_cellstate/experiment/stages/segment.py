"""Segment: images to labels, frame by frame, going on where a broken run stopped."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_cellstate.core import atomic
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.doubt import doubted_frames
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.stages.own_labels import amend_labels, forget_own
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import numpy as np


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any] | None:
    method = recipe.segmenter(entry)
    if method is None:
        return None
    source = entry.labels if method.kind == "labels" else entry.images
    ground = source.ground if source else None
    part: dict[str, Any] = {"roi": list(entry.roi)} if entry.roi else {}
    part |= {"grown_from": entry.grown_from} if entry.grown_from else {}
    return {**method.record(), "ground": ground, "channel": entry.channel, "frames": list(entry.frames), **part}


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    entry = experiment.entry(movie.name)
    method = recipe.segmenter(entry)
    if method is None:
        raise AssertionError("the pipeline runs no stage that has nothing to do")
    first = range(movie.frames.start, entry.grown_from) if entry.grown_from else movie.frames
    method = method.estimated(replace(movie, frames=first))
    paths = experiment.movie_paths(movie.name)
    part = _Part(experiment, movie, key)
    todo = movie.frames[part.done :]
    runtime.progress(part.done, len(movie.frames), "segment")
    for t, labels in zip(todo, method.frames(movie, todo, runtime), strict=True):
        part.write(t, labels)
        runtime.progress(part.done, len(movie.frames), "segment")
    doubts = doubted_frames(movie, part.labels) if method.learnt else []
    atomic.replace_folder(part.folder / "labels.zarr", paths.labels)
    shutil.rmtree(part.folder)
    forget_own(experiment, movie.name)
    return Outcome(method.record(), {"frames": len(movie.frames)}, tuple(doubts))


def keep_for(experiment: Experiment, movie: str, key: str, *, frames: int, length: int) -> None:
    """Let the segment stage of a movie that has grown go on after its old frames.

    Parameters
    ----------
    key : of the stage for the movie as it is now.
    frames : how many are segmented; they were the first in use.
    length : frames of the file now.
    """
    import zarr

    paths = experiment.movie_paths(movie)
    if paths.part.exists():
        shutil.rmtree(paths.part)
    shutil.copytree(paths.labels, paths.part / "labels.zarr")
    labels = zarr.open_array(paths.part / "labels.zarr", mode="r+")
    labels.resize((length, *labels.shape[1:]))
    (paths.part / "done").write_bytes(b"." * frames)
    (paths.part / "key").write_text(key)


class _Part:
    """Labels in the making: an array and how many of its frames are whole."""

    def __init__(self, experiment: Experiment, movie: Movie, key: str) -> None:
        import zarr

        self.folder = experiment.movie_paths(movie.name).part
        self._progress = self.folder / "done"
        if self._key() != key or not (self.folder / "labels.zarr").exists():
            if self.folder.exists():
                shutil.rmtree(self.folder)
            zarr.create_array(
                self.folder / "labels.zarr",
                shape=movie.shape,
                chunks=(1, *movie.shape[1:]),
                dtype="uint32",
                dimension_names=("t", "y", "x"),
                attributes={"movie": movie.name},
            )
            (self.folder / "key").write_text(key)
        self._array = zarr.open_array(self.folder / "labels.zarr", mode="r+")

    @property
    def labels(self) -> Any:
        """The array itself, (T, Y, X)."""
        return self._array

    @property
    def done(self) -> int:
        """Frames that are whole: each adds one byte, written after the frame itself."""
        return self._progress.stat().st_size if self._progress.exists() else 0

    def write(self, t: int, labels: np.ndarray[Any, np.dtype[np.uint32]]) -> None:
        with atomic.naming_full_disk(self.folder):
            self._array[t] = labels
        with self._progress.open("ab") as stream:
            stream.write(b".")
            stream.flush()
            os.fsync(stream.fileno())

    def _key(self) -> str:
        try:
            return (self.folder / "key").read_text()
        except FileNotFoundError:
            return ""


STAGE = MovieStage(
    "segment",
    _record,
    _run,
    lambda experiment, name: (experiment.movie_paths(name).labels / "zarr.json").exists(),
    reads_pixels=True,
    amend=amend_labels,
)
