from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.tables import empty_cells, make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows, find_cells, nearest_row


def tracks_of(*frames: list[int], max_gap: int = 9) -> Tracks:
    """One track through each list of frames; y is 100 x track + frame, x its half."""
    rows = sorted((frame, track) for track, there in enumerate(frames, 1) for frame in there)
    cells = pd.DataFrame(rows, columns=["frame", "label"], dtype="int64")
    cells["y"] = 100.0 * cells["label"] + cells["frame"]
    cells["x"] = cells["y"] / 2
    order = np.lexsort((cells["frame"], cells["label"]))
    same = np.diff(cells["label"].to_numpy()[order]) == 0
    return Tracks(cells, make_links(order[:-1][same], order[1:][same]), max_gap)


@settings(max_examples=80, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    window=st.integers(1, 12),
    stride=st.integers(1, 12),
    every=st.integers(1, 3),
)
def test_number_and_place_of_windows(lengths: list[int], window: int, stride: int, every: int) -> None:
    windows = Windows(tracks_of(*[list(range(3, 3 + n)) for n in lengths]), window, stride, every)
    samples = [(n - 1) // every + 1 for n in lengths]
    expected = [max((n - window) // stride + 1, 0) for n in samples]
    assert np.bincount(windows.track, minlength=len(lengths) + 1)[1:].tolist() == expected
    assert len(windows) == sum(expected)
    assert_array_equal(windows.stop - windows.start, (window - 1) * every)
    assert_array_equal(windows.frame - windows.start, (window - 1) // 2 * every)
    last = np.array(lengths)[windows.track - 1] + 2
    assert (windows.stop <= last).all()
    assert (windows.cell >= 0).all()
    inside = np.diff(windows.start)[np.diff(windows.track) == 0]
    assert (inside == stride * every).all()


def test_values_and_missing_cells() -> None:
    windows = Windows(tracks_of([0, 1, 3, 4], [1, 2, 3]), 3)
    assert windows.track.tolist() == [1, 1, 1, 2]
    assert windows.start.tolist() == [0, 1, 2, 1]
    assert windows.frame.tolist() == [1, 2, 3, 2]
    nan = np.nan
    expected = [[100, 101, nan], [101, nan, 103], [nan, 103, 104], [201, 202, 203]]
    assert_array_equal(windows.values("y"), expected)
    assert_array_equal(windows.positions()[..., 1], np.array(expected) / 2)
    assert windows.positions().shape == (4, 3, 2)
    assert_array_equal(windows.cell[0], [0, 1, -1])
    assert np.isnan(windows.values("area")).all()


def test_a_split_track_has_windows_of_its_own() -> None:
    windows = Windows(tracks_of([0, 1, 2, 6, 7, 8], max_gap=2), 3)
    assert windows.track.tolist() == [1, 2]
    assert windows.start.tolist() == [0, 6]


def test_every_second_frame() -> None:
    windows = Windows(tracks_of(list(range(8))), window=3, every=2)
    assert windows.start.tolist() == [0, 2]
    assert_array_equal(windows.values("y"), [[100, 102, 104], [102, 104, 106]])
    assert windows.frame.tolist() == [2, 4]


def test_even_windows_are_named_by_their_lower_middle_frame() -> None:
    windows = Windows(tracks_of(list(range(40))), window=20, stride=20)
    assert windows.frame.tolist() == [9, 29]
    assert windows.stop.tolist() == [19, 39]


def test_no_cells_and_tracks_too_short() -> None:
    for tracks in (Tracks(empty_cells(), make_links([], [])), tracks_of([0, 1], [3])):
        windows = Windows(tracks, 5)
        assert len(windows) == 0
        assert windows.values("y").shape == (0, 5)
        assert windows.positions().shape == (0, 5, 2)
        assert windows.frame.shape == (0,)


@pytest.mark.parametrize("name", ["window", "stride", "every"])
def test_less_than_one_frame_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"features: {name} = 0; expected at least 1 frame"):
        Windows(tracks_of([0, 1]), **{name: 0})


def test_find_cells_of_any_shape() -> None:
    tracks = tracks_of([0, 1, 3], [2, 3])
    found = find_cells(tracks, np.array([[1, 1, 1], [2, 2, 3]]), np.array([[0, 2, 3], [2, 50, 0]]))
    frames = tracks.cells["frame"].to_numpy()
    assert (found >= 0).tolist() == [[True, False, True], [True, False, False]]
    assert frames[found[found >= 0]].tolist() == [0, 3, 2]
    none = find_cells(Tracks(empty_cells(), make_links([], [])), np.array([1]), np.array([0]))
    assert none.tolist() == [-1]


def nearest(ask: list[tuple[int, int]], rows: list[tuple[int, int]], spacing: int) -> list[int]:
    track, frame = np.array(ask, np.int64).reshape(-1, 2).T
    row, row_frame = np.array(rows, np.int64).reshape(-1, 2).T
    return nearest_row(track, frame, row, row_frame, spacing).tolist()


def test_nearest_row_ties_and_ends() -> None:
    rows = [(1, 9), (1, 29), (2, 5)]
    # 19 is ten frames from both: the earlier; 39 is ten from the last, 40 is too far; 0 is nine from the first
    assert nearest([(1, 0), (1, 9), (1, 19), (1, 20), (1, 39), (1, 40)], rows, 20) == [0, 0, 0, 1, 1, -1]
    assert nearest([(2, 5), (2, 15), (2, 16), (3, 5), (0, 9)], rows, 20) == [2, 2, -1, -1, -1]


def test_nearest_row_at_stride_one_is_the_frame_itself() -> None:
    assert nearest([(1, 1), (1, 2), (1, 3), (1, 4)], [(1, 2), (1, 3)], 1) == [-1, 0, 1, -1]


def test_nearest_row_never_looks_at_another_track() -> None:
    assert nearest([(1, 8), (2, 0)], [(1, 0), (2, 8)], 4) == [-1, -1]
    assert nearest([(1, 100), (2, 0)], [(1, 100), (2, 0)], 4) == [0, 1]


def test_nearest_row_of_nothing() -> None:
    assert nearest([(1, 1)], [], 1) == [-1]
    assert nearest([], [(1, 1)], 1) == []


@settings(max_examples=60, deadline=None)
@given(
    rows=st.sets(st.tuples(st.integers(1, 3), st.integers(0, 40)), min_size=1, max_size=20),
    ask=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 45)), max_size=20),
    spacing=st.integers(1, 20),
)
def test_nearest_row_against_a_search_through_all(
    rows: set[tuple[int, int]], ask: list[tuple[int, int]], spacing: int
) -> None:
    ordered = sorted(rows)
    expected = []
    for track, frame in ask:
        near = [(abs(f - frame), n) for n, (t, f) in enumerate(ordered) if t == track and 2 * abs(f - frame) <= spacing]
        expected.append(min(near)[1] if near else -1)
    assert nearest(ask, ordered, spacing) == expected
