"""Tracks layers from and to files, which napari itself has not: CSV and folders of the Cell Tracking Challenge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES, X_NAMES, Y_NAMES
from napari_cellstate.formats.ctc import TRACK_FILES, read_ctc, split_gaps
from napari_cellstate.formats.ctc import write_ctc as write_folder
from napari_cellstate.formats.read_sheet import TEXT_SUFFIXES, read_sheet
from napari_cellstate.formats.track_table import write_track_table
from napari_cellstate.formats.tracks import read_tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

LayerData = tuple[Any, dict[str, Any], str]


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """The reader of a table with the columns of tracks, or of a folder with masks and res_track.txt; else None."""
    if isinstance(path, list):
        return None
    place = Path(path)
    if place.is_dir():
        return _read_folder if any((place / name).is_file() for name in TRACK_FILES) else None
    if place.suffix.lower() not in TEXT_SUFFIXES or not place.is_file():
        return None
    try:
        sheet = read_sheet(place)
    except CellStateError:
        return None
    known = all(sheet.find_optional(names) for names in (TRACK_NAMES, FRAME_NAMES, Y_NAMES, X_NAMES))
    return _read_table if known else None


def write_csv(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Save a Tracks layer of (track, t, y, x), in pixels, with parents."""
    target = Path(path)
    write_track_table(target, _rows(data), _parents(meta), where=f"layer {meta.get('name', '')}")
    return [str(target)]


def write_ctc(path: str, layers: list[LayerData]) -> list[str]:
    """Save a Labels layer and its Tracks layer as a folder: masks are renumbered by the track on each cell.

    Raises
    ------
    InputError
        A point of a track lies on no cell, or two tracks on one.
    """
    labels = next(data for data, _, kind in layers if kind == "labels")
    rows, meta = next((data, meta) for data, meta, kind in layers if kind == "tracks")
    import pandas as pd

    rows = _rows(rows)
    cells = pd.DataFrame(rows[:, :2].astype(np.int64), columns=["track", "frame"])
    cells["label"] = _labels_under(labels, rows)
    parents = _parents(meta)
    tracks = pd.DataFrame({"track": np.unique(cells["track"])})
    tracks["parent"] = [parents.get(track, 0) for track in tracks["track"].tolist()]
    cells["id"], lineage = split_gaps(cells[["frame", "track"]], tracks)
    folder = Path(path)
    write_folder(folder, _masks(labels, cells), lineage)
    return [str(folder)]


def _read_table(path: str | list[str]) -> list[LayerData]:
    place = Path(str(path))
    return [_layer(read_tracks(place), place.stem)]


def _read_folder(path: str | list[str]) -> list[LayerData]:
    place = Path(str(path))
    masks = read_ctc(place).masks
    try:
        stack = np.stack([masks.read(t, 0) for t in range(masks.shape[0])])
    finally:
        masks.close()
    named = {"name": f"{place.name} masks", "metadata": {"cellstate_file": str(place)}}
    return [(stack, named, "labels"), _layer(read_tracks(place), place.name)]


def _layer(given: GivenTracks, name: str) -> LayerData:
    points = given.points.sort_values(["track", "frame"], kind="stable")
    data = points[["track", "frame", "y", "x"]].to_numpy(np.float64)
    pairs = points[["track", "parent"]].drop_duplicates().to_numpy(np.int64).tolist()
    graph = {track: [parent] for track, parent in pairs if parent}
    return data, {"name": name, "graph": graph, "axis_labels": ("t", "y", "x")}, "tracks"


def _rows(data: Any) -> NDArray[np.float64]:
    rows = np.asarray(data, np.float64)
    if rows.ndim == 2 and rows.shape[1] == 5 and not rows[:, 2].any():  # a plane in space, as some tools write it
        rows = np.delete(rows, 2, axis=1)
    return rows


def _parents(meta: dict[str, Any]) -> dict[int, int]:
    """Parents by track; of tracks that were merged from several, the first."""
    return {int(track): int(np.atleast_1d(of)[0]) for track, of in (meta.get("graph") or {}).items() if len(of)}


def _labels_under(labels: Any, rows: NDArray[np.float64]) -> NDArray[np.int64]:
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InputError("tracks in three dimensions; the masks of this format have two beside time")
    at = np.rint(rows[:, 1:]).astype(np.int64)
    inside = ((at >= 0) & (at < np.array(labels.shape))).all(axis=1)
    found = np.zeros(len(rows), np.int64)
    for t in np.unique(at[inside, 0]):
        here = np.flatnonzero(inside & (at[:, 0] == t))
        found[here] = np.asarray(labels[int(t)])[at[here, 1], at[here, 2]]
    lost = np.flatnonzero(found == 0)
    if len(lost):
        track, frame = rows[lost[0], :2].astype(int)
        raise InputError(
            f"track {track} lies on no cell in frame {frame} ({len(lost)} such points); the labels must be "
            "those of the tracks"
        )
    keys = np.stack([at[:, 0], found], axis=1)
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        track, frame = rows[first[counts > 1][0], :2].astype(int)
        raise InputError(f"track {track} shares its cell in frame {frame} with another track; part the cell first")
    return found


def _masks(labels: Any, cells: Any) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    for t in range(labels.shape[0]):
        plane = np.asarray(labels[t]).astype(np.int64)
        here = cells[cells["frame"] == t]
        table = np.zeros(int(max(plane.max(initial=0), here["label"].max() if len(here) else 0)) + 1, np.uint32)
        table[here["label"].to_numpy()] = here["id"].to_numpy()
        yield t, table[plane]
