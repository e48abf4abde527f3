"""Measure: labels (or given points) to the cell table."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.given import CELL_COLUMNS, GivenTracks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_cells
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.measuring import match_points, measure_movie
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import read_parquet, write_parquet

if TYPE_CHECKING:
    import pandas as pd


def asked_columns(recipe: Recipe) -> list[str]:
    """Columns that the chosen feature sets ask for, each once, in the order of asking."""
    return list(dict.fromkeys(name for one in recipe.features for name in one.asks()))


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any]:
    if recipe.segmenter(entry) is None:
        tracks = entry.tracks.model_dump(exclude={"path", "stamp", "position"}) if entry.tracks else None
        part = {"roi": list(entry.roi)} if entry.roi else {}
        return {"method": "given", "ground": tracks, "frames": list(entry.frames), **part}
    ground = entry.images.ground if entry.images else None
    return {**recipe.measure.record(), "columns": asked_columns(recipe), "ground": ground}


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    given, warnings = movie.points, list[str]()
    if recipe.segmenter(experiment.entry(movie.name)) is None and given is not None:
        cells = given.points.rename(columns=CELL_COLUMNS)
        resolved: dict[str, Any] = {"method": "given"}
    else:
        labels = experiment.labels(movie.name)
        old, skip = _kept(experiment, movie, key)
        cells = measure_movie(movie, labels, recipe.measure, asked_columns(recipe), runtime, old=old, skip=skip)
        resolved = recipe.measure.record()
        if given is not None:
            cells, missed, outside = match_points(cells, given, labels, movie.shape[1:])
            warnings = _missed(missed, outside, given, movie)
    if given is not None:
        resolved |= {"id_name": given.id_name, "ids": list(given.ids)}
    check_cells(cells, f"movie {movie.name}: cells")
    write_parquet(cells, experiment.movie_paths(movie.name).cells)
    shutil.rmtree(experiment.movie_paths(movie.name).measured_part, ignore_errors=True)
    return Outcome(resolved, {"cells": len(cells)}, (*warnings, *_warnings(cells, movie)))


def keep_for(experiment: Experiment, movie: str, key: str, *, stop: int) -> None:
    """Let the measure stage of a movie that has grown go on at frame `stop`; `key` is the stage's as it is now."""
    part = experiment.movie_paths(movie).measured_part
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copyfile(experiment.movie_paths(movie).cells, part / "cells.parquet")
    (part / "stop").write_text(str(stop))
    (part / "key").write_text(key)


def _kept(experiment: Experiment, movie: Movie, key: str) -> tuple[pd.DataFrame | None, int]:
    """Cells that need not be measured again, and how many frames they are of."""
    part = experiment.movie_paths(movie.name).measured_part
    if not (part / "key").exists() or (part / "key").read_text() != key:
        return None, 0
    return read_parquet(part / "cells.parquet"), int((part / "stop").read_text()) - movie.frames.start


def _missed(missed: int, outside: int, given: GivenTracks, movie: Movie) -> list[str]:
    if not missed:
        return []
    far = f" ({outside} of them outside the image)" if outside else ""
    return [
        f"movie {movie.name}: {missed} of {len(given.points)} points of the track table lie on no cell{far}, or share "
        "one with another point; the tracks have a gap there"
    ]


def _warnings(cells: pd.DataFrame, movie: Movie) -> tuple[str, ...]:
    empty = sorted(set(movie.frames) - set(cells["frame"]))
    if not empty:
        return ()
    if len(empty) == len(movie.frames):
        return (f"movie {movie.name}: no cells in any of its {len(empty)} frames; look at the segmentation's settings",)
    named = ", ".join(map(str, empty[:10])) + (", ..." if len(empty) > 10 else "")
    return (f"movie {movie.name}: {len(empty)} of {len(movie.frames)} frames have no cells (frames {named})",)


STAGE = MovieStage(
    "measure", _record, _run, lambda experiment, name: experiment.movie_paths(name).cells.exists(), reads_pixels=True
)
