from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.ctc import read_ctc, split_gaps, write_ctc


def tracks_table(*rows):
    return pd.DataFrame(rows, columns=["track", "parent", "first_frame", "last_frame"])


def cells_table(frames_of):
    rows = [(frame, track) for track, frames in frames_of.items() for frame in frames]
    return pd.DataFrame(rows, columns=["frame", "track"])


@pytest.fixture
def family():
    """Track 1 misses frames 2 and 4, then divides into 2 and 3; 3 misses frame 7; 4 stands alone."""
    cells = cells_table({1: [0, 1, 3, 5], 2: [6, 7, 8], 3: [6, 8], 4: [0, 1]})
    return cells, tracks_table((1, 0, 0, 5), (2, 1, 6, 8), (3, 1, 6, 8), (4, 0, 0, 1))


EXPECTED = [(1, 0, 1, 0), (2, 6, 8, 6), (3, 6, 6, 6), (4, 0, 1, 0), (5, 3, 3, 1), (6, 5, 5, 5), (7, 8, 8, 3)]


def lines(table):
    return [tuple(row) for row in table[["L", "B", "E", "P"]].to_numpy().tolist()]


def test_gaps_become_parents_and_divisions_stay(family):
    cells, tracks = family
    labels, table = split_gaps(cells, tracks)
    assert lines(table) == EXPECTED
    assert labels.tolist() == [1, 1, 5, 6, 2, 2, 2, 3, 7, 4, 4]


def test_the_order_of_the_cells_does_not_matter(family):
    cells, tracks = family
    order = np.random.default_rng(0).permutation(len(cells))
    labels, table = split_gaps(cells, tracks)
    shuffled, same = split_gaps(cells.iloc[order], tracks)
    np.testing.assert_array_equal(shuffled, labels[order])
    pd.testing.assert_frame_equal(same, table)


def test_nothing_to_split():
    labels, table = split_gaps(cells_table({}).astype(int), tracks_table().astype(int))
    assert len(labels) == len(table) == 0
    labels, table = split_gaps(cells_table({3: [2]}), tracks_table((3, 0, 2, 2)))
    assert (labels.tolist(), lines(table)) == ([3], [(3, 2, 2, 0)])


def images(cells, labels, n=9):
    """A pixel a cell."""
    frames = np.zeros((n, 4, 5), np.int64)
    for row, label in zip(cells.itertuples(), labels, strict=True):
        frames[row.frame, row.track % 4, row.track] = label
    return frames


def test_round_trip(tmp_path, family):
    cells, tracks = family
    labels, table = split_gaps(cells, tracks)
    frames = images(cells, labels)
    write_ctc(tmp_path / "a", enumerate(frames), table)
    write_ctc(tmp_path / "b", enumerate(frames), table)
    names = [f"mask{t:03}.tif" for t in range(9)] + ["res_track.txt"]
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    assert (tmp_path / "a" / "res_track.txt").read_bytes().startswith(b"1 0 1 0\n2 6 8 6\n")
    assert tifffile.imread(tmp_path / "a" / "mask003.tif").dtype == np.uint16
    back = read_ctc(tmp_path / "a")
    assert lines(back.tracks) == EXPECTED
    np.testing.assert_array_equal([back.masks.read(t, 0) for t in range(9)], frames)


def test_truth_has_other_names(tmp_path):
    frame = np.array([[0, 8]])
    write_ctc(tmp_path, [(0, frame)], tracks_table((8, 0, 0, 0)), digits=4, truth=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["man_track.txt", "man_track0000.tif"]
    back = read_ctc(tmp_path)
    assert lines(back.tracks) == [(8, 0, 0, 0)]
    np.testing.assert_array_equal(back.masks.read(0, 0), frame)


def test_many_tracks_need_32_bits(tmp_path):
    write_ctc(tmp_path, [(0, np.array([[0, 70_000]]))], tracks_table((70_000, 0, 0, 0)))
    stored = tifffile.imread(tmp_path / "mask000.tif")
    assert (stored.dtype, stored.max()) == (np.uint32, 70_000)


def test_no_tracks_at_all(tmp_path):
    write_ctc(tmp_path, [(0, np.zeros((4, 5), int)), (1, np.zeros((4, 5), int))], tracks_table().astype(int))
    back = read_ctc(tmp_path)
    assert (len(back.tracks), back.masks.shape) == (0, (2, 1, 4, 5))


@pytest.mark.parametrize(
    ("frames", "tracks", "message"),
    [
        ([[1, 0]], [(1, 0, 0, 0), (2, 0, 0, 0)], r"mask000\.tif: track 2 has no pixel in frame 0.*split_gaps"),
        ([[1, 2]], [(1, 0, 0, 0)], r"mask000\.tif: number 2 is in the image"),
        ([[1, 2]], [(1, 0, 0, 0), (2, 0, 1, 1)], "number 2 is in the image, but no track of this number is in frame 0"),
        ([[1, 2]], [(1, 0, 0, 0), (1, 0, 0, 0)], "track 1 is listed twice"),
        ([[1, 2]], [(1, 7, 0, 0)], "parent 7 of track 1 is not listed"),
        ([[1, 2]], [(1, 0, 0, 3), (2, 1, 2, 3)], "track 2 begins in frame 2, its parent 1 ends in frame 3"),
    ],
)
def test_what_the_layout_does_not_allow(tmp_path, frames, tracks, message):
    with pytest.raises(InputError, match=message):
        write_ctc(tmp_path, [(t, np.array([row])) for t, row in enumerate(frames)], tracks_table(*tracks))


def test_long_movies_have_longer_numbers(tmp_path):
    write_ctc(tmp_path, [(8, np.zeros((1, 2), int)), (1000, np.array([[0, 3]]))], tracks_table((3, 0, 1000, 1000)))
    assert sorted(file.name for file in tmp_path.glob("*.tif")) == ["mask0008.tif", "mask1000.tif"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0 0\n", r"res_track\.txt, line 1: '1 0 0'; expected four whole numbers"),
        ("1 0 0 0\n2 0 x 0\n", "line 2"),
        ("1 3 0 0\n", "track 1 ends in frame 0, before it begins in frame 3"),
    ],
)
def test_bad_lines_are_named(tmp_path, text, message):
    (tmp_path / "res_track.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_ctc(tmp_path)


def test_a_folder_without_a_list_of_tracks(tmp_path):
    with pytest.raises(InputError, match=r"neither res_track\.txt nor man_track\.txt is here"):
        read_ctc(tmp_path)
