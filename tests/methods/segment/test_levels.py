from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import threshold_li, threshold_otsu

from napari_cellstate.methods.segment._levels import find_level, histogram, li, otsu
from napari_cellstate.methods.segment._prepare import flat, to_signal, without_specks


def two_levels(share: float, apart: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.where(rng.random((256, 256)) < share, apart, 0).astype(np.float32) + rng.normal(0, 1, (256, 256)).astype(
        np.float32
    )


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_thresholds_are_those_of_skimage(share: float) -> None:
    image = two_levels(share, 10)
    counts, values = histogram(image)
    bin_width = values[1] - values[0]
    assert li(counts, values) == pytest.approx(threshold_li(image), abs=5 * bin_width)
    best = threshold_otsu(image, nbins=4096)
    split = [np.mean(image > cut) for cut in (otsu(counts, values), best)]
    assert split[0] == pytest.approx(split[1], abs=1e-3)


def test_level_is_from_the_histogram_where_there_are_two_peaks_else_from_the_noise() -> None:
    two = find_level(two_levels(0.2, 12), "otsu")
    assert 3 < two.cut < 9
    assert two.background == pytest.approx(0, abs=0.1)
    assert two.noise == pytest.approx(1, abs=0.1)
    one = find_level(two_levels(0.0, 0), "otsu")
    assert one.cut == pytest.approx(4, abs=0.2)


def test_surface_is_taken_away_and_cells_are_not() -> None:
    rows, columns = np.mgrid[:120, :180] / 100
    surface = 5 + 2 * rows - columns + 0.7 * rows * columns - 0.5 * columns**2
    cell = np.zeros((120, 180))
    cell[30:60, 40:90] = 10
    left = flat((surface + cell).astype(np.float32))
    assert np.ptp(left[cell == 0]) < 0.15
    assert np.mean(left[cell > 0]) - np.mean(left[cell == 0]) == pytest.approx(10, abs=0.1)


def test_specks_go_and_spots_stay() -> None:
    image = np.zeros((9, 9), np.float32)
    image[0, 0] = image[4, 8] = 5
    image[5:7, 2:4] = 3
    cleaned = without_specks(image)
    assert cleaned.sum() == 12
    assert np.all(cleaned[5:7, 2:4] == 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.float32, np.float64])
def test_signal_is_from_0_to_1(dtype: type) -> None:
    image = np.array([[10, 20], [30, 110]]).astype(dtype)
    np.testing.assert_allclose(to_signal(image), [[0, 0.1], [0.2, 1]], atol=1e-6)
    np.testing.assert_allclose(to_signal(image, dark=True), [[1, 0.9], [0.8, 0]], atol=1e-6)
