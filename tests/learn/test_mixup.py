from __future__ import annotations

import math

import pytest
import torch

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.mixup import Pairing, draw_pairing
from napari_cellstate.nets.losses import one_hot, soft_cross_entropy


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_loss_of_the_blend_is_the_blend_of_the_losses():
    scores, a, b = torch.randn(4, 3, 5, 5), torch.randint(0, 3, (4, 5, 5)), torch.randint(0, 3, (4, 5, 5))
    blend = 0.3 * one_hot(a, 3)[0] + 0.7 * one_hot(b, 3)[0]
    each = [float(soft_cross_entropy(scores, one_hot(labels, 3)[0])) for labels in (a, b)]
    assert float(soft_cross_entropy(scores, blend)) == pytest.approx(0.3 * each[0] + 0.7 * each[1], rel=1e-5)


def test_blends_images_and_labels_alike():
    pairing = Pairing(torch.tensor([0.25, 1.0]), torch.tensor([1, 0]))
    images = torch.tensor([[0.0, 4.0], [8.0, 0.0]])
    assert pairing.mix(images).tolist() == [[6.0, 1.0], [8.0, 0.0]]


def test_an_ignored_pixel_is_ignored_in_both():
    pairing = Pairing(torch.tensor([0.5, 0.5, 0.5]), torch.tensor([1, 2, 0]))
    known = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    assert pairing.known(known).tolist() == [[0, 1, 0], [0, 1, 1], [1, 1, 0]]


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_moments_of_the_beta(alpha):
    """Mean 1/2, variance 1 / (4 (2 alpha + 1)); limits: 3.3 standard errors."""
    n = 20_000
    share = draw_pairing(n, alpha, generator=_seeded(), each="sample").share.double()
    var = 1 / (4 * (2 * alpha + 1))
    kurtosis = 3 - 6 / (2 * alpha + 3)
    assert abs(float(share.mean()) - 0.5) < 3.3 * math.sqrt(var / n)
    assert abs(float(share.var()) - var) < 3.3 * var * math.sqrt((kurtosis - 1) / n)


def test_larger_share_at_alpha_one():
    share = draw_pairing(20_000, 1.0, generator=_seeded(), each="sample").share
    larger = torch.maximum(share, 1 - share)
    assert abs(float(larger.mean()) - 0.75) < 3.3 * (0.25 / math.sqrt(3)) / math.sqrt(20_000)  # uniform on 1/2 .. 1


def test_one_share_a_batch():
    pairing = draw_pairing(6, 1.0, generator=_seeded())
    assert len(set(pairing.share.tolist())) == 1
    assert sorted(pairing.partner.tolist()) == list(range(6))
    assert len(set(draw_pairing(6, 1.0, generator=_seeded(), each="sample").share.tolist())) == 6


def test_alpha_zero_changes_nothing():
    images = torch.randn(5, 2)
    assert torch.equal(draw_pairing(5, 0.0, generator=_seeded()).mix(images), images)


def test_tiny_alpha_takes_one_or_the_other():
    share = draw_pairing(1000, 1e-4, generator=_seeded(), each="sample").share
    assert torch.isfinite(share).all()
    assert float(torch.minimum(share, 1 - share).max()) < 0.01 or float((share > 0.5).float().mean()) == pytest.approx(
        0.5, abs=3.3 * 0.5 / math.sqrt(1000)
    )


def test_deterministic():
    first, second = (draw_pairing(8, 0.3, generator=_seeded(5), each="sample") for _ in range(2))
    assert torch.equal(first.share, second.share)
    assert torch.equal(first.partner, second.partner)


def test_negative_alpha():
    with pytest.raises(InputError, match="alpha -1"):
        draw_pairing(3, -1, generator=_seeded())
