from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage

from napari_cellstate.methods.measure.regions import Measure

TEXTURE = ("contrast", "correlation", "energy", "homogeneity", "entropy")


def two_discs(apart: int) -> np.ndarray:
    y, x = np.mgrid[:80, :120]
    labels = np.zeros((80, 120), np.uint32)
    labels[np.hypot(y - 40, x - 40) <= 10] = 1
    labels[np.hypot(y - 40, x - 40 - apart) <= 10] = 2
    return labels


def test_background_is_that_of_the_ring() -> None:
    labels = two_discs(40)
    plane = np.full(labels.shape, 50.0)
    plane[:, 60:] = 90  # another background around the second cell
    distance = ndimage.distance_transform_cdt(labels == 0, "chessboard")
    plane[(distance > 0) & (distance <= 1)] = 1e6  # the halo next to a cell does not count
    plane[labels > 0] = 500
    table = Measure().measure(labels, [plane], ["background_0"])
    assert table["background_0"].tolist() == [50, 90]
    far = Measure(ring_from=10, ring_to=14).measure(two_discs(24), [plane], ["background_0"])
    assert np.isfinite(far["background_0"]).all()


def test_background_where_nothing_is_free() -> None:
    labels = np.ones((30, 30), np.uint32)
    labels[:, 15:] = 2
    full = Measure().measure(labels, [np.ones(labels.shape)], ["background_0"])
    assert full["background_0"].isna().all()
    labels[:, :4] = 0
    labels[:, 4] = 3
    plane = np.where(labels == 0, 7.0, 100.0)
    some = Measure(ring_from=0, ring_to=3).measure(labels, [plane], ["background_0"])
    assert some["background_0"].tolist() == [7, 7, 7]  # cells 1 and 2 have that of the frame


def test_uneven_light_goes_with_the_background() -> None:
    labels = two_discs(50)
    light = np.broadcast_to(np.linspace(100, 400, 120), labels.shape)
    table = Measure().measure(labels, [light + 60.0 * (labels > 0)], ["background_0"])
    assert_allclose(table["intensity_mean_0"] - table["background_0"], 60, atol=3)


def test_shift_of_brightness() -> None:
    labels = np.zeros((20, 30), np.uint32)
    labels[5:11, 10:20] = 4
    plane = np.zeros(labels.shape)
    plane[5:11, 18] = 3.0
    table = Measure().measure(labels, [plane], ["intensity_shift_0", "intensity_max_0", "intensity_median_0"])
    assert table.iloc[0][["intensity_shift_0", "intensity_max_0", "intensity_median_0"]].tolist() == [3.5, 3, 0]
    dark = Measure().measure(labels, [0 * plane], ["intensity_shift_0", "texture_energy_0"])
    assert dark.iloc[0][["intensity_shift_0", "texture_energy_0"]].isna().all()


@pytest.mark.parametrize("step", [1, 3])
def test_texture_is_that_of_scikit_image(step: int) -> None:
    from skimage.feature import graycomatrix, graycoprops

    rng = np.random.default_rng(2)
    labels = np.zeros((60, 70), np.uint32)
    labels[8:44, 12:53] = 1
    plane = ndimage.gaussian_filter(rng.normal(size=labels.shape), 1.3) * 40 + 500
    inside = plane[8:44, 12:53]
    edges = inside.mean() + inside.std() * np.linspace(-2, 2, 17)[1:-1]
    level = np.digitize(inside, edges).astype(np.uint8)
    counts = graycomatrix(level, [step], [0, np.pi / 2], 16, symmetric=True)
    for dx in (step, -step):  # diagonals, written out: scikit-image rounds its own
        a = level[: -step or None, max(0, -dx) : level.shape[1] - max(0, dx)]
        b = level[step:, max(0, dx) : level.shape[1] - max(0, -dx)]
        pairs = np.zeros((16, 16))
        np.add.at(pairs, (a.ravel(), b.ravel()), 1)
        counts = np.concatenate([counts, (pairs + pairs.T)[:, :, None, None]], axis=3)
    matrix = counts.sum(axis=3, keepdims=True)
    matrix = matrix / matrix.sum()
    known = [graycoprops(matrix, name)[0, 0] for name in ("contrast", "correlation", "ASM", "homogeneity", "entropy")]
    found = Measure(texture_step=step).measure(labels, [plane], [f"texture_{name}_0" for name in TEXTURE])
    assert_allclose(found.iloc[0][[f"texture_{name}_0" for name in TEXTURE]].to_numpy(float), known, rtol=1e-9)


def test_texture_knows_stripes_and_does_not_see_gain() -> None:
    labels = np.zeros((40, 40), np.uint32)
    labels[5:35, 5:35] = 1
    rng = np.random.default_rng(3)
    noise = rng.normal(size=labels.shape)
    asked = [f"texture_{name}_0" for name in TEXTURE]
    fine, coarse = (ndimage.gaussian_filter(noise, sigma) for sigma in (0.5, 2.5))
    a, b = (Measure().measure(labels, [plane], asked).iloc[0] for plane in (fine, coarse))
    assert a["texture_contrast_0"] > 3 * b["texture_contrast_0"]
    assert a["texture_correlation_0"] < b["texture_correlation_0"]
    gained = Measure().measure(labels, [400 + 32 * fine], asked).iloc[0]
    assert_allclose(gained[asked].to_numpy(float), a[asked].to_numpy(float), rtol=1e-9)
    stripes = np.where(np.arange(40) % 2, 1.0, 2.0)[:, None] * np.ones(40)
    flat = Measure().measure(labels, [stripes], asked).iloc[0]
    known = -2 * (1 / 8 * np.log(1 / 8) + 3 / 8 * np.log(3 / 8))  # alike along the stripes, unlike in three directions
    assert flat["texture_entropy_0"] == pytest.approx(known, rel=0.01)


def test_without_planes_channels_are_missing() -> None:
    table = Measure().measure(two_discs(40), [], ["background_0", "texture_energy_1"])
    assert table[["background_0", "texture_energy_1"]].isna().all(axis=None)
