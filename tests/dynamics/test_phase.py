from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.dynamics.field import Steps
from napari_cellstate.dynamics.phase import simulate_phase

START = np.random.default_rng(0).uniform(-2, 2, (2000, 2))


def steps(velocity):
    return Steps(START, velocity, np.arange(len(START)), np.arange(len(START)))


def test_constant_field():
    speed = np.array([0.3, -0.1])
    found = simulate_phase(steps(np.tile(speed, (2000, 1))), START[:20], times=30, boundary="none")
    np.testing.assert_allclose(found.paths[:, -1], START[:20] + 30 * speed, atol=1e-9)


def test_pull_to_the_middle():
    # the nearest single step has the velocity of the place itself: points that sit on observed starts
    k = 0.2
    fine = np.stack(np.meshgrid(np.linspace(-2, 2, 201), [0.0]), axis=-1).reshape(-1, 2)
    pull = Steps(fine, -k * fine, np.arange(len(fine)), np.arange(len(fine)))
    found = simulate_phase(pull, np.array([[1.5, 0.0]]), times=10, neighbours=2, boundary="none")
    np.testing.assert_allclose(found.paths[0, :, 0], 1.5 * (1 - k) ** np.arange(11), atol=0.02)


def test_variance_of_noise():
    sigma = 0.1
    velocity = np.random.default_rng(1).normal(0, sigma, (200, 2))
    velocity = (velocity - velocity.mean(axis=0)) / velocity.std(axis=0, ddof=1) * sigma
    seen = Steps(START[:200], velocity, np.arange(200), np.arange(200))
    found = simulate_phase(
        seen, np.zeros((800, 2)), times=25, kind="stochastic", neighbours=200, boundary="none", seed=2
    )
    variance = found.paths[:, -1].var(axis=0)
    np.testing.assert_allclose(variance, 25 * sigma**2, rtol=4 * np.sqrt(2 / 800))


@pytest.mark.parametrize("boundary", ["fence", "neighbours"])
def test_boundaries_hold(boundary):
    found = simulate_phase(steps(np.ones_like(START)), START[:50], times=20, boundary=boundary)
    assert np.abs(found.paths).max() <= 2.2
    free = simulate_phase(steps(np.ones_like(START)), START[:50], times=20, boundary="none")
    assert np.abs(free.paths).max() > 15


def test_slower_field_lags_behind():
    ends = [
        simulate_phase(steps(np.tile([v, 0.0], (2000, 1))), np.zeros((1, 2)), times=5).paths[0, -1, 0]
        for v in (0.3, 0.255)
    ]
    assert ends[0] > ends[1]


def test_same_seed_same_bytes_and_cancel():
    noisy = steps(np.random.default_rng(3).normal(0, 1, START.shape))
    first, again = (simulate_phase(noisy, START[:5], times=20, kind="stochastic").paths for _ in range(2))
    assert first.tobytes() == again.tobytes()

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        simulate_phase(noisy, START[:5], progress=stop)
    with pytest.raises(InputError, match="coordinates"):
        simulate_phase(noisy, np.zeros((3, 3)))


def test_noise_does_not_depend_on_the_unit_of_time():
    moved = np.random.default_rng(4).normal(0, 0.1, (200, 2))
    moved -= moved.mean(axis=0)
    spreads = []
    for hours, step in ((1.0, 1.0), (0.1, 0.1), (0.1, 0.05)):
        seen = Steps(START[:200], moved / hours, np.arange(200), np.arange(200), hours)
        times = round(10 * hours / step)
        found = simulate_phase(
            seen, np.zeros((300, 2)), times=times, kind="stochastic", neighbours=200, boundary="none", step=step
        )
        spreads.append(found.paths[:, -1].std())
    np.testing.assert_allclose(spreads, np.sqrt(10) * moved.std(), rtol=0.12)
