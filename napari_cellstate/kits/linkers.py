"""What every linker must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.families import Linker
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.kits.expect import expect, same_bytes
from napari_cellstate.kits.inputs import StopAfter, cells_of, movie, runtime

if TYPE_CHECKING:
    import pandas as pd


def linked(method: Linker, of: Movie) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells and links of a made movie."""
    cells = _cells(of)
    links = method.estimated(cells, of).link(cells, of, runtime())
    check_links(cells, links)
    return cells, links


def _cells(of: Movie) -> pd.DataFrame:
    if of.labels is None:
        raise AssertionError("made movies have labels")
    return cells_of(np.stack([of.labels.read(t, 0) for t in of.frames]))


def follows_plain_tracks(method: Linker) -> None:
    """Cells far apart that step two pixels a frame are followed to the end."""
    for n in (1, 2):
        table, links = linked(method, movie(6, cells=n))
        expect(len(links) == 5 * n, f"{len(links)} links for {n} plain tracks of six frames; expected {5 * n}")
        tracks = Tracks(table, links, method.max_gap)
        expect(bool((tracks.track == table["label"]).all()), "two plain tracks were mixed up")


def copes_without_cells(method: Linker) -> None:
    """No cells: no links, in a table of the usual types."""
    _, links = linked(method, movie(3, cells=0))
    expect(len(links) == 0, "links were made without cells")
    types = [np.dtype(one) for one in links.dtypes]
    expect(types[:3] == [np.dtype(np.int64)] * 2 + [np.dtype(np.float64)], "an empty link table has other types")


def copes_with_one_frame(method: Linker) -> None:
    """One frame: no links."""
    expect(len(linked(method, movie(1))[1]) == 0, "links were made in one frame")


def closes_a_gap(method: Linker) -> None:
    """A frame in which nothing was found does not end tracks."""
    table, links = linked(method, movie(6, empty=(3,)))
    tracks = Tracks(table, links, method.max_gap)
    expect(tracks.n_tracks == 2, f"{tracks.n_tracks} tracks of two cells that are missing in one frame; expected 2")
    expect(bool((tracks.table()["n_missing"] == 1).all()), "the gap is not in the tracks")


def gives_the_same_bytes(method: Linker) -> None:
    """Same input, same bytes."""
    same_bytes(lambda: linked(method, movie(6))[1].to_numpy().tobytes())


def stops_within_one_step(method: Linker) -> None:
    """It calls `runtime.progress`, and lets Cancelled through."""
    of, stop = movie(6), StopAfter(2)
    cells = _cells(of)
    try:
        method.estimated(cells, of).link(cells, of, runtime(stop))
    except Cancelled:
        expect(stop.after == 1, "asked to stop, and went on for a step")
    else:
        expect(stop.left > 0, "asked to stop, and went on to the end")


CHECKS = (
    follows_plain_tracks,
    copes_without_cells,
    copes_with_one_frame,
    closes_a_gap,
    gives_the_same_bytes,
    stops_within_one_step,
)
