"""The results of one movie: labels, cells, links, features, and what they say of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.progress import Progress
from napari_cellstate.core.tables import check_cells, check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.finding import Findings
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ("track", "frame", "t0", "t1")


def check_movie(
    experiment: Experiment, entry: MovieEntry, found: Findings, fresh: frozenset[str], progress: Progress
) -> None:
    """Check the results of one movie; results are compared with each other only where both stages are `fresh`."""
    paths = experiment.movie_paths(entry.name)
    cells = _cells(experiment, entry, found) if paths.cells.exists() else None
    if paths.labels.exists():
        compared = cells if {"segment", "measure"} <= fresh else None
        _check_labels(experiment, entry, compared, found, progress)
    if cells is None:
        return
    again = found.again(paths.record("link"))
    where = paths.links.relative_to(experiment.root).as_posix()
    tracks = None
    if paths.links.exists() and "link" in fresh:
        with found.noting(where, again):
            links = experiment.links(entry.name)
            check_links(cells, links, where)
            tracks = experiment.tracks(entry.name) if experiment.record("link", entry.name) else None
    if paths.features.exists():
        _check_features(experiment, entry, tracks if "features" in fresh else None, found)


def _cells(experiment: Experiment, entry: MovieEntry, found: Findings) -> pd.DataFrame | None:
    """The cell table, None where it cannot be used."""
    paths = experiment.movie_paths(entry.name)
    where, again = paths.cells.relative_to(experiment.root).as_posix(), found.again(paths.record("measure"))
    before = len(found.all())
    with found.noting(where, again):
        cells = experiment.cells(entry.name)
        check_cells(cells, where)
        _, _, height, width = entry.shape
        frame, y, x = (cells[name].to_numpy(np.float64) for name in ("frame", "y", "x"))
        first, stop = entry.frames
        given = entry.tracks is not None and entry.images is None and entry.labels is None
        for bad, what in (
            ((frame < first) | (frame >= stop), f"frame outside {first}:{stop}"),
            (((y < -0.5) | (y > height - 0.5) | (x < -0.5) | (x > width - 0.5)) & (not given), "outside the image"),
        ):
            if bad.any():
                at = int(np.argmax(bad))
                found.add(f"{where}, row {at}", f"{what} (frame {frame[at]:g}, y {y[at]:g}, x {x[at]:g})", again)
    return cells if len(found.all()) == before else None


def _check_labels(
    experiment: Experiment, entry: MovieEntry, cells: pd.DataFrame | None, found: Findings, progress: Progress
) -> None:
    """Label images can be read, have the shape of the movie, and hold the cells of the table."""
    paths = experiment.movie_paths(entry.name)
    where, again = paths.labels.relative_to(experiment.root).as_posix(), found.again(paths.record("segment"))
    with found.noting(where, again):
        labels = experiment.labels(entry.name)
        shape = (entry.shape[0], *entry.shape[2:])
        if labels.shape != shape or labels.dtype != np.uint32:
            found.add(where, f"{labels.shape} of {labels.dtype}; expected {shape} of uint32", again)
            return
        frames = range(*entry.frames)
        for nth, t in enumerate(frames):
            progress(nth, len(frames), f"{entry.name}: check labels")
            with found.noting(f"{where}, frame {t}", again):
                inside = np.unique(np.asarray(labels[t]))
                if cells is not None:
                    _compare(inside[inside > 0], cells, t, f"{where}, frame {t}", found, again)


def _compare(
    inside: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
    cells: pd.DataFrame,
    t: int,
    where: str,
    found: Findings,
    again: str,
) -> None:
    listed = cells["label"].to_numpy()[(cells["frame"] == t).to_numpy()]
    for lost, what in (
        (np.setdiff1d(listed, inside), "is in cells.parquet, but not in the image"),
        (np.setdiff1d(inside, listed), "is in the image, but not in cells.parquet"),
    ):
        if len(lost):
            more = f" (and {len(lost) - 1} others)" if len(lost) > 1 else ""
            found.add(where, f"cell {lost[0]}{more} {what}", again)


def _check_features(experiment: Experiment, entry: MovieEntry, tracks: Tracks | None, found: Findings) -> None:
    """Rows name tracks and frames that are there, each once."""
    paths = experiment.movie_paths(entry.name)
    where, again = paths.features.relative_to(experiment.root).as_posix(), found.again(paths.record("features"))
    with found.noting(where, again):
        table = experiment.features(entry.name)
        missing = [name for name in _KEYS if name not in table.columns]
        if missing:
            found.add(where, f"column {missing[0]!r} is missing", again)
            return
        if table.duplicated(["track", "frame"]).any():
            at = int(np.argmax(table.duplicated(["track", "frame"]).to_numpy()))
            found.add(f"{where}, row {at}", "the same track and frame as an earlier row", again)
        if ((table["frame"] < table["t0"]) | (table["frame"] > table["t1"])).any():
            found.add(where, "a frame outside its window", again)
        infinite = [name for name in table.select_dtypes("float").columns if np.isinf(table[name]).any()]
        if infinite:
            found.add(where, f"infinite values in {infinite[0]!r}", again)
        if tracks is not None and len(table):
            known = tracks.table().set_index("track")
            lost = sorted(set(table["track"]) - set(known.index))
            if lost:
                found.add(where, f"track {lost[0]} is in no link or cell table", again)
                return
            spans = known.loc[table["track"]]
            if (
                (table["t0"].to_numpy() < spans["first_frame"].to_numpy())
                | (table["t1"].to_numpy() > spans["last_frame"].to_numpy())
            ).any():
                found.add(where, "a window outside its track", again)
