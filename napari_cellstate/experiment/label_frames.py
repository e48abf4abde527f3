"""Labels of an experiment, as linkers read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.families import Linker
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import zarr


@contextmanager
def opened_for(experiment: Experiment, movie: str, method: Linker) -> Iterator[Movie]:
    """The movie with what a linker reads of it: images, and the outlines as they are in the experiment."""
    opened = experiment.movie(movie, pixels=method.reads_images)
    folder = experiment.movie_paths(movie).labels
    labels = LabelSource(experiment.labels(movie)) if method.reads_labels and folder.exists() else None
    try:
        yield replace(opened, labels=labels)
    finally:
        opened.close()


class LabelSource:
    """Labels, (T, Y, X), as a `FrameSource`."""

    axes_named = True
    dt_s: float | None = None
    times_s: tuple[float, ...] = ()
    pixel_size_um: float | None = None
    channels: tuple[str, ...] = ("",)

    def __init__(self, labels: zarr.Array[Any]) -> None:
        self._labels = labels
        frames, height, width = labels.shape
        self.shape: tuple[int, int, int, int] = (frames, 1, height, width)
        self.dtype: np.dtype[Any] = np.dtype(np.uint32)

    def read(self, t: int, c: int) -> Array:
        """One frame, (Y, X)."""
        return np.asarray(self._labels[t])

    def close(self) -> None:
        """Nothing is open."""
