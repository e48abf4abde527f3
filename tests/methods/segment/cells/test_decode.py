from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.learn.cells.heads import DIAMETER, places
from napari_cellstate.learn.cells.targets import targets
from napari_cellstate.methods.segment._cells.decode import DECODERS
from napari_cellstate.methods.segment._cells.flood import flood
from napari_cellstate.methods.segment._cells.follow import follow
from napari_cellstate.methods.segment._cells.tidy import enlarged, filled, tidied
from napari_cellstate.metrics.segmentation import match


def discs(side=120, radius=11.0, apart=21.0):
    """Pairs of discs that touch."""
    y, x = np.mgrid[:side, :side]
    labels = np.zeros((side, side), np.int32)
    n = 0
    for cy in (20, 60, 100):
        for cx in (20, 20 + apart, 90):
            n += 1
            labels[(np.hypot(y - cy, x - cx) <= radius) & (labels == 0)] = n
    return labels


def maps_of(labels):
    sizes = np.zeros(int(labels.max()) + 1, np.float32)
    found = targets(labels, sizes, DIAMETER / 2, 1.6)
    maps = {name: found[at] for name, at in places().items()}
    for name in ("cell", "edge"):
        maps[name] = (12 * maps[name] - 6).astype(np.float32)
    return {name: np.ascontiguousarray(one if len(one) > 1 else one[0]) for name, one in maps.items()}


@pytest.mark.parametrize("decoder", DECODERS)
def test_true_maps_give_the_true_cells(decoder):
    labels = discs()
    score = match(DECODERS[decoder](maps_of(labels)), labels, 0.8)
    assert score.f1 == 1


def test_long_cells_come_whole_from_arrows():
    y, x = np.mgrid[:80, :200]
    labels = np.zeros((80, 200), np.int32)
    for n in range(4):
        inside = np.abs(y - 12 - 18 * n - 6 * np.sin(x / 25)) < 5
        labels[inside & (x > 10) & (x < 190)] = n + 1
    assert match(DECODERS["flow"](maps_of(labels)), labels, 0.8).f1 == 1


def test_flood_parts_hills_by_the_depth_of_the_valley():
    height = np.array([[0.2, 0.9, 0.6, 0.8, 0.2]], np.float32)
    mask = np.ones(height.shape, bool)
    assert flood(height, mask, 0.15, 1000).max() == 2
    assert flood(height, mask, 0.25, 1000).max() == 1


def test_flood_keeps_to_the_mask_and_numbers_in_order():
    mask = np.array([[1, 1, 0, 1, 1], [0, 0, 0, 0, 1]], bool)
    found = flood(np.ones(mask.shape, np.float32), mask, 0.1, 8)
    assert found.tolist() == [[1, 1, 0, 2, 2], [0, 0, 0, 0, 2]]


def test_followers_of_one_end_are_one_cell():
    flow = np.zeros((2, 5, 9), np.float32)
    flow[1, :, :4], flow[1, :, 5:] = -1, 1
    found = follow(flow, np.ones((5, 9), bool), 2.5, 6, 1)
    assert (found[:, :4] == found[0, 0]).all()
    assert (found[:, 5:] == found[0, 8]).all()
    assert found[0, 0] != found[0, 8]


def test_tidied_drops_crumbs_second_parts_and_the_unsure():
    labels = np.zeros((6, 12), np.int32)
    labels[:3, :4], labels[5, :2], labels[:3, 6:8], labels[4:, 9:] = 7, 7, 3, 5
    sure = np.full(labels.shape, 0.9, np.float32)
    sure[4:, 9:] = 0.3
    found = tidied(labels, sure, 4, 4, 0.5)
    assert (found[:3, :4] == 1).all()
    assert (found[:3, 6:8] == 2).all()
    assert np.count_nonzero(found) == 18


def test_small_ones_stay_where_they_are_alone():
    labels = np.zeros((6, 12), np.int32)
    labels[:3, :4], labels[3, :2], labels[5, 9:] = 1, 2, 3
    found = tidied(labels, np.ones(labels.shape, np.float32), 4, 3, 0.5)
    assert (found[5, 9:] == 2).all()
    assert not found[3].any()


def test_holes_within_one_cell_are_filled():
    labels = np.ones((9, 9), np.int32)
    labels[3:5, 3:5] = 0
    labels[0, 7] = 0  # open to the border of the image
    found = filled(labels, 4)
    assert (found[3:5, 3:5] == 1).all()
    assert found[0, 7] == 0
    assert filled(labels, 3)[3, 3] == 0
    between = np.array([[1, 1, 2, 2], [1, 0, 0, 2], [1, 1, 2, 2]], np.int32)
    assert (filled(between, 4) == between).all()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 3.3])
def test_enlarged_is_the_same_cell(factor):
    labels = discs(60, 9.0, 30.0)
    score = np.where(labels > 0, 3.0, -3.0).astype(np.float32)
    rows = round(60 * factor)
    found = enlarged(labels, score, rows, rows)
    assert found.dtype == np.uint32
    y = np.minimum(((np.arange(rows) + 0.5) / factor).astype(int), 59)
    wanted = labels[y[:, None], y]
    assert match(found, wanted, 0.8).f1 == 1
    if factor == 1:
        assert (found == labels).all()


def test_nothing_gives_nothing():
    empty = {name: np.full((2, 8, 8) if name == "flow" else (8, 8), -6, np.float32) for name in places()}
    assert all(not decode(empty).any() for decode in DECODERS.values())
