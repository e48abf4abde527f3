"""Keys and statuses: what is missing, fresh or stale.

``key(stage) = digest(stage, its record, keys of its inputs)``. The ground is the content of the movie; where the
movie lies, how it is called and how fast the machine is are no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_cellstate.core.digest import digest
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages import MOVIE_STAGES, POOLED_STAGES
from napari_cellstate.experiment.stages.base import MovieStage, PooledStage
from napari_cellstate.experiment.store import Experiment


class Status(StrEnum):
    """Of the result of one stage."""

    GIVEN = "given"
    """Nothing to do: the user gave what this stage would make."""
    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"
    """Made, but the movie, the recipe or an earlier stage is not what it was then."""


@dataclass(frozen=True)
class MoviePlan:
    """Keys and statuses of the stages of one movie; a stage that has nothing to do has the key ""."""

    entry: MovieEntry
    keys: dict[str, str]
    statuses: dict[str, Status]


@dataclass(frozen=True)
class Plan:
    """Where an experiment stands under a recipe."""

    movies: tuple[MoviePlan, ...]
    keys: dict[str, str]
    statuses: dict[str, Status]


def plan(experiment: Experiment, recipe: Recipe) -> Plan:
    """Find key and status of every stage."""
    movies = tuple(plan_movie(experiment, recipe, entry) for entry in experiment.movies)
    last = MOVIE_STAGES[-1].name
    keys = pooled_keys(recipe, tuple(movie.entry for movie in movies), [movie.keys[last] for movie in movies])
    statuses = {stage.name: _pooled_status(experiment, stage, keys[stage.name]) for stage in POOLED_STAGES}
    return Plan(movies, keys, statuses)


def plan_movie(experiment: Experiment, recipe: Recipe, entry: MovieEntry) -> MoviePlan:
    """Find key and status of every stage of one movie."""
    keys, before = {}, ""
    for stage in MOVIE_STAGES:
        record = stage.record(recipe, entry)
        keys[stage.name] = "" if record is None else digest([stage.name, record, before])
        before = keys[stage.name] or before
    statuses = {stage.name: _movie_status(experiment, stage, entry.name, keys[stage.name]) for stage in MOVIE_STAGES}
    return MoviePlan(entry, keys, statuses)


def pooled_keys(recipe: Recipe, entries: tuple[MovieEntry, ...], features: list[str]) -> dict[str, str]:
    """Keys of the pooled stages from the keys of all movies' features."""
    keys, before = {}, digest(sorted(zip((entry.name for entry in entries), features, strict=True)))
    for stage in POOLED_STAGES:
        before = keys[stage.name] = digest([stage.name, stage.record(recipe, entries), before])
    return keys


def _movie_status(experiment: Experiment, stage: MovieStage, movie: str, key: str) -> Status:
    if not key:
        return Status.GIVEN
    record = experiment.record(stage.name, movie)
    if record is None or not stage.done(experiment, movie):
        return Status.MISSING
    return Status.FRESH if record["key"] == key else Status.STALE


def _pooled_status(experiment: Experiment, stage: PooledStage, key: str) -> Status:
    record = experiment.record(stage.name)
    if record is None or not stage.done(experiment):
        return Status.MISSING
    return Status.FRESH if record["key"] == key else Status.STALE
