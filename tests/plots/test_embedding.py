from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.embedding import embedding

ROWS = pd.DataFrame({"movie": ["m", "m", "n"], "condition": ["b", "b", "a"], "state": [1, 0, 2]})
POINTS = np.array([[0.0, 1.0, 9.0], [2.0, 3.0, 9.0], [4.0, 5.0, 9.0]])


def test_each_point_has_the_colour_of_its_state_in_the_same_limits():
    drawn = embedding(ROWS, POINTS, axes=("PC 1", "PC 2"))
    left, right = drawn.axes
    found = {
        tuple(place): tuple(np.round(colour[:3] * 255).astype(int))
        for place, colour in zip(
            left.collections[0].get_offsets().tolist(), left.collections[0].get_facecolor(), strict=True
        )
    }
    assert found == {(0, 1): (0xE6, 0x9F, 0x00), (2, 3): (0x70, 0x70, 0x70), (4, 5): (0x56, 0xB4, 0xE9)}
    assert (left.get_xlim(), left.get_ylim()) == (right.get_xlim(), right.get_ylim())
    assert drawn.get_suptitle() == "3 rows of 2 movies"
    assert (left.get_xlabel(), left.get_ylabel()) == ("PC 1", "PC 2")
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["b", "a"]


def test_points_are_pixels_in_a_pdf():
    assert all(panel.collections[0].get_rasterized() for panel in embedding(ROWS, POINTS).axes)


def test_rows_without_a_place_are_left_out_and_counted():
    points = POINTS.copy()
    points[1, 0] = np.nan
    drawn = embedding(ROWS, points)
    assert drawn.get_suptitle() == "2 rows of 2 movies; 1 row without a place left out"
    assert embedding(ROWS, points * np.nan).texts[-1].get_text() == "no rows"


def test_one_dimension_is_drawn_against_zero():
    offsets = embedding(ROWS, POINTS[:, :1]).axes[0].collections[0].get_offsets()
    assert sorted(offsets.tolist()) == [[0, 0], [2, 0], [4, 0]]


@pytest.mark.parametrize("points", [POINTS[:2], POINTS[:, 0]])
def test_wrong_shape(points):
    with pytest.raises(InputError, match=r"expected \(3, dimensions\)"):
        embedding(ROWS, points)
