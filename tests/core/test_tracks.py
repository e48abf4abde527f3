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


def tracks_of(frames: list[int], links: list[tuple[int, int]], max_gap: int = 0) -> Tracks:
    """Tracks of cells in the given frames (sorted), labelled 1, 2, ... within their frame."""
    cells = pd.DataFrame({"frame": np.array(frames, np.int64)}).assign(y=0.0, x=0.0)
    cells.insert(1, "label", cells.groupby("frame").cumcount().to_numpy(np.int64) + 1)
    source, target = np.array(links, np.int64).reshape(-1, 2).T
    return Tracks(cells, make_links(source, target), max_gap)


def test_two_generations() -> None:
    # 0 -> 1 -> {2, 3}; 2 -> 4; 3 -> {5, 6}; a cell by itself: 7
    tracks = tracks_of([0, 1, 2, 2, 3, 3, 3, 3], [(0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (3, 6)])
    assert tracks.track.tolist() == [1, 1, 2, 3, 2, 4, 5, 6]
    assert tracks.parents.tolist() == [0, 0, 1, 1, 3, 3, 0]
    assert tracks.lineages.tolist() == [0, 1, 1, 1, 1, 1, 6]
    table = tracks.table()
    assert table["track"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["parent"].tolist() == [0, 1, 1, 3, 3, 0]
    assert table["lineage"].tolist() == [1, 1, 1, 1, 1, 6]
    assert table["first_frame"].tolist() == [0, 2, 2, 3, 3, 3]
    assert table["last_frame"].tolist() == [1, 3, 2, 3, 3, 3]
    assert table["n_cells"].tolist() == [2, 2, 1, 1, 1, 1]
    assert table["n_missing"].tolist() == [0] * 6
    assert table["divides"].tolist() == [True, False, True, False, False, False]


@pytest.mark.parametrize(("max_gap", "joined"), [(0, False), (1, False), (2, True), (5, True)])
def test_a_gap_longer_than_max_gap_ends_a_track(max_gap: int, joined: bool) -> None:
    tracks = tracks_of([0, 1, 4, 5], [(0, 1), (1, 2), (2, 3)], max_gap)  # frames 2 and 3 are missing
    assert tracks.track.tolist() == ([1, 1, 1, 1] if joined else [1, 1, 2, 2])
    assert tracks.parents.tolist() == ([0, 0] if joined else [0, 0, 1])
    assert tracks.table()["n_missing"].tolist() == ([2] if joined else [0, 0])
    assert not tracks.table()["divides"].any()
    assert tracks.table()["lineage"].eq(1).all()


def test_a_division_over_a_gap() -> None:
    for max_gap in (0, 3):
        tracks = tracks_of([0, 2, 3], [(0, 1), (0, 2)], max_gap)
        assert tracks.track.tolist() == [1, 2, 3]
        assert tracks.parents.tolist() == [0, 0, 1, 1]
        assert tracks.table()["divides"].tolist() == [True, False, False]


def test_tracks_are_numbered_by_their_first_cells() -> None:
    tracks = tracks_of([0, 0, 1, 1, 1], [(0, 4), (1, 2)])
    assert tracks.track.tolist() == [1, 2, 2, 3, 1]


def test_no_cells_and_no_links() -> None:
    none = Tracks(empty_cells(), make_links([], []))
    assert none.n_tracks == 0
    assert none.track.shape == (0,)
    assert none.parents.tolist() == [0]
    assert len(none.table()) == 0
    loose = tracks_of([0, 0, 1], [])
    assert loose.track.tolist() == [1, 2, 3]
    assert loose.table()["n_cells"].tolist() == [1, 1, 1]


def test_wrong_tables_are_refused_with_their_place() -> None:
    cells = pd.DataFrame({"frame": [0, 1], "label": [1, 1], "y": 0.0, "x": 0.0})
    with pytest.raises(InputError, match="movie a: links row 0: target 0 is in frame 0, source 1 in frame 1"):
        Tracks(cells, make_links([1], [0]), where="movie a")
    with pytest.raises(InputError, match=r"^cells row 1: frame 0"):
        Tracks(cells[::-1], make_links([], []))


@st.composite
def lineages(draw: st.DrawFn) -> Tracks:
    """Random forests: every cell links back to at most one earlier cell that has at most one target so far."""
    frames = sorted(draw(st.lists(st.integers(0, 12), min_size=1, max_size=30)))
    targets = [0] * len(frames)
    links = []
    for cell, frame in enumerate(frames):
        free = [at for at in range(cell) if frames[at] < frame and targets[at] < 2]
        source = draw(st.sampled_from([None, *free]))
        if source is not None:
            targets[source] += 1
            links.append((source, cell))
    return tracks_of(frames, links, draw(st.integers(0, 4)))


@settings(max_examples=60, deadline=None)
@given(lineages())
def test_what_holds_for_any_lineage(tracks: Tracks) -> None:
    table, frame = tracks.table(), tracks.cells["frame"].to_numpy()
    assert_array_equal(np.unique(tracks.track), np.arange(1, tracks.n_tracks + 1))
    assert table["n_cells"].sum() == len(frame)
    assert (table["n_cells"] + table["n_missing"] == table["last_frame"] - table["first_frame"] + 1).all()
    assert (table["parent"] < table["track"]).all()
    for _, frames in pd.Series(frame).groupby(tracks.track):
        gaps = np.diff(frames.to_numpy())
        assert ((gaps >= 1) & (gaps <= tracks.max_gap + 1)).all()
    born = table[table["parent"] > 0]
    mothers = table.set_index("track").loc[born["parent"]]
    assert (mothers["last_frame"].to_numpy() < born["first_frame"].to_numpy()).all()
    assert (mothers["lineage"].to_numpy() == born["lineage"].to_numpy()).all()
    assert (born["parent"].value_counts() <= 2).all()
    assert set(table.loc[table["divides"], "track"]) == {
        parent for parent, count in born["parent"].value_counts().items() if count == 2
    }
