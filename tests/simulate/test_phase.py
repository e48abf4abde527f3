from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.simulate.phase import contrast, delays, expose_phase, scatter_debris
from napari_cellstate.simulate.scene import Light, Phase, Scene

PHASE = Phase()


def disc(delay: float, radius: float = 12.0, size: int = 129) -> np.ndarray:
    at = np.arange(size) - size // 2
    return delay * np.clip(radius - np.hypot(at[:, None], at[None, :]) + 0.5, 0.0, 1.0)


def test_an_empty_field_is_even() -> None:
    np.testing.assert_allclose(contrast(np.zeros((32, 32)), PHASE, 1.2), 1.0)


def test_a_thin_cell_is_dark_by_twice_its_delay_over_the_ring_amplitude() -> None:
    """To first order: I = 1 - 2 (delay - its blurred surround) / a."""
    from scipy.ndimage import gaussian_filter

    delay = disc(0.01)
    sharp = gaussian_filter(delay, 1.2, truncate=3.5)
    expected = 1 - 2 * (sharp - gaussian_filter(sharp, PHASE.halo, truncate=3.5)) / PHASE.ring
    np.testing.assert_allclose(contrast(delay, PHASE, 1.2), expected, atol=2e-3)


def test_a_halo_lies_around_a_dark_cell_and_its_middle_fades() -> None:
    row = contrast(disc(0.35, radius=25.0), PHASE, 1.2)[64]
    inside, rim, halo, far = row[64], row[64 + 22], row[64 + 28], row[4]
    assert rim < inside < 1.0  # shade-off
    assert halo > 1.1
    assert far == pytest.approx(1.0, abs=0.02)


def test_a_round_thick_cell_is_brighter_than_the_field() -> None:
    at = np.arange(129) - 64
    ball = np.sqrt(np.clip(1 - (at[:, None] ** 2 + at[None, :] ** 2) / 10.0**2, 0, None))
    assert contrast(PHASE.delay * ball, PHASE, 1.2)[60:69, 60:69].mean() < 0.9
    assert contrast(PHASE.delay * (1 + PHASE.rounding) * ball, PHASE, 1.2)[60:69, 60:69].mean() > 1.5


def test_specks_are_as_many_as_asked_and_half_of_them_lie_still() -> None:
    scene = Scene(frames=5, size=2000, phase=Phase(debris=25.0))
    debris = scatter_debris(scene, np.random.default_rng(0))
    assert len(debris.size) == pytest.approx(1000, abs=4 * np.sqrt(1000))
    still = (debris.places == debris.places[:1]).all(axis=(0, 2))
    assert still.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(still)))
    none = scatter_debris(scene.model_copy(update={"phase": Phase(debris=0.0)}), np.random.default_rng(0))
    assert not delays(np.zeros((50, 50)), none, 4, PHASE).any()


def test_a_speck_delays_light_where_it_is_also_at_the_border() -> None:
    scene = Scene(frames=1, size=64, phase=Phase(debris=200.0))
    debris = scatter_debris(scene, np.random.default_rng(3))
    found = delays(np.zeros((64, 64)), debris, 0, PHASE)
    y, x = np.clip(np.rint(debris.places[0]).astype(int), 0, 63).T
    assert len(y) > 3
    assert (np.abs(found[y, x]) > 0.02).all()


def test_the_picture_of_an_empty_field_has_the_noise_of_its_light() -> None:
    light = Light()
    image = expose_phase(np.zeros((256, 256)), PHASE, light, np.ones((256, 256)), np.random.default_rng(0)).astype(
        float
    )
    assert image.mean() == pytest.approx(light.offset + light.gain * PHASE.photons, rel=0.01)
    assert image.std() == pytest.approx(light.gain * np.sqrt(PHASE.photons + light.read_noise**2), rel=0.03)
