from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.plots.profiles import profiles

STATES = [1, 1, 2, 0]
SCALED = np.array([[1.0, np.nan], [3.0, np.nan], [-1.0, 0.5], [50.0, 50.0]])


def test_means_of_finite_values_by_state():
    panel = profiles(SCALED, STATES, ["speed", "area"], units=["um/min", "um^2"]).axes[0]
    mesh = panel.collections[0]
    assert mesh.get_array().filled(np.nan).tolist()[0] == [2.0, -1.0]
    assert [text.get_text() for text in panel.texts] == ["+2.0", "−1.0", "–", "+0.5"]
    assert [text.get_text() for text in panel.get_yticklabels()] == ["speed (µm/min)", "area (µm²)"]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["state 1\nn = 2", "state 2\nn = 1"]


def test_colours_are_centred_on_zero_and_cut():
    low, high = profiles(SCALED, STATES, ["a", "b"]).axes[0].collections[0].get_clim()
    assert (low, high) == (-2, 2)
    far = profiles(SCALED * 10, STATES, ["a", "b"]).axes[0].collections[0].get_clim()
    assert far == (-3, 3)
    assert profiles(SCALED * 0, STATES, ["a", "b"]).axes[0].collections[0].get_clim() == (-1, 1)


def test_wrong_shapes():
    with pytest.raises(InputError, match="3 feature names"):
        profiles(SCALED, STATES, ["a", "b", "c"])
    with pytest.raises(InputError, match="1 units"):
        profiles(SCALED, STATES, ["a", "b"], units=["um"])


def test_many_features_have_no_numbers():
    drawn = profiles(np.ones((4, 250)), STATES, [f"feature {nth}" for nth in range(250)])
    assert not drawn.axes[0].texts
