"""What the maps of features must do beside the kit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.methods.embed.nmf import NMF
from napari_cellstate.methods.embed.tsne import TSNE
from napari_cellstate.methods.embed.umap import UMAP
from tests.kits.inputs import StopAfter, runtime

MAPS = [UMAP(epochs=60), TSNE(rounds=50)]


def behavior(points: np.ndarray) -> anndata.AnnData:
    table = anndata.AnnData(X=points, obs=pd.DataFrame(index=[str(n) for n in range(len(points))]))
    table.var["used"] = True
    table.layers[SCALED] = points
    return table


def blobs(rows: int = 150) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    of = np.arange(rows) % 3
    return rng.normal(size=(rows, 5)) + 4 * np.eye(3, 5)[of], of


@pytest.mark.parametrize("method", MAPS, ids=lambda one: one.kind)
def test_neighbours_are_of_the_same_blob(method):
    points, of = blobs()
    found = method.embed(behavior(points), runtime()).coordinates
    apart = np.linalg.norm(found[:, None] - found[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (of[np.argsort(apart, axis=1)[:, :5]] == of[:, None]).mean() > 0.95


@pytest.mark.parametrize("method", [*MAPS, NMF(rounds=200)], ids=lambda one: one.kind)
def test_tells_how_far_it_is_and_stops(method):
    said = []
    method.embed(behavior(blobs()[0]), runtime(lambda done, total, what: said.append((done, total))))
    assert len(said) >= 3
    assert said[-1][0] <= said[-1][1]
    stop = StopAfter(3)
    with pytest.raises(Cancelled):
        method.embed(behavior(blobs()[0]), runtime(stop))
    assert stop.after == 1


OTHER = """
import sys
from tests.methods.embed.test_maps import *
sys.stdout.write(said())
"""


def said() -> str:
    found = [method.embed(behavior(blobs()[0]), runtime()).coordinates.tobytes() for method in MAPS]
    return hashlib.sha256(b"".join(found)).hexdigest()


def test_same_bytes_in_another_process_with_other_threads():
    names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    env = {**os.environ, **dict.fromkeys(names, "2" if os.environ.get(names[0]) == "1" else "1")}
    other = subprocess.run([sys.executable, "-c", OTHER], capture_output=True, text=True, env=env, check=True)
    assert other.stdout == said()


def test_parts_are_found():
    rng = np.random.default_rng(1)
    weights, parts = rng.gamma(1.0, 1.0, (200, 2)), np.array([[1.0, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    weights[0] = 0  # then the least value of each feature is 0, and nothing is shifted
    found = NMF(components=2).embed(behavior(np.minimum(weights @ parts, 8)), runtime())
    assert found.info["left"] < 0.01
    assert (found.coordinates >= 0).all()
    match = np.abs(np.corrcoef(weights.T, found.coordinates.T)[:2, 2:])
    assert match.max(axis=1).min() > 0.97


@pytest.mark.parametrize("method", [UMAP(), TSNE(), NMF()], ids=lambda one: one.kind)
def test_features_that_are_not_finite_are_named(method):
    points = blobs()[0]
    points[7, 2] = np.nan
    with pytest.raises(InputError, match="row 7, feature 2"):
        method.embed(behavior(points), runtime())


@pytest.mark.parametrize("method", [UMAP(), TSNE(), NMF()], ids=lambda one: one.kind)
def test_rows_that_do_not_differ(method):
    found = method.embed(behavior(np.ones((30, 3))), runtime())
    assert not found.coordinates.any()
    assert found.info["notes"]
