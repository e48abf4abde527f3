from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states import gaussian_mixture
from napari_cellstate.methods.states.gaussian_mixture import GaussianMixture
from napari_cellstate.methods.states.kmeans import KMeans
from napari_cellstate.metrics.agreement import adjusted_rand


def fit(points, **settings):
    return GaussianMixture(**settings).fit(Rows(points, np.zeros(len(points), np.int64)), Runtime())


def spreads(seed, count=3000):
    """Three states whose spreads are as 1 to 5 to 20 and whose axes have different units."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, count, p=[0.4, 0.4, 0.2])
    centres, spread = np.array([[0, 0], [2.5, 0], [0, 12.0]]), np.array([0.15, 0.75, 3.0])
    return (centres[truth] + spread[truth, None] * rng.normal(size=(count, 2))) * [1.0, 50.0], truth


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_states_of_very_different_spread(seed):
    points, truth = spreads(seed)
    assert adjusted_rand(fit(points, seed=seed).state, truth) >= 0.97
    assert adjusted_rand(fit(points, seed=seed, covariance="diagonal").state, truth) >= 0.97
    km = KMeans().fit(Rows(points, np.zeros(len(points), np.int64)), Runtime())
    assert adjusted_rand(km.state, truth) < 0.9  # what the mixture is for


def test_posterior_is_that_of_the_true_mixture():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 20_000)
    points = (truth * 3.0 + rng.normal(size=20_000))[:, None]  # odds of the second: exp(3 x - 4.5)
    found = fit(points, k=2, covariance="tied")
    second = int(points[found.state == 1].mean() > points[found.state == 0].mean())
    expected = 1 / (1 + np.exp(4.5 - 3 * points[:, 0]))
    assert np.abs(found.posterior[:, second] - expected).max() < 0.05


def test_as_likely_as_sklearn():
    from sklearn.mixture import GaussianMixture as Other

    points, _ = spreads(5, 800)
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    ours = GaussianMixture(k=4)._fitted(points, 4, Runtime())
    other = Other(4, n_init=5, reg_covar=0.001, random_state=0).fit(points)
    assert ours.score(points) >= other.score(points) - 0.002


def test_units_of_axes_do_not_matter():
    points, _ = spreads(6, 1000)
    one, other = fit(points, starts=3), fit(points * [1e-6, 1e6], starts=3)
    assert adjusted_rand(one.state, other.state) > 0.99


def test_tied_covariance_finds_stripes():
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 2, 800)
    points = rng.normal(size=(800, 2)) * [20.0, 1.0] + np.column_stack([np.zeros(800), truth * 8.0])
    assert adjusted_rand(fit(points, k=2, covariance="tied").state, truth) >= 0.99


def test_starts_on_a_sample(monkeypatch):
    monkeypatch.setattr(gaussian_mixture, "SAMPLE", 300)
    points, truth = spreads(8)
    assert adjusted_rand(fit(points).state, truth) >= 0.97


def test_sample_with_too_few_values_is_not_used(monkeypatch):
    monkeypatch.setattr(gaussian_mixture, "SAMPLE", 10)
    points = np.zeros((2000, 1))
    points[:4, 0] = [5, 5.1, 9, 9.1]
    assert np.unique(fit(points).state[:4]).size == 2
    assert len(gaussian_mixture._sample(points, 3, 0)) == 2000


def test_few_rows_are_said():
    points = np.random.default_rng(9).normal(size=(60, 8))
    assert any("60 rows are few for the 134 numbers" in note for note in fit(points).notes)
