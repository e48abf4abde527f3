from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.gui.track_files import get_reader, write_csv, write_ctc

ROWS = np.array([[3, 0, 2.0, 3.0], [3, 1, 2.25, 3.5], [4, 2, 2, 3], [5, 2, 7, 8], [5, 4, 7, 8]])
META = {"name": "paths", "graph": {4: [3], 5: [3]}}


@pytest.fixture
def labels():
    stack = np.zeros((5, 12, 12), np.int32)
    for number, (_, t, y, x) in enumerate(ROWS, start=11):
        stack[int(t), int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = number
    return stack


def test_csv_and_back(tmp_path):
    path = tmp_path / "a.csv"
    assert write_csv(str(path), ROWS, META) == [str(path)]
    (data, kwargs, kind), *_ = get_reader(str(path))(str(path))
    assert kind == "tracks"
    assert np.array_equal(data[:, 1:], ROWS[:, 1:])
    assert data[:, 0].tolist() == [1, 1, 2, 3, 3], "numbered from 1 in the order of their ids"
    assert kwargs["graph"] == {2: [1], 3: [1]}


def test_a_folder_and_back(tmp_path, labels):
    folder = tmp_path / "01_RES"
    write_ctc(str(folder), [(labels, {}, "labels"), (ROWS, META, "tracks")])
    assert (folder / "res_track.txt").read_text().splitlines() == ["3 0 1 0", "4 2 2 3", "5 2 2 3", "6 4 4 5"]
    (masks, _, first), (data, _, second) = get_reader(str(folder))(str(folder))
    assert (first, second) == ("labels", "tracks")
    assert np.array_equal(masks > 0, labels > 0)
    assert np.allclose(np.sort(data[:, 2]), np.sort(np.rint(ROWS[:, 2])))


def test_what_cannot_be_written_is_said(tmp_path, labels):
    with pytest.raises(cs.InputError, match="track 9 lies on no cell in frame 0"):
        write_ctc(str(tmp_path / "a"), [(labels, {}, "labels"), (np.array([[9, 0, 10, 10]]), {}, "tracks")])
    with pytest.raises(cs.InputError, match="shares its cell"):
        both = np.array([[1, 0, 2, 3], [2, 0, 2, 3]])
        write_ctc(str(tmp_path / "a"), [(labels, {}, "labels"), (both, {}, "tracks")])
    with pytest.raises(cs.InputError, match="3 dimensions in space"):
        write_csv(str(tmp_path / "a.csv"), np.ones((2, 5)), {"name": "x"})


def test_what_is_no_tracks_is_left_to_others(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("index,axis-0,axis-1\n0,1,2\n")
    for path in (table, tmp_path, tmp_path / "none.csv"):
        assert get_reader(str(path)) is None
    assert get_reader([str(table)]) is None


def test_napari_finds_readers_and_writers(viewer, tmp_path):
    layer = viewer.add_tracks(ROWS, graph=META["graph"], name="paths")
    path = tmp_path / "b.csv"
    layer.save(str(path), plugin="napari-cellstate")
    opened = viewer.open(str(path), plugin="napari-cellstate")
    assert np.array_equal(opened[0].data[:, 1:], ROWS[:, 1:])
