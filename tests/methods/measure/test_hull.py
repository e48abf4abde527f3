from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_cellstate.methods.measure._hull import hull_areas
from napari_cellstate.methods.measure._regions import Regions
from napari_cellstate.methods.measure.regions import Measure


def hulls(labels: np.ndarray) -> np.ndarray:
    regions = Regions.of(labels.astype(np.uint32))
    return hull_areas(regions.begin, regions.y, regions.x)


def blobs(seed: int, size: int = 120) -> np.ndarray:
    """Ragged blobs, some in pieces."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    fields = ndimage.gaussian_filter(rng.normal(size=(size, size)), 2.5)
    labels, _ = ndimage.label(fields > 0.05)
    labels[rng.random(labels.shape) < 0.15] = 0
    return labels


@pytest.mark.parametrize("seed", range(6))
def test_hulls_are_those_of_scikit_image(seed: int) -> None:
    from skimage.measure import regionprops

    labels = blobs(seed)
    assert_array_equal(hulls(labels), [region.area_convex for region in regionprops(labels)])


@pytest.mark.parametrize(
    "shape",
    [
        np.ones((1, 1)),
        np.ones((1, 9)),
        np.ones((9, 1)),
        np.eye(7),
        np.fliplr(np.eye(7)),
        np.ones((4, 6)),
        np.eye(9)[::4],
    ],
)
def test_pixels_lines_and_boxes(shape: np.ndarray) -> None:
    from skimage.measure import regionprops

    labels = np.zeros((12, 12), int)
    labels[1 : 1 + shape.shape[0], 2 : 2 + shape.shape[1]] = shape
    assert_array_equal(hulls(labels), [regionprops(labels)[0].area_convex])


def test_no_cells_and_known_shapes() -> None:
    assert hulls(np.zeros((5, 5))).tolist() == []
    cross = np.zeros((9, 9), np.uint32)
    cross[4, 1:8], cross[1:8, 4] = 3, 3
    assert hulls(cross).tolist() == [25]  # a diamond of 1 + 3 + 5 + 7 + 5 + 3 + 1
    table = Measure().measure(cross, [], ["solidity"])
    assert table["solidity"].tolist() == [13 / 25]
