from __future__ import annotations

import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import parse_settings, registered
from napari_cellstate.dynamics.settings import DynamicsSettings


def test_is_registered_and_parses_from_its_record():
    assert registered("dynamics")["counts"] is DynamicsSettings
    record = DynamicsSettings(lag=3).record()
    assert record == {"method": "counts", "version": 1, "lag": 3, "bin_hours": 0.0}
    assert parse_settings(DynamicsSettings, {"lag": 3}, "recipe.toml [dynamics]") == DynamicsSettings(lag=3)


def test_lag_is_the_spacing_unless_given():
    assert DynamicsSettings().frames(5) == 5
    assert DynamicsSettings(lag=10).frames(5) == 10


def test_bad_lags():
    with pytest.raises(InputError, match="lag = 7 frames; rows are 5 frames apart, expected a multiple"):
        DynamicsSettings(lag=7).frames(5)
    with pytest.raises(InputError, match="lag = -1"):
        parse_settings(DynamicsSettings, {"lag": -1}, "recipe.toml [dynamics]")
