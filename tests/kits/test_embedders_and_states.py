"""What every embedder and every state method must do."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.families import Rows
from napari_cellstate.methods import available
from tests.kits.inputs import StopAfter, runtime


def _blobs(n: int, dims: int = 4) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(size=(n, dims)) + 8 * (np.arange(n) % 3)[:, None]


def _behavior(n: int) -> anndata.AnnData:
    points = _blobs(n)
    table = anndata.AnnData(X=points, obs=pd.DataFrame(index=[str(i) for i in range(n)]))
    table.var["used"] = True
    table.layers[SCALED] = points
    return table


@pytest.fixture(params=list(available("embed")))
def embedder(request):
    return available("embed")[request.param]()


@pytest.fixture(params=list(available("states")))
def estimator(request):
    return available("states")[request.param]()


@pytest.mark.parametrize("n", [0, 1, 2, 60])
def test_embedding_has_a_finite_row_for_each(embedder, n):
    coordinates = embedder.embed(_behavior(n), runtime()).coordinates
    assert len(coordinates) == n
    assert coordinates.ndim == 2
    assert coordinates.shape[1] >= 1
    assert np.isfinite(coordinates).all()


def test_embedding_same_bytes(embedder):
    first, second = (embedder.embed(_behavior(60), runtime()).coordinates.tobytes() for _ in range(2))
    assert first == second


def _rows(points: np.ndarray) -> Rows:
    return Rows(points, np.arange(len(points)) // 10)


@pytest.mark.parametrize("points", [_blobs(0), _blobs(1), _blobs(2), np.zeros((20, 3)), _blobs(90)],
                         ids=["no rows", "one row", "two rows", "constant", "blobs"])  # fmt: skip
def test_states_are_consecutive_and_complete(estimator, points):
    fit = estimator.fit(_rows(points), runtime())
    assert fit.state.shape == fit.cluster.shape == (len(points),)
    assert fit.state.dtype == np.int64
    if len(points):
        assert set(np.unique(fit.cluster)) == set(range(fit.cluster.max() + 1))
        assert fit.state.max() < estimator.k
    if fit.posterior is not None:
        assert np.allclose(fit.posterior.sum(axis=1), 1)


def test_blobs_are_found(estimator):
    fit = estimator.fit(_rows(_blobs(90)), runtime())
    pairs = {(int(a), int(b)) for a, b in zip(fit.cluster, np.arange(90) % 3, strict=True)}
    assert len(pairs) == 3


def test_states_same_bytes(estimator):
    fits = [estimator.fit(_rows(_blobs(90)), runtime()) for _ in range(2)]
    assert fits[0].state.tobytes() == fits[1].state.tobytes()
    if fits[0].posterior is not None:
        assert fits[0].posterior.tobytes() == fits[1].posterior.tobytes()


def test_states_stop_within_one_step(estimator):
    stop = StopAfter(1)
    try:
        estimator.fit(_rows(_blobs(90)), runtime(stop))
    except Cancelled:
        assert stop.after == 1
    else:
        assert stop.left > 0, "asked to stop, and went on"
