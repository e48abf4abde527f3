from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.neighbours import FEATURES, Neighbours
from tests.kits.inputs import StopAfter

NAMES = [feature.name for feature in FEATURES]


def described(paths: np.ndarray, radius: float = 50.0, **options: object) -> pd.DataFrame:
    """One row a track of (N, T, 2) paths."""
    n, frames = paths.shape[:2]
    at = paths.swapaxes(0, 1).reshape(-1, 2)
    cells = pd.DataFrame(
        {
            "frame": np.repeat(np.arange(frames), n),
            "label": np.tile(np.arange(1, n + 1), frames),
            "y": at[:, 0],
            "x": at[:, 1],
        }
    )
    last = n * (frames - 1)
    tracks = Tracks(cells, make_links(np.arange(last), np.arange(last) + n))
    values = Neighbours(radius=radius).describe(Windows(tracks, frames), Runtime(**options))  # type: ignore[arg-type]
    return pd.DataFrame(values, columns=NAMES)


def test_three_cells_at_rest() -> None:
    corner = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0]])
    table = described(np.repeat(corner[:, None], 4, axis=1), radius=4.0)
    assert_allclose(table["local_density"], [1 / 9 + 1 / 16, 1 / 9 + 1 / 25, 1 / 16 + 1 / 25])
    assert_allclose(table["nearest_distance"], [3, 3, 4])
    assert_allclose(table["neighbours"], [2, 1, 1])
    assert_allclose(table["relative_speed"], 0)
    assert table["neighbour_alignment"].isna().all()


def test_moving_with_and_against_the_others() -> None:
    t = np.arange(5.0)
    right = np.stack([0 * t, 2 * t], -1)
    paths = np.array([[0, 0], [3, 0], [6, 0], [20, 20]])[:, None] + np.stack([right, right, right, -right])
    table = described(paths, radius=100.0)
    assert (table["neighbour_alignment"].iloc[:3] > 0.99).all()
    assert table["neighbour_alignment"].iloc[3] == pytest.approx(-1)
    assert table["relative_speed"].iloc[3] == pytest.approx(4)
    assert table["nearest_least"].iloc[0] == pytest.approx(3)


def test_alone_and_on_top_of_each_other() -> None:
    alone = described(np.zeros((1, 4, 2))).iloc[0]
    assert (alone["local_density"], alone["neighbours"]) == (0, 0)
    assert alone[["nearest_distance", "nearest_least", "relative_speed"]].isna().all()
    assert described(np.zeros((2, 4, 2)))["local_density"].tolist() == [1, 1]


def test_turning_changes_nothing() -> None:
    paths = 100 + np.cumsum(np.random.default_rng(0).normal(0, 2, (12, 9, 2)), axis=1) * 5
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    assert_allclose(described(paths @ turn), described(paths), rtol=1e-9)


def test_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        described(np.zeros((3, 9, 2)), progress=StopAfter(4))
