from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.methods.segment._cells.click import mask_at, uncertainty
from napari_cellstate.methods.segment._cells.predict import Prediction
from napari_cellstate.metrics.segmentation import match
from tests.methods.segment.cells.test_decode import discs, maps_of


@pytest.fixture
def seen():
    labels = discs()
    return Prediction(maps_of(labels), labels.shape, 24.0), labels


def iou(one, two):
    return np.count_nonzero(one & two) / np.count_nonzero(one | two)


def test_a_click_brings_back_every_cell(seen):
    prediction, truth = seen
    labels = prediction.labels()
    assert match(labels, truth, 0.8).f1 == 1
    for cell in range(1, int(truth.max()) + 1):
        y, x = (int(v.mean()) for v in np.nonzero(truth == cell))
        left = np.where(labels == labels[y, x], 0, labels)
        mask = mask_at(prediction, left, y, x)
        assert iou(mask, truth == cell) > 0.8
        assert not (mask & (left > 0)).any()


def test_a_faint_cell_is_found_too(seen):
    prediction, truth = seen
    prediction.maps["cell"][truth == 3] = -2.5
    y, x = (int(v.mean()) for v in np.nonzero(truth == 3))
    assert prediction.labels()[y, x] == 0
    assert iou(mask_at(prediction, np.zeros(truth.shape, int), y, x), truth == 3) > 0.7


def test_a_click_beside_a_cell_means_that_cell(seen):
    prediction, truth = seen
    mask = mask_at(prediction, np.zeros(truth.shape, int), 60, 90 + 14)
    assert iou(mask, truth == truth[60, 90]) > 0.8


def test_where_nothing_is_seen_a_disc(seen):
    prediction, truth = seen
    prediction.maps["cell"][:] = -20
    mask = mask_at(prediction, np.zeros(truth.shape, int), 80, 60)
    y, x = np.nonzero(mask)
    assert (y.mean(), x.mean()) == pytest.approx((80, 60), abs=1)
    assert mask.sum() == pytest.approx(np.pi * 12**2, rel=0.1)


def test_a_cell_that_is_there_is_left_alone(seen):
    prediction, _ = seen
    assert not mask_at(prediction, prediction.labels(), 20, 20).any()


@pytest.mark.parametrize(("y", "x"), [(-1, 5), (5, 120), (500, 5)])
def test_outside(seen, y, x):
    with pytest.raises(InputError, match="in the frame"):
        mask_at(seen[0], seen[0].labels(), y, x)


def test_labels_of_another_frame(seen):
    with pytest.raises(InputError, match="as the frame"):
        mask_at(seen[0], np.zeros((5, 5), int), 1, 1)


def test_doubt_is_where_the_net_is_unsure(seen):
    prediction, truth = seen
    prediction.maps["cell"][truth == 5] = 0.0
    doubt = uncertainty(prediction)
    assert doubt.shape == truth.shape
    assert 0 <= doubt.min() <= doubt.max() <= 1
    assert truth[np.unravel_index(doubt.argmax(), doubt.shape)] == 5
