from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.transfer import UNKNOWN, TransferSettings, calibration_error, transfer_labels
from napari_cellstate.core.errors import InputError

FAST = TransferSettings(steps=300)


def world(seed=0, *, classes=3, rows=60, groups=4, apart=3.0, shift=0.0):
    """Normal classes in 5 dimensions, in groups that are shifted a little."""
    rng = np.random.default_rng(seed)
    centres = np.eye(5)[:classes] * apart
    label = np.tile(np.repeat(np.arange(classes), rows), groups)
    group = np.repeat(np.arange(groups), classes * rows)
    values = centres[label] + rng.normal(size=(len(label), 5)) + rng.normal(0, 0.2, (groups, 5))[group] + shift
    return values, label, group


def test_labels_go_over_and_what_is_new_is_unknown():
    values, label, group = world()
    others, truth, _ = world(1, shift=0.2)
    new = np.random.default_rng(2).normal(size=(100, 5)) + 8 * np.eye(5)[4]
    found = transfer_labels(values, label, group, np.concatenate([others, new]), FAST)
    told = found.label[: len(truth)]
    known = told != UNKNOWN
    assert known.mean() > 0.85 and (told[known] == truth[known]).mean() > 0.9
    assert (found.label[len(truth) :] == UNKNOWN).mean() > 0.95
    assert found.accuracy > 0.9 and found.probability.sum(axis=1) == pytest.approx(1)


def test_probabilities_are_calibrated_on_new_groups():
    values, label, group = world(3, apart=1.5, rows=150, groups=6)
    others, truth, _ = world(4, apart=1.5, rows=300, groups=3)
    found = transfer_labels(values, label, group, others, FAST)
    best = (np.linalg.norm(others[:, None] - 1.5 * np.eye(5)[None, :3], axis=2).argmin(axis=1) == truth).mean()
    assert (found.probability.argmax(axis=1) == truth).mean() > best - 0.04  # nearly that of the true law
    assert calibration_error(found.probability, truth) < 0.06 and found.calibration_error < 0.12


def test_calibration_error_by_hand():
    probability = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 5)
    label = np.array([0, 0, 0, 1, 0, 0, 0, 1, 1])
    assert calibration_error(probability, label) == pytest.approx(4 / 9 * 0.15)  # .9 against .75; .6 against .6


def test_the_same_again_is_the_same():
    values, label, group = world(rows=20)
    one, two = (transfer_labels(values, label, group, values[:30], TransferSettings(steps=60)) for _ in range(2))
    assert np.array_equal(one.probability, two.probability)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v, la, g: (v, np.zeros_like(la), g), "1 classes"),
        (lambda v, la, g: (v, la, np.zeros_like(g)), "one group only"),
        (lambda v, la, g: (np.where(v > 2, np.nan, v), la, g), "not finite"),
        (lambda v, la, g: (v[:, :3], la, g), "the same features"),
        (lambda v, la, g: (v, la, la), "every class in two groups"),
    ],
)
def test_what_cannot_be_is_said(change, says):
    values, label, group = world(rows=10)
    with pytest.raises(InputError, match=says):
        transfer_labels(*change(values, label, group), values, FAST)
