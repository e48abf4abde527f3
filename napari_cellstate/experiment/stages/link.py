"""Link: the cell table to links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.families import Linker
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet

if TYPE_CHECKING:
    import zarr


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any]:
    return recipe.linker(entry).record()


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    cells = experiment.cells(movie.name)
    method = recipe.linker(experiment.entry(movie.name))
    with _read(experiment, movie, method) as seen:
        linking = method.linked(cells, seen, runtime)
    links, method = linking.links, linking.method
    check_links(cells, links, f"movie {movie.name}: links")
    write_parquet(links, experiment.movie_paths(movie.name).links)
    table = Tracks(cells, links, method.max_gap).table()
    summary = {"links": len(links), "tracks": len(table), "divisions": int(table["divides"].sum())}
    return Outcome(method.record(), summary)


@contextmanager
def _read(experiment: Experiment, movie: Movie, method: Linker) -> Iterator[Movie]:
    """The movie with what the method reads of it: images, and the outlines as they are in the experiment."""
    opened = experiment.movie(movie.name) if method.reads_images else movie
    folder = experiment.movie_paths(movie.name).labels
    labels = LabelFrames(experiment.labels(movie.name)) if method.reads_labels and folder.exists() else None
    try:
        yield replace(opened, labels=labels)
    finally:
        if opened is not movie:
            opened.close()


class LabelFrames:
    """Labels of an experiment as a `FrameSource`."""

    axes_named, dt_s, pixel_size_um, channels = True, None, None, ("",)

    def __init__(self, labels: zarr.Array[Any]) -> None:
        self._labels = labels
        self.shape = (labels.shape[0], 1, *labels.shape[1:])
        self.dtype = labels.dtype

    def read(self, t: int, c: int) -> Array:
        """One frame."""
        return np.asarray(self._labels[t])

    def close(self) -> None:
        """Nothing is open."""


STAGE = MovieStage("link", _record, _run, lambda experiment, name: experiment.movie_paths(name).links.exists())
