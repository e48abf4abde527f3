from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.learn.cells.heads import outputs, places
from napari_cellstate.learn.cells.targets import targets

HALF = 12.0


def of(labels, size=None):
    labels = np.asarray(labels, np.int32)
    sizes = np.zeros(int(labels.max()) + 1, np.float32) if size is None else np.asarray(size, np.float32)
    found = targets(labels, sizes, HALF, 1.6)
    assert found.shape == (outputs() + 1, *labels.shape)
    return {name: found[at] for name, at in places().items()} | {"reached": found[-1:]}


@pytest.fixture
def square():
    labels = np.zeros((30, 30), np.int32)
    labels[5:20, 8:23] = 1
    return labels


def test_square(square):
    heads = of(square, [0, 0.7])
    assert (heads["cell"][0] == (square > 0)).all()
    # Chamfer distance in a square of 15 px is that to the nearest side: 8 px in the middle, 1 at the border.
    assert heads["distance"][0, 12, 15] * HALF == 8
    assert heads["distance"][0, 5, 15] * HALF == 1
    assert heads["edge"].sum() == 4 * 14
    assert np.unravel_index(heads["centre"][0].argmax(), square.shape) == (12, 15)
    assert heads["centre"].max() == 1
    assert (heads["size"][0][square > 0] == np.float32(0.7)).all()


def test_arrows_lead_to_the_middle(square):
    flow = of(square)["flow"]
    y, x = np.nonzero(square)
    towards = (12 - y) * flow[0, y, x] + (15 - x) * flow[1, y, x]
    assert (towards[(y != 12) | (x != 15)] > 0).all()
    assert np.hypot(*flow).max() <= 1 + 1e-6
    assert (flow[:, square == 0] == 0).all()


def test_arrows_stay_in_a_bent_cell():
    labels = np.zeros((40, 40), np.int32)
    labels[5:35, 5:10] = labels[30:35, 5:35] = 1
    flow = of(labels)["flow"]
    # The middle is at the corner of the L: at the end of one arm the way leads along it, not across the outside.
    assert flow[0, 6, 7] > 0.9
    assert flow[1, 32, 33] < -0.9


def test_neighbours_border_each_other():
    labels = np.repeat([[1] * 10 + [2] * 10], 12, axis=0)
    heads = of(labels)
    assert (heads["distance"][0, :, 9:11] * HALF == 1).all()
    assert heads["distance"][0, 6, 0] * HALF == 10  # the border of the image ends no cell
    assert heads["flow"][1, 6, 9] < 0  # each to its own middle, away from the border between them
    assert heads["flow"][1, 6, 10] > 0


def test_unknown_pixels_end_no_cell_and_scribbles_are_cell():
    labels = np.full((10, 20), -1, np.int32)
    labels[:, :8] = 1
    labels[:, 15:] = -2
    heads = of(labels)
    assert heads["edge"].sum() == 0
    assert (heads["cell"][0] == (labels != -1)).all()
    assert heads["reached"].sum() == 80


def test_a_part_cut_off_is_not_reached():
    labels = np.zeros((10, 20), np.int32)
    labels[:, :8] = labels[:, 17:] = 1
    heads = of(labels)
    assert heads["reached"][0, :, :8].all()
    assert not heads["reached"][0, :, 17:].any()
