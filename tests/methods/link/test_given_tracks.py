from __future__ import annotations

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link.given_tracks import GivenTracksLinker

IDS = ("a", "b", "c", "d")


def given(*rows: tuple[int, int, int, int], frames: range = range(20)) -> tuple[pd.DataFrame, Movie]:
    """Cells and movie of points (frame, label, track, parent), each 2 px below the one before."""
    points = pd.DataFrame(rows, columns=["frame", "label", "track", "parent"], dtype="int64")
    points = points.assign(y=[2.0 * i for i in range(len(rows))], x=5.0)
    cells = points[points["frame"].isin(frames)].reset_index(drop=True)
    cells = cells.rename(columns={"track": "given_track", "parent": "given_parent"})
    return cells, Movie("m", (20, 9, 9), frames, points=GivenTracks(points, "name", IDS))


def links_of(cells: pd.DataFrame, movie: Movie) -> list[tuple[int, int]]:
    links = GivenTracksLinker().link(cells, movie, Runtime())
    check_links(cells, links)
    return list(zip(links["source"], links["target"], strict=True))


def test_rows_of_a_track_follow_each_other_whatever_their_labels() -> None:
    cells, movie = given((0, 1, 2, 0), (0, 2, 1, 0), (1, 1, 1, 0), (1, 2, 2, 0), (5, 1, 2, 0))
    assert links_of(cells, movie) == [(0, 3), (1, 2), (3, 4)]
    assert_allclose(GivenTracksLinker().link(cells, movie, Runtime())["cost"], [6, 2, 2])


def test_a_parent_is_linked_to_its_daughters() -> None:
    cells, movie = given((0, 1, 1, 0), (1, 1, 1, 0), (2, 1, 2, 1), (3, 1, 2, 1), (3, 2, 3, 1))
    assert links_of(cells, movie) == [(0, 1), (1, 2), (1, 4), (2, 3)]
    tracks = Tracks(cells, GivenTracksLinker().link(cells, movie, Runtime()), max_gap=3)
    assert tracks.table()["parent"].tolist() == [0, 1, 1]
    assert tracks.table()["divides"].tolist() == [True, False, False]


def test_without_rows() -> None:
    assert links_of(*given()) == []


def test_only_frames_in_use_and_parents_outside_are_none() -> None:
    cells, movie = given((0, 1, 1, 0), (1, 1, 2, 1), (2, 1, 2, 1), (3, 1, 2, 1), frames=range(1, 3))
    assert len(cells) == 2
    assert links_of(cells, movie) == [(0, 1)]


def test_further_cells_stay_unlinked() -> None:
    cells, movie = given((0, 1, 1, 0), (1, 1, 1, 0))
    more = (
        pd.concat([cells, cells.assign(label=9, given_track=0)]).sort_values(["frame", "label"]).reset_index(drop=True)
    )
    assert links_of(more, movie) == [(0, 2)]


def test_no_table_of_tracks() -> None:
    cells, _ = given((0, 1, 1, 0))
    with pytest.raises(InputError, match=r"movie m: .*needs a track table"):
        plain = cells.drop(columns=["given_track", "given_parent"])
        GivenTracksLinker().link(plain, Movie("m", (20, 9, 9), range(20)), Runtime())


def test_a_parent_that_lives_on_is_named() -> None:
    cells, movie = given((0, 1, 1, 0), (2, 1, 1, 0), (2, 2, 2, 1))
    with pytest.raises(InputError, match=r"track 'b' starts in frame 2, but its parent 'a' is there until frame 2"):
        links_of(cells, movie)


def test_a_track_that_is_its_own_parent_is_named() -> None:
    cells, movie = given((0, 1, 1, 1))
    with pytest.raises(InputError, match="track 'a' starts in frame 0, but its parent 'a'"):
        links_of(cells, movie)


def test_three_daughters() -> None:
    cells, movie = given((0, 1, 1, 0), (1, 1, 2, 1), (1, 2, 3, 1), (1, 3, 4, 1))
    with pytest.raises(InputError, match="track 'a' has 3 daughters; expected at most 2"):
        links_of(cells, movie)


def test_twice_in_one_frame() -> None:
    cells, movie = given((0, 1, 1, 0), (1, 1, 1, 0), (1, 2, 1, 0))
    with pytest.raises(InputError, match="track 'a' is twice in frame 1"):
        links_of(cells, movie)


def test_cancel() -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise Cancelled

    cells, movie = given((0, 1, 1, 0))
    with pytest.raises(Cancelled):
        GivenTracksLinker().link(cells, movie, Runtime(progress=stop))
