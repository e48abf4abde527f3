from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.methods.segment._coarse import every, spread, stride
from napari_cellstate.methods.segment._tidy import at_border, filled, numbered, without_pinholes
from napari_cellstate.methods.segment._watershed import split


def discs(size: int, *middles: tuple[float, float], radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return np.any([(rows - y) ** 2 + (columns - x) ** 2 <= radius**2 for y, x in middles], axis=0)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize(("apart", "n"), [(0.5, 1), (0.8, 2), (1.2, 2)])
def test_neck_of_two_discs(scale: int, apart: float, n: int) -> None:
    # discs of diameter 1 with middles a apart meet in a neck of sqrt(1 - a^2): 0.87, 0.6, none
    diameter = 14 * scale
    mask = discs(60 * scale, (30 * scale, 15 * scale), (30 * scale, 15 * scale + apart * diameter), radius=diameter / 2)
    labels, width = split(mask, diameter, 0.8)
    assert labels.max() >= n
    assert len(np.unique(labels)) - 1 == n
    np.testing.assert_array_equal(labels > 0, mask)
    found = width[np.unique(labels)[1:]]
    np.testing.assert_allclose(found, diameter, rtol=0.25)
    assert len(np.unique(split(mask, diameter, 0.0)[0])) - 1 == 1 + (apart > 1)


def test_no_cells_and_nothing_but_cells() -> None:
    for mask, n in ((np.zeros((8, 8), bool), 0), (np.ones((8, 8), bool), 1)):
        labels, width = split(mask, 5.0, 0.8)
        assert labels.max() == n
        assert len(width) == n + 1


def test_stride_keeps_ten_pixels_across() -> None:
    assert [stride(diameter) for diameter in (0, 9.9, 19.9, 20, 35, 500)] == [1, 1, 1, 2, 3, 4]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_spread_undoes_every(step: int) -> None:
    image = np.arange(5 * 7).reshape(5, 7)
    back = spread(every(image, step), step, image.shape)
    assert back.shape == image.shape
    np.testing.assert_array_equal(back[::step, ::step], image[::step, ::step])


def test_holes_in_one_cell_are_filled_and_gaps_between_cells_are_not() -> None:
    labels = np.zeros((12, 20), np.int32)
    labels[2:9, 2:9] = 5
    labels[4:6, 4:6] = 0
    labels[2:9, 11:15], labels[2:9, 15:19] = 7, 8
    labels[4:6, 14:16] = 0
    result = filled(labels, 4)
    assert np.all(result[2:9, 2:9] == 5)
    assert not result[4:6, 14:16].any()
    np.testing.assert_array_equal(filled(labels, 3), labels)
    assert without_pinholes(labels > 0, 4).sum() == 49 + 56
    assert without_pinholes(labels > 0, 3).sum() == 49 + 56 - 8


def test_numbers_follow_the_first_pixel() -> None:
    labels = np.array([[0, 9, 9, 0], [4, 0, 9, 2], [4, 0, 0, 2]])
    np.testing.assert_array_equal(numbered(labels, np.ones(10, bool)), [[0, 1, 1, 0], [2, 0, 1, 3], [2, 0, 0, 3]])
    keep = np.ones(10, bool)
    keep[9] = False
    np.testing.assert_array_equal(numbered(labels, keep), [[0, 0, 0, 0], [1, 0, 0, 2], [1, 0, 0, 2]])
    assert at_border(labels).tolist() == [0, 2, 4, 9]
