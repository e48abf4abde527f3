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
from napari_cellstate.methods.features._windowed import autocorrelation, trend
from napari_cellstate.methods.features.shape import Shape, alignment
from napari_cellstate.methods.measure.regions import Measure

NAMES = [feature.name for feature in Shape().features()]


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


def two_frames(first: np.ndarray, second: np.ndarray, **settings: object) -> pd.Series:
    """Shape over two frames of label images with one cell, label 1 then 2."""
    frames = [first.astype(np.uint32), 2 * second.astype(np.uint32)]
    tables = [Measure().measure(one, [], Shape().asks()).assign(frame=t) for t, one in enumerate(frames)]
    one = Tracks(pd.concat(tables, ignore_index=True), make_links([0], [1]))
    made = Shape(**settings)
    values = made.describe(Windows(one, 2, labels=frames), Runtime())
    return pd.Series(values[0], [feature.name for feature in made.features()])


def box(top: int, left: int, height: int = 20, width: int = 10) -> np.ndarray:
    labels = np.zeros((60, 60), bool)
    labels[top : top + height, left : left + width] = True
    return labels


def test_area_gained_and_lost() -> None:
    grown = two_frames(box(10, 10), box(10, 10, 25))
    assert grown[["protrusion_mean", "retraction_mean"]].tolist() == pytest.approx([50 / 200, 0])
    shrunk = two_frames(box(10, 10), box(10, 10, 15))
    assert shrunk[["protrusion_mean", "retraction_mean"]].tolist() == pytest.approx([0, 50 / 200])
    moved = two_frames(box(10, 10), box(15, 12))
    assert moved[["protrusion_mean", "retraction_mean"]].tolist() == pytest.approx([1 - 15 * 8 / 200] * 2)
    assert moved["deformation_mean"] == 0


def test_deformation_does_not_see_motion() -> None:
    turned = two_frames(box(10, 10), box(25, 30, 10, 20))
    assert turned["deformation_mean"] == pytest.approx(1 - 10 * 10 / 200)
    assert two_frames(box(10, 10), box(40, 50))["deformation_mean"] == 0


def test_outlines_need_labels_and_the_next_frame() -> None:
    frames = [box(10, 10).astype(np.uint32)] * 3
    cells = pd.DataFrame({"frame": [0, 2], "label": 1, "y": 19.5, "x": 14.5, "area": 200.0})
    gap = Tracks(cells, make_links([0], [1]), max_gap=1)
    names = ["protrusion_mean", "deformation_mean"]
    for windows in (Windows(gap, 3, labels=frames), Windows(gap, 3)):
        row = pd.Series(Shape().describe(windows, Runtime())[0], NAMES)
        assert row[names].isna().all()
    every = pd.Series(Shape().describe(Windows(gap, 2, 1, 2, labels=frames), Runtime())[0], NAMES)
    assert every[names].tolist() == [0, 0]


def test_means_of_more_measures_and_all_numbers_when_asked() -> None:
    few, every = two_frames(box(10, 10), box(10, 10)), two_frames(box(10, 10), box(10, 10), statistics="all")
    axes = (4 * np.sqrt((20**2 - 1) / 12), 4 * np.sqrt((10**2 - 1) / 12))
    assert few[["major_axis_mean", "minor_axis_mean"]].tolist() == pytest.approx(axes)
    assert few["eccentricity_mean"] == pytest.approx(np.sqrt(1 - (axes[1] / axes[0]) ** 2))
    assert few["lobes_2_mean"] > 0.2
    assert "lobes_2_sd" not in few
    assert every[list(few.index)].equals(few)
    assert every["lobes_2_sd"] == 0
    assert len(every) == 4 + 4 * 3 + 1 + 4 * (12 + 3)
