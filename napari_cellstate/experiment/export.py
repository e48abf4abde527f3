"""Results out of an experiment, in formats that others read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.looks import wearing
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment import tables
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.export_geff import export_geff
from napari_cellstate.experiment.export_ome_zarr import export_ome_zarr
from napari_cellstate.experiment.export_trackmate import export_trackmate
from napari_cellstate.experiment.relabel import relabel
from napari_cellstate.experiment.stages.dynamics import TABLES
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.tables import write_csv, write_parquet

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FORMATS = ("csv", "parquet", "h5ad", "zarr", "ctc", "geff", "ome-zarr", "trackmate")

_TABLES: dict[str, tuple[str, Callable[[Experiment], pd.DataFrame]]] = {
    "states": ("link", tables.states_table),
    "features": ("embed", tables.features_table),
    "columns": ("embed", tables.columns_table),
    "cells": ("link", tables.cells_table),
    "links": ("link", tables.links_table),
    "tracks": ("link", tables.tracks_table),
    **{name: ("dynamics", partial(Experiment.dynamics, table=name)) for name in TABLES},
}
"""Name of a table: the stage it needs, and what makes it."""

_FOLDERS: dict[str, Callable[[Experiment, Path, Progress], list[Path]]] = {
    "geff": export_geff,
    "ome-zarr": export_ome_zarr,
    "trackmate": export_trackmate,
}
"""Formats with a file or folder a movie."""


def export(
    experiment: Experiment | str | Path,
    out: str | Path,
    format: str = "csv",
    *,
    force: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Write results as tables or label images.

    Parameters
    ----------
    experiment : an experiment or its folder.
    out : a folder; made if missing, and it must be empty.
    format : "csv" or "parquet" (states, features, columns, cells, links, tracks, and every table of the
        dynamics, as far as their stages are done), "h5ad" or "zarr" (the behaviour table as AnnData), "ctc" (a folder
        a movie with a mask a frame, numbered by track, and res_track.txt), "geff" (MOVIE.geff: cells, links and
        states as a graph), "ome-zarr" (MOVIE.ome.zarr: label images of tracks and of states) or "trackmate"
        (MOVIE_spots.csv).
    force : write into a folder that is not empty, over files of the same names.

    Returns
    -------
    The files (ctc, geff, ome-zarr: a folder a movie).
    """
    experiment, folder = as_experiment(experiment), Path(out)
    if format not in FORMATS:
        raise InputError(f"no export format {format!r}; known: {', '.join(FORMATS)}")
    make_folder(folder, force=force)
    with wearing(experiment.looks):
        return _export(experiment, folder, format, progress)


def _export(experiment: Experiment, folder: Path, format: str, progress: Progress) -> list[Path]:
    if format == "h5ad":
        return [_copy_behavior(experiment, folder)]
    if format == "zarr":
        return [_behavior_zarr(experiment, folder)]
    if format == "ctc":
        return _ctc(experiment, folder, progress)
    if format in _FOLDERS:
        return _FOLDERS[format](experiment, folder, progress)
    write = write_csv if format == "csv" else write_parquet
    done = {name: make for name, (stage, make) in _TABLES.items() if _reached(experiment, stage)}
    if not done:
        raise InputError(f"{experiment.root}: nothing to export yet; do: napari-cellstate run {experiment.root}")
    paths = []
    for nth, (name, make) in enumerate(done.items()):
        progress(nth, len(done), f"export {name}")
        paths.append(folder / f"{name}.{format}")
        write(_one_type_a_column(make(experiment)), paths[-1])
    progress(len(done), len(done), "export")
    return paths


def make_folder(folder: Path, *, force: bool) -> None:
    """Make a folder for results; InputError where it has something in it already, unless forced."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder")
    if folder.exists() and any(folder.iterdir()) and not force:
        raise InputError(f"{folder} is not empty; give another folder, or --force to write into it")
    folder.mkdir(parents=True, exist_ok=True)


def _one_type_a_column(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that hold both text and numbers (ids of several movies, as they stood) as text; parquet needs that."""
    plain = table.copy()
    for name, column in table.items():
        if column.dtype == object and column.map(type).nunique() > 1:
            plain[name] = column.map(str, na_action="ignore")
    return plain


def _reached(experiment: Experiment, stage: str) -> bool:
    if stage == "link":
        names = [entry.name for entry in experiment.movies]
        return bool(names) and all(experiment.record("link", name) is not None for name in names)
    return experiment.record(stage) is not None


def _copy_behavior(experiment: Experiment, folder: Path) -> Path:
    path = folder / "behavior.h5ad"
    if not experiment.paths.behavior.exists():
        raise InputError(
            f"{experiment.root}: there is no behaviour table yet; do: napari-cellstate run {experiment.root}"
        )
    with atomic.replacing(path) as temporary:
        shutil.copyfile(experiment.paths.behavior, temporary)
    return path


def _behavior_zarr(experiment: Experiment, folder: Path) -> Path:
    """The behaviour table as AnnData writes it into a Zarr store."""
    path = folder / "behavior.zarr"
    with atomic.building_folder(path) as building:
        experiment.behavior.write_zarr(building)
    return path


def _ctc(experiment: Experiment, folder: Path, progress: Progress) -> list[Path]:
    from napari_cellstate.formats.ctc import split_gaps, write_ctc

    paths = []
    for entry in experiment.movies:
        if not experiment.movie_paths(entry.name).labels.exists():
            raise InputError(f"movie {entry.name}: only tracks were given, so there are no masks to write")
        tracks = experiment.tracks(entry.name)
        cells = tracks.cells[["frame", "label"]].assign(track=tracks.track)
        cells["id"], lineage = split_gaps(cells, tracks.table())
        paths.append(folder / entry.name)
        write_ctc(paths[-1], _masks(experiment, entry, cells, progress), lineage)
    return paths


def _masks(
    experiment: Experiment, entry: MovieEntry, cells: pd.DataFrame, progress: Progress
) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Frame number and labels renumbered by the column `id`, frame by frame."""
    labels = experiment.labels(entry.name)
    frames = range(*entry.frames)
    for nth, t in enumerate(frames):
        progress(nth, len(frames), f"{entry.name}: export ctc")
        here = cells[cells["frame"] == t]
        yield t, relabel(np.asarray(labels[t]), here["label"].to_numpy(), here["id"].to_numpy())
