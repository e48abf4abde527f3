"""Ids of given tracks come back as they stood, and under the name they had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def shown_ids(experiment: Experiment, entry: MovieEntry, tracks: Tracks) -> NDArray[Any] | None:
    """What each track of a movie is called in tables, indexed by our track number; None where that is the number.

    A given track that is one of our tracks keeps its id. Where a division or a long gap cuts it, the first piece
    keeps the id and the others are called ID/2, ID/3, ...; a cell that no given track has gets a name of its own.
    Entry 0, "no parent", stays 0.
    """
    given = _given(experiment, entry)
    if given is None:
        return None
    ids = given["ids"]
    _, first_cell = np.unique(tracks.track, return_index=True)
    number = tracks.cells["given_track"].to_numpy()[first_cell] if len(tracks.cells) else np.empty(0, np.int64)
    shown: list[str | int] = [0]
    pieces: dict[int, int] = {}
    for track, of in enumerate(number.tolist(), start=1):
        pieces[of] = pieces.get(of, 0) + 1
        if of == 0:
            shown.append(f"untracked {track}")
        else:
            shown.append(ids[of - 1] if pieces[of] == 1 else f"{ids[of - 1]}/{pieces[of]}")
    return np.array(shown, object)


def given_columns(experiment: Experiment, entry: MovieEntry, cells: pd.DataFrame) -> dict[str, Any]:
    """A column with the given ids as they stood, under the name they had, unless that is `track` itself."""
    given = _given(experiment, entry)
    if given is None or given["id_name"] in ("track", *cells.columns):
        return {}
    ids = np.array([None, *given["ids"]], object)
    return {given["id_name"]: ids[cells["given_track"].to_numpy()]}


def _given(experiment: Experiment, entry: MovieEntry) -> dict[str, Any] | None:
    """Name and ids of the given tracks, where the movie's links are theirs."""
    link, measure = experiment.record("link", entry.name), experiment.record("measure", entry.name)
    if link is None or measure is None or link["resolved"]["method"] != "tracks":
        return None
    return dict(measure["resolved"])
