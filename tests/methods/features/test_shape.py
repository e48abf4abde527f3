from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.shape import FEATURES, Shape, alignment, autocorrelation, trend
from napari_cellstate.methods.measure.regions import Measure

NAMES = [feature.name for feature in FEATURES]


def described(frames: int, *, every: int = 1, window: int = 0, **columns: object) -> pd.Series:
    cells = pd.DataFrame({"frame": np.arange(frames), "label": 1, "y": 0.0, "x": 0.0} | columns)
    one = Tracks(cells, make_links(np.arange(frames - 1), np.arange(1, frames)))
    values = Shape().describe(Windows(one, window or frames, 1, every), Runtime())
    return pd.Series(values[0], NAMES)


def test_mean_spread_and_trend() -> None:
    t = np.arange(10.0)
    row = described(10, area=100 * np.exp(0.05 * t), elongation=0.2 + 0.03 * t, solidity=np.full(10, 0.9))
    assert row["area_trend"] == pytest.approx(0.05)
    assert row["elongation_mean"] == pytest.approx(0.335)
    assert row["elongation_sd"] == pytest.approx(0.03 * t.std())
    assert row["elongation_trend"] == pytest.approx(0.03)
    assert (row["solidity_mean"], row["solidity_sd"]) == pytest.approx((0.9, 0))
    assert np.isnan(row["solidity_autocorr"])
    assert row[["form_factor_mean", "axis_alignment"]].isna().all()
    halved = described(19, every=2, window=10, elongation=0.2 + 0.03 * np.arange(19.0))
    assert halved["elongation_trend"] == pytest.approx(0.03)


def test_autocorrelation_and_trend_pass_over_what_is_missing() -> None:
    values = np.array([[1.0, np.nan, 3.0, 4.0], [np.nan, 2.0, np.nan, np.nan], [1.0, -1.0, 1.0, -1.0]])
    assert_allclose(trend(values), [1, np.nan, -0.4])
    assert_allclose(autocorrelation(values)[1:], [np.nan, -1])
    assert autocorrelation(np.random.default_rng(0).normal(size=(400, 200))).mean() == pytest.approx(0, abs=0.01)


def test_moving_along_and_across_the_long_axis() -> None:
    frames, steps = np.arange(8.0), np.full(7, 2.0)
    y, x = np.mgrid[:41, :41] - 20
    turned = np.stack([(np.abs(y - x) <= 4) & (np.abs(y + x) <= 24)]).astype(np.uint32)[0]  # long axis: y = x
    angle = float(Measure().measure(turned, [], ["orientation"])["orientation"][0])
    along = described(8, y=2 * frames, x=2 * frames, orientation=np.full(8, angle))
    across = described(8, y=2 * frames, x=-2 * frames, orientation=np.full(8, angle))
    assert (along["axis_alignment"], across["axis_alignment"]) == pytest.approx((1, -1), abs=1e-9)
    any_way = np.random.default_rng(1).uniform(-np.pi, np.pi, (1, 20000))
    moved = np.stack([np.cos(any_way), np.sin(any_way)], -1)
    assert alignment(moved, np.zeros((1, 20000)))[0] == pytest.approx(0, abs=3.3 / np.sqrt(2 * 20000))
    assert len(steps) == 7


def test_without_labels_all_is_missing_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert described(6).isna().all()
