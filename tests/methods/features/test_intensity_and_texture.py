from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import parse
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods import available
from napari_cellstate.methods.features.intensity import Intensity
from napari_cellstate.methods.features.texture import Texture
from napari_cellstate.methods.measure.regions import Measure


def described(method, planes: list[np.ndarray], labels: np.ndarray) -> pd.Series:
    """One cell that stays, seen in the channels `planes` of (T, Y, X)."""
    frames = range(len(planes[0]))
    tables = [Measure().measure(labels, [plane[t] for plane in planes], method.asks()).assign(frame=t) for t in frames]
    one = Tracks(pd.concat(tables, ignore_index=True), make_links(list(frames)[:-1], list(frames)[1:]))
    values = method.describe(Windows(one, len(frames)), Runtime())
    return pd.Series(values[0], [feature.name for feature in method.features()])


def cell() -> np.ndarray:
    labels = np.zeros((50, 50), np.uint32)
    labels[15:35, 15:35] = 1
    return labels


def test_brightness_above_an_uneven_background() -> None:
    labels, t = cell(), np.arange(6)
    light = 100 + np.arange(50.0) + 5 * t[:, None, None]
    signal = (30 + 2.0 * t)[:, None, None] * (labels > 0)
    row = described(Intensity(), [light + signal], labels)
    assert row["brightness_0_mean"] == pytest.approx(35, abs=0.6)
    assert row["brightness_0_trend"] == pytest.approx(2)
    assert row["brightness_0_sd"] == pytest.approx(2 * t.std())
    assert row["total_0_mean"] == pytest.approx(400 * row["brightness_0_mean"])
    assert row["background_0_trend"] == pytest.approx(5)


def test_place_of_the_brightness_does_not_depend_on_the_background() -> None:
    labels = cell()
    spot = np.zeros(labels.shape)
    spot[20:25, 32:34] = 400.0
    for background in (0.0, 1000.0):
        row = described(Intensity(), [(spot + background)[None]], labels)
        away = np.hypot(22 - 24.5, 32.5 - 24.5)
        assert row["offcentre_0_mean"] == pytest.approx(away / np.sqrt(4 / np.pi * 400))
        assert row["unevenness_0_mean"] == pytest.approx(spot[15:35, 15:35].std() / spot[15:35, 15:35].mean())


def test_a_cell_darker_than_its_surroundings() -> None:
    labels = cell()
    row = described(Intensity(), [np.where(labels, 50.0, 80.0)[None]], labels)
    assert row["brightness_0_mean"] == -30
    assert row[["unevenness_0_mean", "offcentre_0_mean"]].isna().all()


def test_channels_by_number() -> None:
    labels = cell()
    planes = [np.full((2, 50, 50), 7.0), 5.0 + 3.0 * np.stack([labels, labels])]
    row = described(Intensity(channels=" 1, 0,1"), planes, labels)
    assert (row["brightness_1_mean"], row["brightness_0_mean"], len(row)) == (3, 0, 40)
    assert Intensity(channels=" 1, 0,1").record() == Intensity(channels="1,0").record()
    with pytest.raises(InputError, match="channels = 'a': value error, expected whole numbers with commas"):
        parse(available("features"), {"method": "texture", "channels": "a"}, "recipe")


def test_texture_is_followed_in_time_and_blind_to_bleaching() -> None:
    labels, rng = cell(), np.random.default_rng(0)
    pattern = rng.normal(100, 10, labels.shape)
    bleached = pattern * np.array([1.0, 0.8, 0.6])[:, None, None]
    row = described(Texture(), [bleached], labels)
    assert row[[name for name in row.index if name.endswith("_sd")]].max() < 1e-12
    assert row["texture_correlation_0_mean"] == pytest.approx(0, abs=0.1)
    assert len(row) == 20


@pytest.mark.parametrize("kind", ["shape", "intensity", "texture"])
def test_turning_and_mirroring_the_movie_change_nothing(kind):
    rng = np.random.default_rng(5)
    labels = np.zeros((4, 40, 40), np.uint32)
    for t in range(4):
        labels[t, 8 + t : 24 + 2 * t, 10 : 20 + t] = 1
        labels[t, 12 : 16 + t, 20 : 28 + t] = 1
    images = ndimage.gaussian_filter(rng.normal(100, 20, labels.shape), (0, 1, 1)) + 50 * (labels > 0)
    method = available("features")[kind]()

    def row(turn) -> np.ndarray:
        masks, planes = ([np.ascontiguousarray(turn(one)) for one in stack] for stack in (labels, images))
        tables = [
            Measure().measure(mask, [plane], method.asks()).assign(frame=t)
            for t, (mask, plane) in enumerate(zip(masks, planes, strict=True))
        ]
        one = Tracks(pd.concat(tables, ignore_index=True), make_links([0, 1, 2], [1, 2, 3]))
        return method.describe(Windows(one, 4, labels=masks), Runtime())[0]

    smoothed = ("convexity", "bending", "curvature", "concave", "lobes")  # sampled from where the outline begins
    exact = np.array([not feature.name.startswith(smoothed) for feature in method.features()])
    plain = row(lambda one: one)
    assert np.isfinite(plain).all()
    for turn in (np.rot90, np.flipud, np.fliplr, np.transpose):
        turned = row(turn)
        np.testing.assert_allclose(turned[exact], plain[exact], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(turned, plain, rtol=0.05, atol=0.02)
