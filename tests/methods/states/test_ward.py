from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cut_tree, linkage

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states import ward
from napari_cellstate.methods.states.ward import Ward, cut, ward_merges
from napari_cellstate.metrics.agreement import adjusted_rand


@pytest.mark.parametrize(("count", "axes"), [(2, 1), (3, 2), (60, 2), (400, 7)])
def test_tree_is_scipys(count, axes):
    points = np.random.default_rng(count).normal(size=(count, axes)) + 50
    pairs, cost = ward_merges(points)
    tree = linkage(points, "ward")
    np.testing.assert_allclose(np.sqrt(2 * np.sort(cost)), tree[:, 2], atol=1e-6)
    for k in range(1, min(count, 9)):
        assert adjusted_rand(cut(pairs, cost, k), cut_tree(tree, k).ravel()) == 1.0


def test_by_hand():
    pairs, cost = ward_merges(np.array([[0.0], [1.0], [10.0], [13.0]]))
    np.testing.assert_allclose(np.sort(cost), [0.5, 4.5, 121.0])  # 11 apart, two of two: 2 * 2 / 4 * 11^2
    assert adjusted_rand(cut(pairs, cost, 2), np.array([0, 0, 1, 1])) == 1.0
    assert adjusted_rand(cut(pairs, cost, 3), np.array([0, 0, 1, 2])) == 1.0


def test_equal_points_and_ties_come_to_an_end():
    points = np.random.default_rng(0).integers(0, 3, size=(300, 2)).astype(float)
    pairs, cost = ward_merges(points)
    np.testing.assert_allclose(np.sort(cost)[:291], 0.0, atol=1e-9)  # nine different points
    assert np.sort(cost)[291] > 1
    nine = cut(pairs, cost, 9)
    assert adjusted_rand(nine, points[:, 0] * 3 + points[:, 1]) == 1.0


def test_more_rows_than_the_tree_takes():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 10_400)
    points = np.array([[0.0, 0], [12, 0], [0, 12]])[truth] + rng.normal(size=(10_400, 2))
    fit = Ward(seed=3).fit(Rows(points, np.zeros(10_400, np.int64)), Runtime())
    assert adjusted_rand(fit.state, truth) >= 0.99
    (note,) = fit.notes
    assert "10,000 of 10,400 rows" in note
    assert "the other 400 joined the nearest centre" in note


def test_sample_is_as_many_as_said_and_of_the_seed(monkeypatch):
    monkeypatch.setattr(ward, "MOST", 50)
    rows = Rows(np.random.default_rng(2).normal(size=(200, 2)), np.zeros(200, np.int64))
    taken = []
    merges = ward.ward_merges
    monkeypatch.setattr(ward, "ward_merges", lambda points, progress: taken.append(points) or merges(points, progress))
    fits = [Ward(seed=seed).fit(rows, Runtime()) for seed in (0, 0, 1)]
    assert [len(points) for points in taken] == [50, 50, 50]
    np.testing.assert_array_equal(taken[0], taken[1])
    assert fits[0].state.tobytes() == fits[1].state.tobytes()
    assert not np.array_equal(taken[0], taken[2])


def test_rows_outside_the_sample_join_the_nearest_centre(monkeypatch):
    monkeypatch.setattr(ward, "MOST", 20)
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(0, 1, 100), rng.normal(30, 1, 100)])[:, None]
    fit = Ward(k=2).fit(Rows(points, np.zeros(200, np.int64)), Runtime())
    assert adjusted_rand(fit.state, np.repeat([0, 1], 100)) == 1.0
