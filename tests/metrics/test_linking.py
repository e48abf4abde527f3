from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.tables import make_links
from napari_cellstate.metrics.linking import edge_score, edges_from_tracks, match_cells, match_labels


def cells_of(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frame", "label", "y", "x"])


def links_of(*pairs: tuple[int, int]) -> pd.DataFrame:
    source, target = np.array(pairs, np.int64).reshape(-1, 2).T
    return make_links(source, target)


# a divides into c and d; b goes on
CELLS = cells_of((0, 1, 0, 0), (0, 2, 0, 50), (1, 1, 0, 0), (1, 2, 0, 50), (2, 1, -5, 0), (2, 2, 5, 0), (2, 3, 0, 50))
TRUE = links_of((0, 2), (1, 3), (2, 4), (2, 5), (3, 6))


def test_the_truth_itself_is_perfect() -> None:
    score = edge_score(CELLS, TRUE, CELLS, TRUE)
    assert (score.precision, score.recall, score.f1, score.matched_f1, score.division_f1) == (1, 1, 1, 1, 1)
    assert (score.predicted, score.true, score.common, score.true_divisions) == (5, 5, 5, 1)


def test_a_swap_a_missing_link_and_a_lost_division() -> None:
    found = links_of((0, 3), (1, 2), (2, 4), (3, 6))
    score = edge_score(CELLS, found, CELLS, TRUE)
    assert (score.predicted, score.true, score.common) == (4, 5, 2)
    assert score.precision == 0.5
    assert score.recall == 0.4
    assert score.f1 == pytest.approx(2 * 0.5 * 0.4 / 0.9)
    assert (score.predicted_divisions, score.common_divisions, score.division_f1) == (0, 0, 0)


def test_a_division_with_a_wrong_daughter_is_not_the_division() -> None:
    score = edge_score(CELLS, links_of((0, 2), (1, 3), (2, 4), (2, 6)), CELLS, TRUE)
    assert (score.predicted_divisions, score.true_divisions, score.common_divisions) == (1, 1, 0)
    assert score.common == 3


def test_a_link_over_a_gap_is_not_the_two_links_between() -> None:
    score = edge_score(CELLS, links_of((1, 6)), CELLS, TRUE)
    assert (score.predicted, score.common) == (1, 0)


def test_cells_of_another_segmentation_are_matched_by_distance() -> None:
    # rows shuffled, positions off by a little, the second cell of frame 1 missed and one made up
    other = cells_of(
        (1, 8, 1, 1), (0, 5, 1, 0), (0, 6, 0, 49), (2, 7, -4, 0), (2, 8, 5, 1), (2, 9, 1, 50), (1, 9, 90, 90)
    )
    assert_array_equal(match_cells(other, CELLS, 3.0), [2, 0, 1, 4, 5, 6, -1])
    score = edge_score(other, links_of((1, 0), (0, 3), (0, 4), (2, 6), (6, 5)), CELLS, TRUE, radius=3.0)
    assert (score.predicted, score.true, score.common) == (5, 5, 3)
    assert (score.predicted_matched, score.true_matched) == (3, 3)
    assert score.matched_f1 == 1
    assert score.f1 == pytest.approx(0.6)
    assert score.division_f1 == 1


def test_matching_is_of_all_cells_together_and_within_the_radius() -> None:
    pred, truth = cells_of((0, 1, 0, 4), (0, 2, 0, 8)), cells_of((0, 1, 0, 0), (0, 2, 0, 5))
    assert_array_equal(match_cells(pred, truth, 5.0), [0, 1])  # 0 -> 1 alone would be nearer
    assert_array_equal(match_cells(pred, truth, 3.5), [1, -1])
    assert_array_equal(match_cells(pred, truth.assign(frame=1), 5.0), [-1, -1])


def test_labels_match_within_their_frame() -> None:
    assert_array_equal(match_labels(cells_of((1, 3, 0, 0), (0, 2, 0, 0), (0, 9, 0, 0)), CELLS), [-1, 1, -1])


def test_pairs_given_by_the_caller() -> None:
    pairs = [(nth, nth) for nth in range(6)]
    score = edge_score(CELLS, TRUE, CELLS, TRUE, pairs=pairs)
    assert (score.common, score.predicted_matched, score.true_matched) == (4, 4, 4)
    with pytest.raises(InputError, match="pairs: true cell 3 is in 2 pairs"):
        edge_score(CELLS, TRUE, CELLS, TRUE, pairs=[(0, 3), (1, 3)])


def test_nothing_found_and_nothing_there() -> None:
    none = links_of()
    score = edge_score(CELLS, none, CELLS, TRUE)
    assert np.isnan(score.precision)
    assert (score.recall, score.f1) == (0, 0)
    empty = edge_score(CELLS.iloc[:0], none, CELLS.iloc[:0], none, radius=2.0)
    assert np.isnan([empty.precision, empty.recall, empty.f1, empty.division_f1]).all()


def test_edges_of_tracks_in_any_order_of_rows() -> None:
    frame, track = [3, 0, 1, 0, 7], [5, 5, 5, 9, 9]
    source, target = edges_from_tracks(frame, track)
    assert sorted(zip(source, target, strict=True)) == [(1, 2), (2, 0), (3, 4)]


def test_edges_of_parents() -> None:
    frame, track = [0, 1, 2, 3, 2, 0], [4, 4, 2, 2, 8, 6]
    source, target = edges_from_tracks(frame, track, [0, 0, 4, 4, 4, 77])
    assert sorted(zip(source, target, strict=True)) == [(0, 1), (1, 2), (1, 4), (2, 3)]
    assert [len(part) for part in edges_from_tracks([], [], [])] == [0, 0]


def test_a_track_twice_in_a_frame_is_named() -> None:
    with pytest.raises(InputError, match="row 2: track 5 is twice in frame 0"):
        edges_from_tracks([0, 0, 0], [5, 4, 5])
