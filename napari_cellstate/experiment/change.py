"""Correct what was said about a movie, or take it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.add import check_positive
from napari_cellstate.experiment.edit import edit
from napari_cellstate.experiment.edits.describe_movie import DescribeMovie
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.store import Experiment, as_experiment


def update(
    experiment: Experiment | str | Path,
    movie: str,
    *,
    dt: float | None = None,
    pixel_size: float | None = None,
    condition: str | None = None,
    replicate: str | None = None,
) -> MovieEntry:
    """Correct what was said about a movie; only results that depend on it turn stale.

    Parameters
    ----------
    experiment : an experiment or its folder.
    movie : its name.
    dt : seconds between frames; all intervals are then taken as alike.
    pixel_size : micrometres a pixel.
    condition, replicate : "" for none.

    Returns
    -------
    The corrected entry.
    """
    experiment = as_experiment(experiment)
    check_positive("--dt", dt, "seconds")
    check_positive("--pixel-size", pixel_size, "micrometres")
    said = {"dt_s": dt, "pixel_size_um": pixel_size, "condition": condition, "replicate": replicate}
    changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if not changes:
        raise InputError("nothing to change: give --dt, --pixel-size, --condition or --replicate")
    if dt is not None:
        changes["times_s"] = ()
    with writing(experiment.paths.lock):
        entry = experiment.entry(movie).model_copy(update=changes)
        experiment.set_movies(tuple(entry if old.name == movie else old for old in experiment.movies))
    found = experiment.entry(movie)
    if (found.condition, found.replicate) != (entry.condition, entry.replicate):  # a correction by hand says otherwise
        edit(experiment, DescribeMovie(movie=movie, condition=entry.condition, replicate=entry.replicate))
    return experiment.entry(movie)


def remove(experiment: Experiment | str | Path, movie: str) -> Path:
    """Take a movie out of an experiment; its files are not touched, and its results stay in its folder.

    Returns
    -------
    The folder with its results, which may be deleted; added again under this name, the movie finds them.
    """
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        experiment.entry(movie)
        experiment.set_movies(tuple(entry for entry in experiment.movies if entry.name != movie))
    return experiment.movie_paths(movie).folder
