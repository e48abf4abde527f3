from __future__ import annotations

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links, empty_cells
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link.label_ids import LabelIdsLinker

MOVIE = Movie("m", (20, 9, 9), range(20))


def table(*rows: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frame", "label"]).assign(y=[3.0 * i for i in range(len(rows))], x=0.0)


def test_the_same_label_is_the_same_cell_over_any_gap() -> None:
    cells = table((0, 1), (0, 7), (1, 1), (4, 1), (4, 2), (15, 7))
    links = LabelIdsLinker().link(cells, MOVIE, Runtime())
    check_links(cells, links)
    assert list(zip(links["source"], links["target"], strict=True)) == [(0, 2), (1, 5), (2, 3)]
    assert_allclose(links["cost"], [6, 12, 3])


def test_tracks_end_at_long_gaps_and_know_their_parent() -> None:
    cells = table((0, 1), (0, 7), (1, 1), (4, 1), (15, 7))
    tracks = Tracks(cells, LabelIdsLinker().link(cells, MOVIE, Runtime()), max_gap=3)
    assert tracks.table()["parent"].tolist() == [0, 0, 2]
    assert tracks.table()["n_missing"].tolist() == [2, 0, 0]


def test_no_cells_and_one_cell() -> None:
    assert len(LabelIdsLinker().link(empty_cells(), MOVIE, Runtime())) == 0
    assert len(LabelIdsLinker().link(table((0, 1)), MOVIE, Runtime())) == 0


def test_cancel() -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        LabelIdsLinker().link(table((0, 1)), MOVIE, Runtime(progress=stop))
