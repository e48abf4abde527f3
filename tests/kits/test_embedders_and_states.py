"""What every embedder and every state method must do."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.families import Embedding, Rows
from napari_cellstate.methods import available
from tests.kits.inputs import StopAfter, crops, runtime


def _blobs(n: int, dims: int = 4) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(size=(n, dims)) + 8 * (np.arange(n) % 3)[:, None]


def _behavior(n: int) -> anndata.AnnData:
    points = _blobs(n)
    obs = pd.DataFrame(index=[str(i) for i in range(n)])
    obs["movie"], obs["track"], obs["frame"] = "kit", np.arange(n) // 10 + 1, np.arange(n) % 10
    table = anndata.AnnData(X=points, obs=obs)
    table.var["used"] = True
    table.layers[SCALED] = points
    return table


@pytest.fixture(params=list(available("embed")))
def embedder(request):
    method = available("embed")[request.param]
    quick = {name: value for name, value in (("steps", 6), ("batch", 4)) if name in method.model_fields}
    return method(**quick)


def _embed(method, n: int, progress: object = None) -> Embedding:
    """What a method makes of n rows, with crops if it wants some."""
    wish = method.wanted_crops()
    if wish is None:
        return method.embed(_behavior(n), runtime(progress))
    return method.embed_crops(_behavior(n), crops(n, wish), runtime(progress))


@pytest.fixture(params=list(available("states")))
def estimator(request):
    return available("states")[request.param]()


@pytest.mark.parametrize("n", [0, 1, 2, 60])
def test_embedding_has_a_finite_row_for_each(embedder, n):
    if 0 < n < embedder.least_rows:
        with pytest.raises(InputError, match=f"{n} windows are too few"):
            _embed(embedder, n)
        return
    coordinates = _embed(embedder, n).coordinates
    assert len(coordinates) == n
    assert coordinates.ndim == 2
    assert coordinates.shape[1] >= 1
    assert np.isfinite(coordinates).all()


def test_embedding_same_bytes(embedder):
    first, second = (_embed(embedder, 60).coordinates.tobytes() for _ in range(2))
    assert first == second


def test_embedding_stops_within_one_step(embedder):
    stop = StopAfter(1)
    with pytest.raises(Cancelled):
        _embed(embedder, 60, stop)
    assert stop.after == 1


def test_embedding_gives_a_value_of_each_column_for_each_row(embedder):
    for name, values in _embed(embedder, 60).columns.items():
        assert values.shape == (60,), name
        assert np.isfinite(values).all(), name


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
