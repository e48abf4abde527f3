from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.methods.features.paths import mean, ratio, spread, steps

NAN = np.nan


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_steps_need_both_ends() -> None:
    path = np.array([[[0.0, 0.0], [0.0, 1.0], [NAN, NAN], [0.0, 4.0], [0.0, 6.0]]])
    assert_allclose(np.hypot(*steps(path).T).T, [[1, NAN, NAN, 2]])


def test_mean_and_spread_of_what_is_there() -> None:
    values = np.array([[1.0, NAN, 3.0], [NAN, NAN, NAN], [4.0, NAN, NAN]])
    assert_allclose(mean(values), [2, NAN, 4])
    assert_allclose(spread(values), [1, NAN, NAN])


def test_ratio_with_nothing_below() -> None:
    assert_allclose(ratio(np.array([1.0, 1.0, NAN]), np.array([0.0, 2.0, 1.0])), [NAN, 0.5, NAN])
