from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states.communities import Communities, communities, neighbour_graph
from napari_cellstate.methods.states.taught import Taught
from napari_cellstate.metrics.agreement import adjusted_rand


def blobs(seed=0, rows=120, apart=6.0):
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1, 2], rows)
    centres = apart * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    return centres[truth] + rng.normal(size=(3 * rows, 2)), truth


def moons(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, np.pi, 2 * rows)
    truth = np.repeat([0, 1], rows)
    x = np.where(truth == 0, np.cos(angle), 1 - np.cos(angle))
    y = np.where(truth == 0, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, y], axis=1) + rng.normal(0, 0.08, (2 * rows, 2)), truth


def test_communities_of_blobs_and_moons():
    points, truth = blobs()
    found = Communities(k=3).fit(Rows(points, np.arange(len(points))), Runtime())
    assert adjusted_rand(found.state, truth) > 0.97
    points, truth = moons()
    found = Communities(k=2).fit(Rows(points, np.arange(len(points))), Runtime())
    assert adjusted_rand(found.state, truth) > 0.9  # no blobs: k-means cannot


def test_more_resolution_more_communities():
    graph = neighbour_graph(blobs()[0], 15)
    counts = [communities(graph, resolution).max() + 1 for resolution in (0.05, 0.5, 3.0)]
    assert counts[0] <= counts[1] < counts[2]


def test_modularity_is_that_of_networkx():
    networkx = pytest.importorskip("networkx")
    graph = neighbour_graph(blobs(apart=3.0)[0], 10)
    of = communities(graph, 1.0)
    theirs = networkx.from_scipy_sparse_array(graph)
    ours = [set(np.flatnonzero(of == one).tolist()) for one in range(of.max() + 1)]
    best = max(
        networkx.community.modularity(theirs, networkx.community.louvain_communities(theirs, seed=seed))
        for seed in range(5)
    )
    assert networkx.community.modularity(theirs, ours) > best - 0.01


@pytest.mark.parametrize("labels", [6, 150])
def test_taught_finds_the_rest(labels):
    points, truth = blobs(1)
    taught = np.zeros(len(points), np.int64)
    chosen = np.random.default_rng(2).permutation(len(points))[:labels]
    chosen = np.append(chosen, [0, 120, 240])
    taught[chosen] = truth[chosen] + 1
    found = Taught(steps=300).fit(Rows(points, np.arange(len(points)), taught=taught), Runtime())
    assert adjusted_rand(found.state, truth) > 0.95
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-6)
    again = Taught(steps=300).fit(Rows(points, np.arange(len(points)), taught=taught), Runtime())
    assert found.posterior.tobytes() == again.posterior.tobytes()


def test_a_correction_retrains():
    points, truth = blobs(3, rows=40)
    taught = np.zeros(len(points), np.int64)
    taught[[0, 50]] = 1, 2
    before = Taught(steps=200).fit(Rows(points, np.arange(len(points)), taught=taught), Runtime())
    taught[90] = 3
    after = Taught(steps=200).fit(Rows(points, np.arange(len(points)), taught=taught), Runtime())
    assert set(before.state.tolist()) == {0, 1}
    assert after.state[90] == 2
    assert adjusted_rand(after.state, truth) > adjusted_rand(before.state, truth)


def test_nothing_taught_is_one_state_and_said():
    found = Taught().fit(Rows(np.ones((4, 2)), np.arange(4)), Runtime())
    assert found.state.tolist() == [0] * 4
    assert "nobody has labelled" in found.notes[0]
