from __future__ import annotations

import numpy as np

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states.kmeans import KMeans


def inertia(points, state):
    return sum(np.square(points[state == one] - points[state == one].mean(axis=0)).sum() for one in np.unique(state))


def test_more_starts_are_never_worse():
    points = np.random.default_rng(0).normal(size=(400, 3))
    rows = Rows(points, np.zeros(400, np.int64))
    one, many = (KMeans(k=8, starts=starts).fit(rows, Runtime()).state for starts in (1, 20))
    assert inertia(points, many) <= inertia(points, one) + 1e-9


def test_as_tight_as_sklearn():
    from sklearn.cluster import KMeans as Other

    points = np.random.default_rng(1).normal(size=(500, 2))
    state = KMeans(k=4, starts=20).fit(Rows(points, np.zeros(500, np.int64)), Runtime()).state
    assert inertia(points, state) <= Other(4, n_init=20, random_state=0).fit(points).inertia_ * 1.001
