"""What a stage is, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from napari_cellstate.core.apply_links import EditedLinks
from napari_cellstate.core.edits import Edit
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


def _nothing() -> None:
    """Write nothing: the edit is only read by whoever shows or computes something."""


@dataclass(frozen=True)
class Correction:
    """A result with another list of edits in force: worked out, and not written yet.

    Attributes
    ----------
    write : puts it in the place of the result that is there.
    lost : `Edit.words()` of each edit that fits no cell.
    summary : numbers that take the place of those in the stage's record.
    links : the corrected links, where it is links that are corrected.
    """

    write: Callable[[], None] = _nothing
    lost: tuple[str, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    links: EditedLinks | None = None


Amend = Callable[[Experiment, str, tuple[Edit, ...], tuple[Edit, ...], dict[str, Any]], Correction]
"""How a stage is corrected: see `MovieStage.amend`."""


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
    amend : works out the result under another list of edits, from the method's own result, which it keeps beside it.
        It gets the edits that the result on disk has, those that it shall have, and the settings that the method's own
        result was made with; after a kill it is called again, and must end in the same. `run` writes the method's own
        result and forgets an older one. None: the stage cannot be corrected.
    lost : which edits, by their words, fit no cell of the stage's input as it is now. None: there is no telling
        before it was done.
    """

    name: str
    record: Callable[[Recipe, MovieEntry], dict[str, Any] | None]
    run: Callable[[Experiment, Movie, Recipe, str, Runtime], Outcome]
    done: Callable[[Experiment, str], bool]
    reads_pixels: bool = False
    amend: Amend | None = None
    lost: Callable[[Experiment, str, tuple[Edit, ...]], tuple[str, ...]] | None = None


@dataclass(frozen=True)
class PooledStage:
    """A stage that is done once, over all movies."""

    name: str
    record: Callable[[Recipe, tuple[MovieEntry, ...]], dict[str, Any]]
    run: Callable[[Experiment, Recipe, Runtime], Outcome]
    done: Callable[[Experiment], bool]
