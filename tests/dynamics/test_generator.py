from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm, logm

from napari_cellstate.dynamics.generator import LIKELIHOOD, LOGARITHM, generator, logarithm
from tests.dynamics.chains import cyclic

RATES = np.array([[-0.05, 0.03, 0.02], [0.01, -0.03, 0.02], [0.04, 0.04, -0.08]])


@pytest.mark.parametrize("lag", [1, 4])
def test_known_rates_are_found(lag):
    counts = np.round(1e9 * expm(RATES * lag)).astype(np.int64)
    found = generator(counts, lag)
    assert found.kind == LOGARITHM
    np.testing.assert_allclose(found.rates, RATES, atol=1e-7)


def test_logarithm_is_scipys():
    step = expm(RATES * 3)
    np.testing.assert_allclose(logarithm(step), logm(step), atol=1e-12)


def test_no_logarithm_gives_the_likeliest():
    counts = np.array([[90, 10, 0], [10, 80, 10], [0, 10, 90]])  # 1 to 3 is never seen, but two moves fit in one lag
    assert logarithm(counts / counts.sum(axis=1, keepdims=True)) is None
    found = generator(counts, 1)
    assert (found.kind, found.settled) == (LIKELIHOOD, True)
    np.testing.assert_allclose(found.rates.sum(axis=1), 0, atol=1e-12)
    assert (found.rates[~np.eye(3, dtype=bool)] >= 0).all()
    assert found.rates[0, 2] == 0

    def likelihood(rates):
        return (counts * np.log(expm(rates))).sum()

    best, rng = likelihood(found.rates), np.random.default_rng(0)
    for _ in range(50):
        other = np.maximum(found.rates + rng.normal(0, 0.003, (3, 3)), 1e-7)
        np.fill_diagonal(other, 0)
        np.fill_diagonal(other, -other.sum(axis=1))
        assert likelihood(other) <= best + 1e-6


def test_flip_that_no_continuous_chain_makes():
    found = generator(np.array([[10, 90], [90, 10]]), 1)  # an eigenvalue below 0
    assert found.kind == LIKELIHOOD
    assert found.rates[0, 1] > 1


def test_driven_ring():
    found = generator(np.round(1e6 * cyclic(0.12, 0.1)).astype(np.int64), 2)
    assert found.kind == LOGARITHM
    assert found.rates[0, 1] > found.rates[1, 0]


def test_states_never_left_are_blank():
    found = generator(np.array([[50, 5, 1], [5, 50, 0], [0, 0, 0]]), 1)
    assert np.isnan(found.rates[2]).all()
    assert np.isnan(found.rates[:, 2]).all()
    assert np.isfinite(found.rates[:2, :2]).all()
    assert np.isnan(generator(np.zeros((2, 2), np.int64), 1).rates).all()
