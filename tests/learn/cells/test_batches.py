from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_cellstate.learn.cells.crops import Crops, batch, nearest, picture, typical_diameter
from napari_cellstate.learn.cells.heads import DIAMETER, places
from napari_cellstate.learn.cells.objective import losses
from napari_cellstate.learn.cells.paint import KINDS, outlines, painted
from napari_cellstate.learn.cells.picture import channels, levelled


def discs(side=200, radius=20.0):
    y, x = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.int32)
    for n, (cy, cx) in enumerate([(50, 50), (60, 140), (150, 60), (140, 150)], start=1):
        labels[np.hypot(y - cy, x - cx) <= radius] = n
    return (100 + 50 * (labels > 0)).astype(np.uint16), labels


def test_cells_get_the_nets_size():
    one = picture(*discs())
    assert typical_diameter(one.labels) == pytest.approx(DIAMETER, rel=0.03)
    assert typical_diameter(one.small_labels) == pytest.approx(DIAMETER / 2, rel=0.06)
    assert np.exp(one.size[1:]) == pytest.approx(1, rel=0.01)


def test_levels_do_not_depend_on_the_cameras_units():
    image = np.random.default_rng(0).normal(1000, 50, (64, 64))
    assert levelled(image) == pytest.approx(levelled(3 * image + 7), abs=1e-5)
    assert np.percentile(levelled(image), [0.5, 99.8]) == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64, bool])
def test_levels_of_every_type(dtype):
    image = np.zeros((40, 50), dtype)
    assert not levelled(image).any()
    image[5:20, 5:20] = 1
    found = levelled(image)
    assert found.dtype == np.float32
    assert (found[:5].max(), found[10, 10]) == (0, 1)


def test_second_channel_sees_dim_cells_beside_bright_ones():
    image = torch.zeros(1, 1, 200, 200)
    image[..., 20:40, 20:40], image[..., 140:160, 140:160] = 1.0, 0.02
    _, local = channels(image)[0]
    assert local[150, 150] > 0.1 * local[30, 30]


def test_batches_are_reproducible_and_of_the_asked_size():
    pictures = [picture(*discs())] * 3
    chosen = Crops(side=96, batch=3)
    one, two = (batch(pictures, chosen, torch.Generator().manual_seed(5)) for _ in range(2))
    assert one["image"].shape == (3, 2, 96, 96)
    assert one["targets"].shape[2:] == (96, 96)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert torch.isfinite(one["image"]).all()


def test_what_is_right_costs_nothing():
    made = batch([picture(*discs())] * 2, Crops(side=96), torch.Generator().manual_seed(0))
    wanted = made["targets"]
    said = wanted[:, :-1].clone()
    for name in ("cell", "edge"):
        said[:, places()[name]] = 40 * said[:, places()[name]] - 20
    parts = losses(said, wanted, made["known"])
    assert all(float(value) < 1e-6 for value in parts.values())


def test_unknown_pixels_cost_nothing():
    wanted, said = torch.rand(1, 8, 8, 8), torch.randn(1, 7, 8, 8)
    known = torch.zeros(1, 8, 8)
    assert all(float(value) == 0 for value in losses(said, wanted, known).values())
    scribbled = losses(said, wanted, known, cell_known=torch.ones(1, 8, 8))
    assert float(scribbled.pop("cell")) > 0
    assert all(float(value) == 0 for value in scribbled.values())


def test_nearest_keeps_numbers():
    labels = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert (nearest(labels, 6, 8)[::2, ::2] == labels).all()
    assert (nearest(nearest(labels, 6, 8), 3, 4) == labels).all()


@pytest.mark.parametrize("kind", KINDS)
def test_painted_pictures(kind):
    labels = outlines(128, np.random.default_rng(1), kind)
    again = outlines(128, np.random.default_rng(1), kind)
    assert (labels == again).all()
    n = int(labels.max())
    assert n > 1
    assert (np.bincount(labels.ravel(), minlength=n + 1)[1:] >= 30).all()
    one, two = (painted(labels, np.random.default_rng(2)) for _ in range(2))
    assert one.shape == labels.shape
    assert np.isfinite(one).all()
    assert (one == two).all()


def test_a_painted_picture_without_cells():
    assert np.isfinite(painted(np.zeros((64, 64), np.int32), np.random.default_rng(0))).all()
