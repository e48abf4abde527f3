from __future__ import annotations

import pytest
import torch

from napari_cellstate.learn.augment import Augment

STILL = Augment(flips=False, rotation=0, scale=1, gain=0, offset=0, gamma=0, blur=0, noise=0, invert=0)


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def case():
    images = torch.rand(4, 2, 24, 24)
    return images, torch.randint(-1, 5, (4, 1, 24, 24))


def test_nothing_asked_nothing_changed(case):
    images, labels = STILL(*case, _seeded())
    assert torch.allclose(images, case[0], atol=1e-5)
    assert torch.equal(labels, case[1])


def test_same_seed_same_batch(case):
    first, second = (Augment(invert=0.5)(*case, _seeded(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], Augment(invert=0.5)(*case, _seeded(4))[0])


def test_labels_move_with_the_image():
    """The image is the label, smooth enough that blending hardly matters: they must stay together."""
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(40.0), indexing="ij")
    labels = ((y // 12) * 4 + x // 10).long().expand(6, 1, 48, 40)
    still = {"gain": 0, "offset": 0, "gamma": 0, "blur": 0, "noise": 0}
    images, moved = Augment(**still)(labels.float(), labels, _seeded())
    inside = moved >= 0
    assert inside.float().mean() > 0.5
    assert ((images - moved).abs()[inside] < 0.5).float().mean() > 0.75
    assert not torch.equal(moved, labels)


def test_labels_are_never_blended_and_outside_is_ignored():
    labels = 1000 * torch.randint(1, 9, (3, 1, 32, 32))
    _, moved = Augment(rotation=45, scale=2.0)(torch.rand(3, 1, 32, 32), labels, _seeded(1), ignore=-1)
    assert set(moved.unique().tolist()) <= {-1, *labels.unique().tolist()}
    assert (moved == -1).any()


@pytest.mark.parametrize("size", [(16, 16), (16, 20)])
def test_flips_are_exact(size):
    images = torch.rand(8, 1, *size)
    flipped, labels = Augment(**{**vars(STILL), "flips": True})(images, (images * 1000).long(), _seeded())
    assert torch.equal((flipped * 1000).long(), labels) or torch.allclose(flipped * 1000, labels + 0.5, atol=0.6)
    for before, after in zip(images, flipped, strict=True):
        assert torch.allclose(before.flatten().sort().values, after.flatten().sort().values, atol=1e-5)


def test_inverted_contrast(case):
    inverted, _ = Augment(**{**vars(STILL), "invert": 1.0})(*case, _seeded())
    mean = case[0].mean((1, 2, 3), keepdim=True)
    assert torch.allclose(inverted - mean, mean - case[0], atol=1e-5)


def test_blur_keeps_the_mean_and_smooths():
    images = torch.rand(2, 1, 64, 64)
    blurred, _ = Augment(**{**vars(STILL), "blur": 3.0})(images, torch.zeros(2, 1, 64, 64), _seeded(2))
    assert torch.allclose(blurred.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=0.02)
    assert (blurred.std((1, 2, 3)) < images.std((1, 2, 3))).all()


def test_a_constant_image_stays_finite():
    images, _ = Augment()(torch.ones(2, 1, 16, 16), torch.zeros(2, 1, 16, 16), _seeded())
    assert torch.isfinite(images).all()
