from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.simulate.render import blur, drifts, expose, illumination
from napari_cellstate.simulate.scene import Light, Scene


def test_an_empty_field_shows_offset_background_and_their_noise() -> None:
    light = Light()
    image = expose(np.zeros((256, 256)), light, np.ones((256, 256)), 1.0, np.random.default_rng(0)).astype(float)
    assert image.mean() == pytest.approx(light.offset + light.gain * light.background, rel=0.01)
    expected = light.gain * np.sqrt(light.background + light.read_noise**2)
    assert image.std() == pytest.approx(expected, rel=0.02)


def test_blur_keeps_the_light_and_bleaching_takes_its_share() -> None:
    light = Light(background=0.0, read_noise=0.0, offset=0.0, gain=1.0, brightness=1e4)
    signal = np.zeros((64, 64))
    signal[32, 32] = 1.0
    ones = np.ones((64, 64))
    signal = blur(signal, light)
    whole = expose(signal, light, ones, 1.0, np.random.default_rng(0))
    assert whole.sum() == pytest.approx(1e4, rel=0.05)
    assert whole.max() == pytest.approx(1e4 / (2 * np.pi * 1.2**2), rel=0.15)
    assert expose(signal, light, ones, 0.5, np.random.default_rng(0)).sum() == pytest.approx(5e3, rel=0.05)


def test_grey_levels_stay_within_sixteen_bits() -> None:
    image = expose(np.full((8, 8), 1e6), Light(), np.ones((8, 8)), 1.0, np.random.default_rng(0))
    assert (image == 65535).all()


def test_light_is_full_in_the_middle_and_least_in_a_corner() -> None:
    uneven = illumination(Scene(), np.random.default_rng(0))
    assert uneven.max() == pytest.approx(1.0, abs=1e-4)
    corners = uneven[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert uneven.min() == corners.min() == pytest.approx(0.75)
    flat = illumination(Scene(light=Light(vignetting=0.0)), np.random.default_rng(0))
    assert (flat == 1.0).all()


def test_drift_starts_at_nothing_and_is_none_by_default() -> None:
    assert not drifts(Scene(), np.random.default_rng(0)).any()
    steady = drifts(Scene(frames=11, light=Light(drift=(0.5, -1.0))), np.random.default_rng(0))
    np.testing.assert_allclose(steady[[0, 10]], [[0.0, 0.0], [5.0, -10.0]])
    wander = drifts(Scene(frames=4001, light=Light(drift_wander=0.2)), np.random.default_rng(0))
    assert np.diff(wander, axis=0).std() == pytest.approx(0.2, rel=0.05)
