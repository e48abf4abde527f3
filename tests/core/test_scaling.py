from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.scaling import fit_scaling
from napari_cellstate.core.units import Feature


def test_median_and_mad():
    values = np.random.default_rng(0).normal(5, 2, (20_001, 1))
    scaled = fit_scaling(values).apply(values)
    assert np.median(scaled) == pytest.approx(0, abs=1e-12)
    assert scaled.std() == pytest.approx(1, abs=0.03)


def test_one_outlier_moves_nothing():
    values = np.random.default_rng(0).normal(0, 1, (1001, 1))
    before = fit_scaling(values)
    values[0] = 1e9
    after = fit_scaling(values)
    assert after.median == pytest.approx(before.median, abs=0.01)
    assert after.spread == pytest.approx(before.spread, rel=0.01)


def test_skewed_columns_take_a_logarithm_whatever_their_unit():
    values = np.random.default_rng(0).lognormal(0, 1, (5000, 1))
    small, large = (fit_scaling(values * unit).apply(values * unit) for unit in (1e-3, 1e3))
    assert fit_scaling(values).log_scale[0] > 0
    assert np.allclose(small, large)


def test_constant_missing_and_mostly_equal_columns():
    values = np.zeros((10, 3))
    values[:, 1] = np.nan
    values[0, 2] = 5.0
    scaling = fit_scaling(values)
    assert list(scaling.spread > 0) == [False, False, True]
    assert np.isfinite(scaling.apply(values)).all()


def test_missing_values_become_the_median():
    values = np.array([[1.0], [2.0], [3.0], [np.nan]])
    assert fit_scaling(values).apply(values)[3, 0] == 0


@pytest.mark.parametrize(
    ("length", "time", "angle", "unit", "factor"),
    [
        (1, -1, False, "um/h", 0.5 * 30),
        (2, 0, False, "um^2", 0.25),
        (0, -2, False, "1/h^2", 900),
        (0, 0, True, "rad", 1.0),
        (0, 0, False, "", 1.0),
        (2, -1, False, "um^2/h", 0.25 * 30),
    ],
)
def test_units(length, time, angle, unit, factor):
    feature = Feature("x", "", length, time, angle)
    assert feature.unit(0.5, 120) == unit
    assert feature.factor(0.5, 120) == pytest.approx(factor)
    assert feature.factor(None, None) == 1
    assert "um" not in feature.unit(None, None)
