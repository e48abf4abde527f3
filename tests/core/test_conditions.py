from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.conditions import parse_conditions
from napari_cellstate.core.errors import InputError


def test_conditions_hold_row_by_row():
    columns = {"area": np.array([10.0, 60, np.nan]), "quality": np.array([0.9, 0.1, 0.9])}
    one, other = parse_conditions("area > 50 and quality<=.5e0", "here")
    np.testing.assert_array_equal(one.holds(columns, "here"), [False, True, False])
    np.testing.assert_array_equal(other.holds(columns, "here"), [False, True, False])
    assert parse_conditions("  ", "here") == ()


@pytest.mark.parametrize(
    "text", ["area", "area > ", "area > b", "1 < 2", "area > 3 or x < 2", "__import__('os')", "a > 1,5"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="is no condition"):
        parse_conditions(text, "[features] keep")


def test_unknown_columns_are_named():
    with pytest.raises(InputError, match="no column 'aera'; known: area"):
        parse_conditions("aera > 1", "here")[0].holds({"area": np.zeros(1)}, "here")
