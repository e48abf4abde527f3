from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.graph import CellGraph, tracks_of


def graph(frames, edges, *, y=None, name=None, **more):
    n = len(frames)
    position = np.stack([np.arange(n, dtype=float) if y is None else np.array(y, float), np.zeros(n)], axis=1)
    source, target = np.array(edges, np.int64).reshape(-1, 2).T
    return CellGraph(np.array(frames, np.int64), position, source, target, name or [7] * n, **more)


def test_a_division_makes_daughters_with_a_parent():
    #  0 - 1 - 2 and 2 divides into 3 and 4; the first daughter has a gap
    given = tracks_of(graph([0, 1, 2, 3, 3, 6], [(0, 1), (1, 2), (2, 3), (2, 4), (3, 5)]), "f", "ID")
    points = given.points
    assert points["track"].tolist() == [1, 1, 1, 2, 3, 2]
    assert points["parent"].tolist() == [0, 0, 0, 1, 1, 1]
    assert given.ids == (7, "7/2", "7/3")
    assert points["label"].tolist() == [1, 1, 1, 1, 2, 1]


def test_rows_in_any_order_and_edges_twice():
    given = tracks_of(graph([2, 0, 1], [(1, 2), (2, 0), (1, 2)], y=[20, 0, 10]), "f", "ID")
    assert given.points["frame"].tolist() == [0, 1, 2]
    assert given.points["y"].tolist() == [0, 10, 20]
    assert given.points["track"].tolist() == [1, 1, 1]


def test_of_a_merge_the_nearest_is_kept(caplog):
    given = tracks_of(graph([0, 0, 1], [(0, 2), (1, 2)], y=[0, 5, 6], name=[1, 2, 3]), "f", "ID")
    assert given.points["track"].tolist() == [1, 2, 2]
    assert "1 links are left out, since our tracks hold no merges" in caplog.text


def test_of_three_daughters_the_two_nearest_are_kept(caplog):
    given = tracks_of(graph([0, 1, 1, 1], [(0, 1), (0, 2), (0, 3)], y=[0, 9, 1, 2]), "f", "ID")
    assert given.points["parent"].tolist() == [0, 0, 1, 1]
    assert "third daughters" in caplog.text


def test_labels_are_used_where_they_number_the_cells():
    with_labels = graph([0, 0, 1], [(0, 2)], label=np.array([9, 4, 9]))
    assert tracks_of(with_labels, "f", "ID").points["label"].tolist() == [4, 9, 9]
    twice = graph([0, 0, 1], [(0, 2)], label=np.array([9, 9, 9]))
    assert tracks_of(twice, "f", "ID").points["label"].tolist() == [1, 2, 1]


@pytest.mark.parametrize("edge", [(1, 0), (0, 0)])
def test_backward_links_are_refused(edge):
    with pytest.raises(InputError, match=r"f: a link from frame . to frame 0; expected links forward in time"):
        tracks_of(graph([0, 1], [edge]), "f", "ID")


def test_nothing_in_it():
    with pytest.raises(InputError, match="no cells"):
        tracks_of(graph([], []), "f", "ID")
