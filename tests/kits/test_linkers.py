"""What every linker must do."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods import available
from tests.kits.inputs import StopAfter, cells_of, movie, runtime


@pytest.fixture(params=list(available("link")))
def method(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield available("link")[request.param]()
    assert not list(tmp_path.iterdir()), "a method writes nothing"


def _link(method, of):
    cells = cells_of(of.labels.frames)
    links = method.estimated(cells, of).link(cells, of, runtime())
    check_links(cells, links)
    return cells, links


@pytest.mark.parametrize("cells", [1, 2])
def test_plain_tracks(method, cells):
    table, links = _link(method, movie(6, cells=cells))
    assert len(links) == 5 * cells
    tracks = Tracks(table, links, method.max_gap)
    assert (tracks.track == table["label"]).all()


def test_no_cells(method):
    _, links = _link(method, movie(3, cells=0))
    assert len(links) == 0
    assert list(links.dtypes) == [np.int64, np.int64, np.float64]


def test_one_frame(method):
    assert len(_link(method, movie(1))[1]) == 0


def test_a_gap_is_closed(method):
    table, links = _link(method, movie(6, empty=(3,)))
    tracks = Tracks(table, links, method.max_gap)
    assert tracks.n_tracks == 2
    assert (tracks.table()["n_missing"] == 1).all()


def test_same_input_same_bytes(method):
    first, second = (_link(method, movie(6))[1] for _ in range(2))
    assert first.to_numpy().tobytes() == second.to_numpy().tobytes()


def test_stops_within_one_step(method):
    of, stop = movie(6), StopAfter(2)
    cells = cells_of(of.labels.frames)
    try:
        method.estimated(cells, of).link(cells, of, runtime(stop))
    except Cancelled:
        assert stop.after == 1
    else:
        assert stop.left > 0, "asked to stop, and went on"
