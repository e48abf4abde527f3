"""Link: the cell table to links."""

from __future__ import annotations

from typing import Any

from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.label_frames import opened_for
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.stages.own_links import amend_links, forget_own_links, lost_links, summary_of
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any]:
    return recipe.linker(entry).record()


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    cells = experiment.cells(movie.name)
    asked = recipe.linker(experiment.entry(movie.name))
    with opened_for(experiment, movie.name, asked) as seen:
        linking = asked.linked(cells, seen, runtime)
    links, method = linking.links, linking.method
    check_links(cells, links, f"movie {movie.name}: links")
    write_parquet(links, experiment.movie_paths(movie.name).links)
    forget_own_links(experiment, movie.name)
    return Outcome(method.record(), summary_of(Tracks(cells, links, method.max_gap)))


STAGE = MovieStage(
    "link",
    _record,
    _run,
    lambda experiment, name: experiment.movie_paths(name).links.exists(),
    amend=amend_links,
    lost=lost_links,
)
