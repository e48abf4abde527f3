"""What a stage is, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.store import Experiment


@dataclass(frozen=True)
class Outcome:
    """What a stage did, for its record.

    Attributes
    ----------
    resolved : settings as they were used, estimates filled in.
    summary : a few numbers for `status` and the window.
    warnings : sentences that the user should read.
    """

    resolved: dict[str, Any]
    summary: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class MovieStage:
    """A stage that is done movie by movie.

    Attributes
    ----------
    name : as in recipes, records and on the command line.
    record : what of recipe and movie decides its result, beside its inputs; None where there is nothing to do.
    run : does it and writes the result; the pipeline writes the record afterwards.
    done : the result is on disk.
    reads_pixels : it reads the movie's own files, not only results of earlier stages.
    """

    name: str
    record: Callable[[Recipe, MovieEntry], dict[str, Any] | None]
    run: Callable[[Experiment, Movie, Recipe, str, Runtime], Outcome]
    done: Callable[[Experiment, str], bool]
    reads_pixels: bool = False


@dataclass(frozen=True)
class PooledStage:
    """A stage that is done once, over all movies."""

    name: str
    record: Callable[[Recipe, tuple[MovieEntry, ...]], dict[str, Any]]
    run: Callable[[Experiment, Recipe, Runtime], Outcome]
    done: Callable[[Experiment], bool]
