from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics._mutual import bins_of, entropy, mutual_information
from napari_cellstate.metrics.disentanglement import (
    beta_vae_score,
    dci,
    disentanglement,
    factor_vae_score,
    mig,
    sap,
)

LEVELS = (3, 6, 20, 10)


@pytest.fixture(scope="module")
def factors() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.column_stack([rng.integers(level, size=4000) for level in LEVELS])


@pytest.fixture(scope="module")
def rotated(factors) -> np.ndarray:
    """Factors of equal spread, turned such that every dimension has the same share of each."""
    hadamard = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    return (factors - factors.mean(axis=0)) / factors.std(axis=0) @ hadamard


def test_codes_that_are_the_factors(factors):
    """The gap misses 1 only by what independent columns share by chance: (a - 1)(b - 1) / 2N nats at most."""
    codes = factors.astype(float)
    chance = max((a - 1) * (b - 1) / (2 * len(factors)) / np.log(a) for a in LEVELS for b in LEVELS if a != b)
    assert mig(codes, factors) == pytest.approx(1, abs=2 * chance)
    assert factor_vae_score(codes, factors) == 1.0
    assert beta_vae_score(codes, factors) > 0.99
    assert sap(codes, factors) > 0.9
    found = dci(codes, factors)
    assert found.disentanglement > 0.95
    assert found.completeness > 0.95
    assert found.informativeness > 0.99


def test_every_combination_once_gives_exactly_one():
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in LEVELS), indexing="ij"), -1).reshape(-1, len(LEVELS))
    assert mig(grid.astype(float), grid) == pytest.approx(1, abs=1e-12)


def test_order_scale_sign_and_idle_dimensions_do_not_matter(factors):
    rng = np.random.default_rng(1)
    codes = np.column_stack([-3.0 * factors[:, [2, 0, 3, 1]], 1e-4 * rng.normal(size=(len(factors), 2))])
    assert mig(codes, factors) > 0.95
    assert factor_vae_score(codes, factors) == 1.0


def test_codes_that_are_rotated(factors, rotated):
    assert mig(rotated, factors) < 0.1
    assert sap(rotated, factors) < 0.2
    found = dci(rotated, factors)
    assert found.disentanglement < 0.2
    assert found.completeness < 0.2


def test_codes_that_are_noise(factors):
    codes = np.random.default_rng(2).normal(size=(len(factors), 5))
    assert mig(codes, factors) < 0.02
    limit = 1 / 4 + 3.3 * np.sqrt(3 / 16 / 5000) + 0.1  # four factors at random; the same rows are drawn again
    assert factor_vae_score(codes, factors) < limit
    assert beta_vae_score(codes, factors) < limit
    assert dci(codes, factors).informativeness < 0.25


def test_deterministic_by_seed(factors, rotated):
    assert disentanglement(rotated, factors, seed=3) == disentanglement(rotated, factors, seed=3)
    assert factor_vae_score(rotated, factors, seed=3) != factor_vae_score(rotated, factors, seed=4)


def test_constant_codes_and_factors(factors):
    assert mig(np.zeros((len(factors), 2)), factors) == 0
    assert factor_vae_score(np.zeros((len(factors), 2)), factors) == 0
    constant = np.zeros_like(factors)
    found = disentanglement(factors.astype(float), constant)
    assert np.isnan([found.mig, found.factor_vae, found.beta_vae, found.sap, found.dci.disentanglement]).all()
    assert set(found.to_dict()) == {"mig", "factor_vae", "beta_vae", "sap", "dci"}


def test_mutual_information_against_sklearn():
    from sklearn.metrics import mutual_info_score

    rng = np.random.default_rng(0)
    a, b = rng.integers(5, size=300), rng.integers(7, size=300)
    assert mutual_information(a, b) == pytest.approx(mutual_info_score(a, b), abs=1e-12)
    assert mutual_information(a, a) == pytest.approx(entropy(a))
    assert entropy(np.arange(8)) == pytest.approx(np.log(8))


def test_bins():
    assert bins_of(np.array([0.0, 7.0, 100.0]), 20).tolist() == [0, 1, 2]
    assert bins_of(np.linspace(0, 1, 41), 20).tolist()[::8] == [0, 4, 8, 12, 16, 19]


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros((3, 2)), np.zeros((4, 1), int), "expected"),
        (np.zeros((1, 2)), np.zeros((1, 1), int), "at least 2"),
        (np.array([[0.0], [np.nan]]), np.zeros((2, 1), int), "row 1, column 0"),
        (np.zeros((2, 1)), np.zeros((2, 1)), "whole numbers"),
    ],
)
def test_bad_input(codes, factors, message):
    with pytest.raises(InputError, match=message):
        mig(codes, factors)
