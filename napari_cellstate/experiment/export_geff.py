"""One GEFF a movie: cells, links, and the state of each cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import STATE_COLUMNS, state_name
from napari_cellstate.core.progress import Progress
from napari_cellstate.core.tables import merges
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import states_table

if TYPE_CHECKING:
    import pandas as pd

_ANY_GAP = 2**40

_DESCRIPTIONS = {
    "label": "number of the cell in its frame, as in the label images",
    "track": "as in the tables; (movie, track, frame) joins them",
    "tracklet": "cut at divisions only; a track of ours ends at long gaps too",
    "lineage": "number of the first track of the family",
    "cluster": "best state of the window by itself",
    "state": "state of the window that is nearest in time; missing where there is none",
    "state_prob": "probability of the state",
}


def export_geff(experiment: Experiment, folder: Path, progress: Progress) -> list[Path]:
    """Write MOVIE.geff for each movie.

    Tracks whose ids are text keep our numbers as `track`; what they are called then stands in the metadata, below
    extra.napari_cellstate.track_ids, in the order of these numbers. Merges are pairs of node ids in
    extra.napari_cellstate.merges, no edges: every cell has one past.
    """
    from napari_cellstate.formats.geff_write import write_geff

    table, paths = states_table(experiment), []
    for nth, entry in enumerate(experiment.movies):
        progress(nth, len(experiment.movies), f"{entry.name}: export geff")
        tracks = experiment.tracks(entry.name)
        rows = table[table["movie"] == entry.name].reset_index(drop=True)
        nodes, extra = _nodes(rows, tracks), _extra(rows, tracks, entry)
        paths.append(folder / f"{entry.name}.geff")
        write_geff(
            paths[-1],
            nodes,
            tracks.links[["source", "target"]].to_numpy(np.int64),
            dt_s=entry.dt_s,
            pixel_size_um=entry.pixel_size_um,
            tracklet="tracklet",
            lineage="lineage",
            descriptions=_DESCRIPTIONS,
            extra=extra,
        )
    progress(len(paths), len(paths), "export geff")
    return paths


def _nodes(rows: pd.DataFrame, tracks: Tracks) -> pd.DataFrame:
    import pandas as pd

    nodes = pd.DataFrame({"t": tracks.cells["frame"], "y": tracks.cells["y"], "x": tracks.cells["x"]})
    nodes["label"] = tracks.cells["label"]
    nodes["track"] = rows["track"].to_numpy(np.int64) if _whole(rows) else tracks.track
    nodes["tracklet"] = Tracks(tracks.cells, tracks.links, _ANY_GAP).track
    nodes["lineage"] = tracks.lineages[tracks.track]
    for name in STATE_COLUMNS:
        nodes[name] = rows[name]
    return nodes


def _extra(rows: pd.DataFrame, tracks: Tracks, entry: MovieEntry) -> dict[str, Any]:
    extra: dict[str, Any] = {"movie": entry.name, "condition": entry.condition, "replicate": entry.replicate}
    states = sorted(int(one) for one in rows["state"].dropna().unique())
    at, ended = merges(tracks.links)
    if len(at):
        extra["merges"] = np.stack([ended, tracks.links["target"].to_numpy(np.int64)[at]], axis=1).tolist()
    extra["state_names"] = {str(state): state_name(state) for state in states}
    if not _whole(rows):
        _, first = np.unique(tracks.track, return_index=True)
        extra["track_ids"] = [str(one) for one in rows["track"].iloc[first]]
    return extra


def _whole(rows: pd.DataFrame) -> bool:
    """Whether all ids of tracks are whole numbers."""
    return all(isinstance(one, int | np.integer) for one in rows["track"])
