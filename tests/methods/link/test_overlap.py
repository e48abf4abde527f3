from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link.overlap import OverlapLinker
from tests.kits.inputs import Stack, cells_of, movie


def discs(paths: dict[int, list[tuple[int, float, float, float]]], frames: int = 8, size: int = 90) -> Movie:
    """Labels with a disc (frame, y, x, radius) each; numbered anew in each frame."""
    labels, grid = np.zeros((frames, size, size), np.uint32), np.mgrid[:size, :size]
    for path in paths.values():
        for t, y, x, radius in path:
            labels[t][(grid[0] - y) ** 2 + (grid[1] - x) ** 2 <= radius**2] = labels[t].max() + 7
    return Movie("m", labels.shape, range(frames), 0, None, Stack(labels))


def linked(of: Movie, **settings: float) -> Tracks:
    cells = cells_of(of.labels.frames)  # type: ignore[union-attr]
    links = OverlapLinker(**settings).link(cells, of, Runtime())  # type: ignore[arg-type]
    check_links(cells, links)
    return Tracks(cells, links, 3)


def test_cells_that_cover_where_they_were_are_tracks() -> None:
    of = discs({n: [(t, 15 + 20 * n, 12 + 4 * t, 8) for t in range(8)] for n in range(4)})
    tracks = linked(of)
    assert tracks.n_tracks == 4
    assert all(np.ptp(tracks.cells["y"][tracks.track == n]) < 1 for n in range(1, 5))


def test_a_gap_is_bridged_where_the_outlines_still_overlap() -> None:
    path = [(t, 30, 20 + 2 * t, 9) for t in range(8) if t not in (3, 4)]
    assert linked(discs({0: path})).n_tracks == 1
    assert linked(discs({0: path}), max_gap=1).n_tracks == 2


def test_two_daughters_inside_their_mother() -> None:
    mother = [(t, 40, 40, 14) for t in range(4)]
    daughters = {n: [(t, 40 + 9 * side, 40, 8) for t in range(4, 8)] for n, side in ((1, -1), (2, 1))}
    of = discs({0: mother, **daughters})
    table = linked(of).table()
    assert table["parent"].tolist() == [0, 1, 1]
    assert linked(of, inside=0.0).table()["parent"].sum() == 0


def test_the_largest_sum_of_overlaps_is_chosen() -> None:
    """A cell between two: the greedy choice would leave the third cell alone."""
    of = discs({0: [(0, 30, 20, 8), (1, 30, 28, 8)], 1: [(0, 30, 37, 8), (1, 30, 45, 8)]}, frames=2)
    assert linked(of, least=0.05).table()["n_cells"].tolist() == [2, 2]


def test_a_movie_without_outlines_is_refused() -> None:
    of = movie(3)
    with pytest.raises(InputError, match="needs outlines"):
        OverlapLinker().link(cells_of(of.labels.frames), replace(of, labels=None), Runtime())  # type: ignore[union-attr]
