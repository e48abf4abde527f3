"""Features: windows of tracks to the feature table, in px and frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.base import MovieStage, Outcome
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.track_filter import filter_tracks
from napari_cellstate.formats.tables import write_parquet

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("track", "parent", "lineage", "frame", "t0", "t1", "run", "label", "y", "x", "step")
"""Columns of the feature table that are not features; `step` is the mean step in px per frame, by which states
are ordered, whatever feature sets are chosen."""


def _record(recipe: Recipe, entry: MovieEntry) -> dict[str, Any]:
    sets = [{**one.record(), **one.ground()} for one in recipe.features]
    derived = any(one.derives for one in recipe.features)  # formulas see um and hours
    units = {"dt_s": entry.dt_s, "pixel_size_um": entry.pixel_size_um} if derived else {}
    windows = recipe.windows.model_dump(exclude={"resample_dt_s", "resample_pixel_size"})
    breaks = {"breaks": list(entry.breaks)} if entry.breaks else {}
    return {"method": "features", **windows, "every": recipe.every(entry), "sets": sets, **units, **breaks}


def _run(experiment: Experiment, movie: Movie, recipe: Recipe, key: str, runtime: Runtime) -> Outcome:
    entry = experiment.entry(movie.name)
    tracks = experiment.tracks(movie.name)
    there = experiment.movie_paths(movie.name).labels.exists()
    labels = experiment.labels(movie.name) if there else None
    every = recipe.every(entry)
    windows = Windows(tracks, recipe.windows.window, recipe.windows.stride, every, entry.breaks, labels)
    table = described(_keys(windows), windows, recipe.features, (entry.pixel_size_um, entry.dt_s), runtime)
    filtered = filter_tracks(tracks, recipe.windows, movie.shape[1:])
    table = table[filtered.kept[table["track"].to_numpy()]].reset_index(drop=True)
    write_parquet(table, experiment.movie_paths(movie.name).features)
    summary = {"rows": len(table), "tracks_left_out": sum(filtered.left_out.values())}
    return Outcome(_record(recipe, entry), summary, (*filtered.words(movie.name), *_warnings(windows, movie)))


def described(
    keys: pd.DataFrame,
    windows: Windows,
    sets: Sequence[FeatureSet],
    units: tuple[float | None, float | None],
    runtime: Runtime,
) -> pd.DataFrame:
    """Put the columns of all sets beside the keys of their windows, in px and frames; what is derived comes last."""
    import pandas as pd

    found: dict[str, np.ndarray[Any, Any]] = {}
    seen: dict[str, np.ndarray[Any, Any]] = {}
    for nth, one in enumerate(sorted(sets, key=lambda one: one.derives)):
        runtime.progress(nth, len(sets), f"features ({one.kind})")
        features = one.features()
        taken = {feature.name for feature in features} & {*keys.columns, *found}
        if taken:
            raise InputError(f"feature set {one.kind}: column {sorted(taken)[0]!r} is made by another set already")
        values = one.derive(seen, runtime) if one.derives else one.describe(windows, runtime)
        for feature, column in zip(features, values.T, strict=True):
            found[feature.name], seen[feature.name] = column, column * feature.factor(*units)
    runtime.progress(len(sets), len(sets), "features")
    return pd.concat([keys, pd.DataFrame(found, index=keys.index)], axis=1)


def _keys(windows: Windows) -> pd.DataFrame:
    import pandas as pd

    tracks, cell = windows.tracks, windows.cell[:, (windows.window - 1) // 2] if len(windows) else _none()
    present = cell >= 0

    def of_cell(column: str, absent: float) -> np.ndarray[Any, Any]:
        values = np.append(tracks.cells[column].to_numpy(), absent)
        return values[np.where(present, cell, -1)]

    steps = np.linalg.norm(np.diff(windows.positions(), axis=1), axis=-1) / windows.every
    counted = np.isfinite(steps)
    total = np.where(counted, steps, 0.0).sum(axis=1)
    step = np.divide(total, counted.sum(axis=1), out=np.full(len(windows), np.nan), where=counted.any(axis=1))
    return pd.DataFrame(
        {
            "track": windows.track,
            "parent": tracks.parents[windows.track],
            "lineage": tracks.lineages[windows.track],
            "frame": windows.frame,
            "t0": windows.start,
            "t1": windows.stop,
            "run": _runs(windows, present),
            "label": of_cell("label", 0).astype(np.int64),
            "y": of_cell("y", np.nan).astype(np.float64),
            "x": of_cell("x", np.nan).astype(np.float64),
            "step": step,
        }
    )


def _runs(windows: Windows, present: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Number of the run of each window: windows that follow each other in one track with no frame missing between."""
    spacing = windows.stride * windows.every
    seen = _seen(windows, spacing)
    follows = np.zeros(len(windows), bool)
    follows[1:] = (windows.track[1:] == windows.track[:-1]) & (np.diff(windows.frame) == spacing)
    follows &= seen & present
    follows[1:] &= present[:-1]
    pieces = np.searchsorted(windows.breaks, windows.frame, side="right")
    follows[1:] &= pieces[1:] == pieces[:-1]
    return np.cumsum(~follows)


def _seen(windows: Windows, spacing: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Per window: the cell is there in every looked-at frame from the window before (excluded) to this one."""
    from napari_cellstate.core.windows import find_cells

    back = np.arange(0, spacing, windows.every)
    frames = windows.frame[:, None] - back
    track = np.broadcast_to(windows.track[:, None], frames.shape)
    return np.asarray((find_cells(windows.tracks, track, frames) >= 0).all(axis=1))


def _none() -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.empty(0, np.int64)


def _warnings(windows: Windows, movie: Movie) -> tuple[str, ...]:
    from napari_cellstate.methods.features._motility.repeats import repeats_note

    if len(windows):
        note = repeats_note(windows.tracks)
        return (f"movie {movie.name}: {note}",) if note else ()
    if windows.breaks:
        return (
            f"movie {movie.name}: no track goes on for {windows.window} frames between irregular frame intervals, so "
            "it adds nothing to the behaviour table; a smaller window would, or --dt where the file's times are wrong",
        )
    return (
        f"movie {movie.name}: no track is as long as a window of {windows.window} frames, so it adds nothing to the "
        "behaviour table; a smaller window or better links would",
    )


STAGE = MovieStage("features", _record, _run, lambda experiment, name: experiment.movie_paths(name).features.exists())
