from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics.segmentation import f1, match, segmentation_score


def row(*runs: tuple[int, int]) -> np.ndarray:
    """A one-row label image from (label, length) pairs."""
    return np.concatenate([np.full(length, label, np.uint32) for label, length in runs])[None]


def test_same_labels_match_whatever_their_numbers() -> None:
    truth = row((0, 3), (1, 5), (2, 4), (0, 2), (7, 6))
    pred = row((0, 3), (4_000_000_000, 5), (1, 4), (0, 2), (2, 6))
    found = match(pred, truth)
    assert (found.true_positives, found.false_positives, found.false_negatives) == (3, 0, 0)
    assert found.pairs.tolist() == [[1, 2], [2, 7], [4_000_000_000, 1]]
    assert (found.mean_iou, found.f1, found.precision, found.recall) == (1, 1, 1, 1)


def test_counts_by_hand() -> None:
    truth = row((1, 10), (2, 10), (3, 10), (0, 10))
    pred = row((1, 8), (0, 2), (2, 4), (0, 6), (3, 10), (0, 5), (4, 5))
    found = match(pred, truth)
    assert (found.true_positives, found.false_positives, found.false_negatives) == (2, 2, 1)
    assert found.pairs.tolist() == [[1, 1], [3, 3]]
    assert found.mean_iou == pytest.approx((0.8 + 1) / 2)
    assert found.f1 == f1(pred, truth) == pytest.approx(4 / 7)
    assert (found.precision, found.recall) == pytest.approx((1 / 2, 2 / 3))
    assert match(pred, truth, iou=0.4).true_positives == 3
    assert match(pred, truth, iou=0.81).true_positives == 1


def test_two_halves_match_one_cell_once() -> None:
    found = match(row((1, 5), (2, 5)), row((1, 10)))
    assert (found.true_positives, found.false_positives, found.false_negatives) == (1, 1, 0)
    merged = match(row((1, 10)), row((1, 5), (2, 5)))
    assert (merged.true_positives, merged.false_positives, merged.false_negatives) == (1, 0, 1)


def test_below_one_half_the_most_pairs_are_found() -> None:
    # cell 1 fits truth 1 best, but truth 1 is all that cell 2 could have
    pred, truth = row((2, 4), (1, 10)), row((1, 10), (2, 4))
    found = match(pred, truth, iou=0.25)
    assert found.pairs.tolist() == [[1, 2], [2, 1]]
    assert found.mean_iou == pytest.approx(0.4)


def test_nothing() -> None:
    blank, one = np.zeros((4, 4), np.uint32), np.eye(4, dtype=np.uint32)
    assert match(blank, blank).f1 == 1
    assert np.isnan(match(blank, blank).mean_iou)
    assert match(blank, blank).pairs.shape == (0, 2)
    assert (match(one, blank).false_positives, match(one, blank).f1) == (1, 0)
    assert (match(blank, one).false_negatives, match(blank, one).f1) == (1, 0)


def test_frames_are_pooled_by_cells() -> None:
    truth = [row((1, 4), (2, 4)), row((5, 4), (0, 4)), row((0, 8))]
    pred = [row((1, 4), (2, 4)), row((0, 4), (5, 4)), row((3, 8))]
    score = segmentation_score(iter(pred), iter(truth))
    assert (score.true_positives, score.false_positives, score.false_negatives) == (2, 2, 1)
    assert score.mean_iou == 1
    assert score.f1 == pytest.approx(4 / 7)
    assert segmentation_score([], []).f1 == 1


def test_bad_input() -> None:
    image = row((1, 4))
    with pytest.raises(InputError, match="must be of one frame"):
        match(image, row((1, 5)))
    with pytest.raises(InputError, match=r"iou = 0\.0"):
        match(image, image, iou=0.0)
    with pytest.raises(InputError, match="only the found labels have a frame 1"):
        segmentation_score([image, image], [image])
