from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from napari_cellstate.nets.losses import focal, one_hot, soft_cross_entropy, soft_dice


@pytest.fixture
def case():
    labels = torch.randint(0, 3, (2, 5, 6))
    labels[0, 0] = -1
    return torch.randn(2, 3, 5, 6), labels


def test_cross_entropy_of_hard_labels_is_torchs(case):
    scores, labels = case
    found = soft_cross_entropy(scores, *one_hot(labels, 3))
    assert torch.allclose(found, F.cross_entropy(scores, labels, ignore_index=-1))


def test_class_weights_are_torchs(case):
    scores, labels = case
    weights = torch.tensor([0.2, 1.0, 3.0])
    found = soft_cross_entropy(scores, *one_hot(labels, 3), weights)
    assert torch.allclose(found, F.cross_entropy(scores, labels, weights, ignore_index=-1))


def test_nothing_known_is_no_loss():
    scores = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = soft_cross_entropy(scores, *one_hot(torch.full((1, 4, 4), -1), 3))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not scores.grad.any()


def test_focal_without_focus_is_cross_entropy(case):
    scores, labels = case
    soft, known = one_hot(labels, 3)
    assert torch.allclose(focal(scores, soft, known, 0.0), soft_cross_entropy(scores, soft, known))
    assert focal(scores, soft, known, 2.0) < focal(scores, soft, known, 0.0)


def test_dice_of_a_perfect_result_is_zero(case):
    _, labels = case
    soft, known = one_hot(labels, 3)
    assert float(soft_dice(1e4 * soft, soft, known)) == pytest.approx(0, abs=1e-6)
    assert float(soft_dice(1e4 * soft.roll(1, 1), soft, known)) > 0.9


def test_dice_by_hand():
    """Two px, p = 0.5 each, truth (1, 0): 1 - (2 * 0.5 + 1) / (0.5 + 1 + 1)."""
    soft = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]).flip(1)
    assert float(soft_dice(torch.zeros(1, 2, 2), soft)) == pytest.approx(1 - 2 / 2.5)


def test_ignored_pixels_do_not_matter(case):
    scores, labels = case
    soft, known = one_hot(labels, 3)
    other = scores.clone()
    other[0, :, 0] += 10 * torch.randn(3, 6)
    for loss in (soft_cross_entropy, soft_dice, focal):
        assert torch.allclose(loss(scores, soft, known), loss(other, soft, known))
