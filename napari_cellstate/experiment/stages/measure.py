"""Measure: labels (or given points) to the cell table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.given import CELL_COLUMNS, GivenTracks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_cells, empty_cells
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.formats.tables import write_parquet

if TYPE_CHECKING:
    import pandas as pd
    import zarr


def asked_columns(recipe: Recipe) -> list[str]:
    """Columns that the chosen feature sets ask for, each once, in the order of asking."""
    return list(dict.fromkeys(name for one in recipe.features for name in one.measures))


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any]:
    if recipe.segmenter(entry) is None:
        tracks = entry.tracks.model_dump(exclude={"path", "stamp", "position"}) if entry.tracks else None
        return {"method": "given", "ground": tracks, "frames": list(entry.frames)}
    ground = entry.images.ground if entry.images else None
    return {**recipe.measure.record(), "columns": asked_columns(recipe), "ground": ground}


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    given, warnings = movie.points, list[str]()
    if recipe.segmenter(experiment.entry(movie.name)) is None and given is not None:
        cells = given.points.rename(columns=CELL_COLUMNS)
        resolved: dict[str, Any] = {"method": "given"}
    else:
        cells, resolved = _measured(experiment, movie, recipe, runtime), recipe.measure.record()
        if given is not None:
            cells, warnings = _with_given(cells, given, experiment.labels(movie.name), movie.name)
    if given is not None:
        resolved |= {"id_name": given.id_name, "ids": list(given.ids)}
    check_cells(cells, f"movie {movie.name}: cells")
    write_parquet(cells, experiment.movie_paths(movie.name).cells)
    return Outcome(resolved, {"cells": len(cells)}, (*warnings, *_warnings(cells, movie)))


def _measured(experiment: Experiment, movie: Movie, recipe: Recipe, runtime: Runtime) -> pd.DataFrame:
    import pandas as pd

    labels, columns = experiment.labels(movie.name), asked_columns(recipe)
    tables = []
    for nth, t in enumerate(movie.frames):
        runtime.progress(nth, len(movie.frames), "measure")
        planes = [movie.image(t, c) for c in range(movie.n_channels)]
        frame = np.asarray(labels[t], np.uint32)
        table = recipe.measure.measure(frame, planes, columns)
        table.insert(0, "frame", np.full(len(table), t, np.int64))
        tables.append(table)
    runtime.progress(len(movie.frames), len(movie.frames), "measure")
    return pd.concat(tables, ignore_index=True) if tables else empty_cells()


def _with_given(
    cells: pd.DataFrame, given: GivenTracks, labels: zarr.Array[Any], movie: str
) -> tuple[pd.DataFrame, list[str]]:
    """Add to each cell the given track whose point lies on it (0 for none, and for cells with several points)."""
    points = given.points[["frame", "y", "x", "track", "parent"]].copy()
    limits = np.array(labels.shape[1:]) - 1
    exact = np.rint(points[["y", "x"]].to_numpy())
    inside, at = ((exact >= 0) & (exact <= limits)).all(axis=1), np.clip(exact, 0, limits).astype(np.int64)
    frame, label = points["frame"].to_numpy(), np.zeros(len(points), np.int64)
    for t in np.unique(frame):
        here = np.flatnonzero(frame == t)
        label[here] = np.asarray(labels[int(t)])[at[here, 0], at[here, 1]]
    points["label"] = np.where(inside, label, 0)
    hit = (points["label"] > 0) & ~points.duplicated(["frame", "label"], keep=False)
    matched = points[hit].rename(columns=CELL_COLUMNS)[["frame", "label", *CELL_COLUMNS.values()]]
    cells = cells.merge(matched, on=["frame", "label"], how="left")
    for name in CELL_COLUMNS.values():
        cells[name] = cells[name].fillna(0).astype(np.int64)
    missed = int((~hit).sum())
    if not missed:
        return cells, []
    return cells, [
        f"movie {movie}: {missed} of {len(points)} points of the track table lie on no cell"
        + (f" ({int((~inside).sum())} of them outside the image)" if not inside.all() else "")
        + ", or share one with another point; the tracks have a gap there"
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
