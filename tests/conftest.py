from __future__ import annotations

import os
from pathlib import Path

import pytest

import napari_cellstate as cs
from tests.experiment_kit import blobs, write_movie


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real movies and tables; skips the test where it is missing."""
    folder = Path(os.environ.get("CELLSTATE_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is missing (set CELLSTATE_DATA)")
    return folder


@pytest.fixture
def movie(tmp_path) -> Path:
    return write_movie(tmp_path / "m.ome.tif", blobs())


@pytest.fixture
def two_movies(tmp_path) -> cs.Experiment:
    """An experiment with a young and an aged movie, nothing run yet."""
    exp = cs.new(tmp_path / "two.cellstate")
    for nth, condition in enumerate(("young", "aged")):
        path = write_movie(tmp_path / f"{condition}_1.ome.tif", blobs(seed=nth))
        cs.add(exp, path, condition=condition, replicate=str(nth))
    return exp
