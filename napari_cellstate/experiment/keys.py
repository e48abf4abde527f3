"""Keys and statuses: what is missing, fresh, stale or edited.

``key(stage) = digest(stage, its record, keys of its inputs)``, and with corrections by hand
``digest(that key, the edits in force)``. The ground is the content of the movie; where the movie lies, how it is
called and how fast the machine is are no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import Edit, History, digest_with
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
    """Made, but the movie, the recipe, an earlier stage or the corrections are not what they were then."""
    EDITED = "edited"
    """Fresh, with corrections by hand."""
    AT_RISK = "edits-at-risk"
    """Stale, and made anew it may have no place for some of its corrections: a run asks before it goes on."""


UP_TO_DATE = (Status.GIVEN, Status.FRESH, Status.EDITED)


@dataclass(frozen=True)
class MoviePlan:
    """Keys and statuses of the stages of one movie; a stage that has nothing to do has the key "".

    Attributes
    ----------
    own : keys without the stage's own corrections: equal ones mean that only the corrections are others.
    """

    entry: MovieEntry
    keys: dict[str, str]
    own: dict[str, str]
    statuses: dict[str, Status]
    edits: dict[str, tuple[Edit, ...]]


@dataclass(frozen=True)
class Plan:
    """Where an experiment stands under a recipe."""

    movies: tuple[MoviePlan, ...]
    keys: dict[str, str]
    statuses: dict[str, Status]


def plan(experiment: Experiment, recipe: Recipe) -> Plan:
    """Find key and status of every stage."""
    history = experiment.history
    movies = tuple(plan_movie(experiment, recipe, entry, history) for entry in experiment.movies)
    last = MOVIE_STAGES[-1].name
    keys = pooled_keys(recipe, tuple(movie.entry for movie in movies), [movie.keys[last] for movie in movies], history)
    statuses = {stage.name: _pooled_status(experiment, stage, keys[stage.name], history) for stage in POOLED_STAGES}
    return Plan(movies, keys, statuses)


def plan_movie(experiment: Experiment, recipe: Recipe, entry: MovieEntry, history: History) -> MoviePlan:
    """Find key and status of every stage of one movie."""
    keys, own, before = {}, {}, ""
    edits = {stage.name: history.of(stage.name, entry.name) for stage in MOVIE_STAGES}
    for stage in MOVIE_STAGES:
        record = stage.record(recipe, entry)
        own[stage.name] = "" if record is None else digest([stage.name, record, before])
        keys[stage.name] = edited_key(own[stage.name], edits[stage.name])
        before = keys[stage.name] or before
    statuses = {
        stage.name: _movie_status(
            experiment, stage, entry.name, keys[stage.name], own[stage.name], edited=bool(edits[stage.name])
        )
        for stage in MOVIE_STAGES
    }
    return MoviePlan(entry, keys, own, statuses, edits)


def pooled_keys(
    recipe: Recipe, entries: tuple[MovieEntry, ...], features: list[str], history: History
) -> dict[str, str]:
    """Keys of the pooled stages from the keys of all movies' features."""
    keys, before = {}, digest(sorted(zip((entry.name for entry in entries), features, strict=True)))
    for stage in POOLED_STAGES:
        own = digest([stage.name, stage.record(recipe, entries), before])
        before = keys[stage.name] = edited_key(own, pooled_edits(history, stage.name))
    return keys


def pooled_edits(history: History, stage: str) -> tuple[Edit, ...]:
    """Edits in force that a pooled stage reads, of whatever movie."""
    return tuple(edit for edit in history.done if edit.stage == stage)


def edited_key(own: str, edits: tuple[Edit, ...]) -> str:
    """Key of a result with corrections, from the key that it has without."""
    return digest_with(own, edits) if own and edits else own


def own_key(record: dict[str, str]) -> str:
    """The key without corrections that a record tells of."""
    return record.get("own", record["key"])


def _movie_status(experiment: Experiment, stage: MovieStage, movie: str, key: str, own: str, *, edited: bool) -> Status:
    if not key:
        return Status.GIVEN
    record = experiment.record(stage.name, movie)
    if record is None or not stage.done(experiment, movie):
        return Status.MISSING
    if record["key"] == key:
        return Status.EDITED if edited else Status.FRESH
    return Status.AT_RISK if edited and own_key(record) != own else Status.STALE


def _pooled_status(experiment: Experiment, stage: PooledStage, key: str, history: History) -> Status:
    record = experiment.record(stage.name)
    if record is None or not stage.done(experiment):
        return Status.MISSING
    if record["key"] != key:
        return Status.STALE
    return Status.EDITED if pooled_edits(history, stage.name) else Status.FRESH
