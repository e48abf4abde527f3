from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import check_links, empty_cells
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.methods.link.trackpy import TrackpyLinker
from napari_cellstate.metrics.linking import edge_score, edges_from_tracks

MOVIE = Movie("m", (60, 200, 200), range(60))


def cells_of(*rows: tuple[int, float, float]) -> pd.DataFrame:
    """Cells at (frame, y, x), labelled 1, 2, ... within their frame."""
    cells = pd.DataFrame(rows, columns=["frame", "y", "x"]).astype({"frame": np.int64, "y": float, "x": float})
    cells.insert(1, "label", cells.groupby("frame").cumcount().to_numpy(np.int64) + 1)
    return cells


def walk(seed: int = 0, *, n: int = 60, frames: int = 25, size: float = 400.0, missing: float = 0.02) -> pd.DataFrame:
    """Random walkers (`who`) of which some are missed now and then."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, size, (n, 1, 2)) + np.cumsum(rng.normal(0, 2.5, (n, frames, 2)), axis=1)
    who, frame = np.repeat(np.arange(n), frames), np.tile(np.arange(frames), n)
    rows = pd.DataFrame({"frame": frame, "who": who, "y": at[..., 0].ravel(), "x": at[..., 1].ravel()})
    rows = rows[rng.random(len(rows)) >= missing].sample(frac=1, random_state=1).sort_values("frame", kind="stable")
    rows.insert(1, "label", rows.groupby("frame").cumcount().to_numpy(np.int64) + 1)
    return rows.reset_index(drop=True)


def links_of(cells: pd.DataFrame, **settings: float) -> list[tuple[int, int]]:
    links = TrackpyLinker(**settings).link(cells, MOVIE, Runtime())  # type: ignore[arg-type]
    check_links(cells, links)
    return list(zip(links["source"], links["target"], strict=True))


def test_two_cells_are_followed_and_the_cost_is_the_displacement() -> None:
    cells = cells_of((0, 10, 10), (0, 40, 40), (1, 41, 40), (1, 13, 14), (2, 13, 14), (2, 44, 44))
    links = TrackpyLinker(search_range=8.0).link(cells, MOVIE, Runtime())
    assert list(zip(links["source"], links["target"], strict=True)) == [(0, 3), (1, 2), (2, 5), (3, 4)]
    assert_allclose(links["cost"], [5, 1, 5, 0])


def test_all_cells_of_a_frame_are_matched_together() -> None:
    # taken one by one, the first would take the nearest and leave the second nothing within reach
    cells = cells_of((0, 0, 0), (0, 0, 6), (1, 0, 4), (1, 0, 9))
    assert links_of(cells, search_range=7.0) == [(0, 2), (1, 3)]


def test_nothing_beyond_the_search_range() -> None:
    assert links_of(cells_of((0, 0, 0), (1, 0, 10)), search_range=9.0) == []
    assert links_of(cells_of((0, 0, 0), (1, 0, 10)), search_range=11.0) == [(0, 1)]


@pytest.mark.parametrize(("max_gap", "linked"), [(0, False), (1, False), (2, True), (3, True)])
@pytest.mark.parametrize("others", [True, False])
def test_frames_without_cells_count_as_missing_frames(max_gap: int, linked: bool, others: bool) -> None:
    # frames 1 and 2 miss the cell; with `others` a far cell is there in every frame, else they are empty
    rows = [(t, 10.0, 10.0) for t in (0, 3)] + [(t, 90.0, 90.0) for t in range(4) if others]
    cells = cells_of(*sorted(rows))
    lone = np.flatnonzero(cells["y"] < 50)
    assert ((lone[0], lone[1]) in links_of(cells, search_range=5.0, max_gap=max_gap)) is linked
    if linked:
        tracks = Tracks(cells, TrackpyLinker(search_range=5.0, max_gap=max_gap).link(cells, MOVIE, Runtime()), max_gap)
        assert tracks.n_tracks == 1 + others


def test_same_links_as_trackpy_itself() -> None:
    import trackpy

    trackpy.quiet()
    cells = walk(missing=0.05)
    oracle = trackpy.link(cells, 9.0, pos_columns=["y", "x"], memory=2)
    expected = set(zip(*edges_from_tracks(oracle["frame"], oracle["particle"]), strict=True))
    assert set(links_of(cells, search_range=9.0, max_gap=2)) == expected


def test_crowds_too_large_for_trackpy_itself_are_linked_exactly() -> None:
    cells = walk(n=150, size=80.0, frames=4, missing=0)
    links = links_of(cells, search_range=30.0)
    assert len(links) == 450  # everyone finds someone
    frame, at = cells["frame"].to_numpy(), cells[["y", "x"]].to_numpy()
    from scipy.optimize import linear_sum_assignment

    before, after = np.flatnonzero(frame == 0), np.flatnonzero(frame == 1)
    square = ((at[before, None] - at[None, after]) ** 2).sum(-1)
    best = square[linear_sum_assignment(square)].sum()
    paid = sum(((at[s] - at[t]) ** 2).sum() for s, t in links if frame[s] == 0)
    assert_allclose(paid, best)


def test_ties_are_broken_the_same_way_every_time() -> None:
    grid = [(t, 4.0 * y + 2 * (t % 2), 4.0 * x + 2 * (t % 2)) for t in range(4) for y in range(7) for x in range(7)]
    cells = cells_of(*grid)
    links = [TrackpyLinker(search_range=6.0).link(cells, MOVIE, Runtime()) for _ in range(4)]
    for other in links[1:]:
        pd.testing.assert_frame_equal(links[0], other)


def test_no_cells_one_cell_one_frame_one_track() -> None:
    assert links_of(empty_cells()) == []
    assert links_of(cells_of((3, 1, 1))) == []
    assert links_of(cells_of((0, 1, 1), (0, 9, 9))) == []
    assert links_of(cells_of((0, 1, 1), (1, 9, 9), (2, 20, 20))) == [(0, 1), (1, 2)]


def test_links_are_sorted_and_the_record_is_complete() -> None:
    links = TrackpyLinker().link(walk(), MOVIE, Runtime())
    assert_array_equal(links["source"], np.sort(links["source"]))
    assert list(links.dtypes.astype(str)) == ["int64", "int64", "float64"]
    assert TrackpyLinker().record() == {"method": "trackpy", "version": 1, "max_gap": 3, "search_range": 0.0}


def test_progress_once_a_frame_and_cancelling_stops_within_one() -> None:
    seen: list[int] = []

    def stop(done: int, total: int, what: str) -> None:
        assert (total, what) == (25, "link")
        seen.append(done)
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        TrackpyLinker().link(walk(), MOVIE, Runtime(progress=stop))
    assert seen == [0, 1, 2, 3, 4, 5]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    TrackpyLinker().link(walk(frames=5), MOVIE, Runtime())
    assert capfd.readouterr() == ("", "")


def test_estimated_range_replaces_only_zero() -> None:
    cells = walk()
    assert TrackpyLinker(search_range=4.5).estimated(cells, MOVIE).search_range == 4.5
    estimated = TrackpyLinker(max_gap=1).estimated(cells, MOVIE)
    assert estimated.search_range > 0
    assert estimated.max_gap == 1
    pd.testing.assert_frame_equal(
        estimated.link(cells, MOVIE, Runtime()), TrackpyLinker(max_gap=1).link(cells, MOVIE, Runtime())
    )


@pytest.mark.parametrize(("size", "least"), [(2000.0, 0.995), (400.0, 0.99), (200.0, 0.95)])
def test_walks_of_several_densities(size: float, least: float) -> None:
    cells = walk(size=size, n=60)
    truth = pd.DataFrame(dict(zip(["source", "target"], edges_from_tracks(cells["frame"], cells["who"]), strict=True)))
    links = TrackpyLinker().link(cells, MOVIE, Runtime())
    assert edge_score(cells, links, cells, truth).f1 >= least


@pytest.mark.real
@pytest.mark.parametrize(("name", "least"), [("t98g_phase_usiigaci_movie", 0.97), ("mdamb231_qpi_cellphe", 0.97)])
def test_real_masks(data_dir: Path, name: str, least: float) -> None:
    tracks = pd.read_csv(data_dir / name / "gt_tracks.csv")  # its y and x are the centroids of its masks
    cells = tracks.rename(columns={"t": "frame", "track_id": "label"}).sort_values(["frame", "label"])
    cells = cells[["frame", "label", "y", "x", "area"]].reset_index(drop=True)
    truth = pd.DataFrame(
        dict(zip(["source", "target"], edges_from_tracks(cells["frame"], cells["label"]), strict=True))
    )
    links = TrackpyLinker().link(cells, MOVIE, Runtime())
    assert edge_score(cells, links, cells, truth).f1 >= least
