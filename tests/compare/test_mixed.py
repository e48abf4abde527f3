from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.mixed import mixed_model
from napari_cellstate.compare.replicate_tests import compare_means


def test_of_equal_numbers_of_cells_it_is_the_t_test_with_equal_variances():
    rng = np.random.default_rng(0)
    samples = find_samples(["a"] * 5 + ["b"] * 5, range(10))
    movie = np.repeat(np.arange(10), 40)
    values = rng.normal(size=400) + rng.normal(0, 0.8, 10)[movie] + 0.5 * (movie >= 5)
    found = mixed_model(values, movie, samples, make_design(samples, "a", "b"))
    means = values.reshape(10, 40).mean(axis=1)
    from scipy import stats

    assert found.estimate == pytest.approx(means[5:].mean() - means[:5].mean(), abs=1e-6)
    assert found.p == pytest.approx(stats.ttest_ind(means[5:], means[:5]).pvalue, rel=0.02) and found.df == 8


def test_pairs_and_shares_of_variance():
    rng = np.random.default_rng(1)
    samples = find_samples(np.repeat(["a", "b"], 40), np.tile(np.repeat(np.arange(20), 2), 2))
    design = make_design(samples, "a", "b")
    movie = np.repeat(np.arange(80), 30)
    donor, sample = np.tile(np.repeat(np.arange(20), 2), 2), samples.of
    values = (
        rng.normal(size=2400)
        + (
            rng.normal(0, 1.0, 20)[donor]
            + rng.normal(0, 0.5, 40)[sample]
            + rng.normal(0, 0.3, 80)
            + 0.5 * (np.arange(80) >= 40)
        )[movie]
    )
    found = mixed_model(values, movie, samples, design)
    means = samples.mean(np.bincount(movie, values) / 30)
    paired = compare_means(means[design.a], means[design.b], paired=True)
    assert found.estimate == pytest.approx(float(paired.estimate), abs=0.02)
    assert found.p == pytest.approx(float(paired.p), rel=0.5) and found.df == 19
    assert found.shares == pytest.approx((1 / 2.34, 0.25 / 2.34, 0.09 / 2.34, 1 / 2.34), abs=0.15)


def test_two_replicates_have_no_p():
    samples = find_samples(["a", "a", "b", "b"], range(4))
    values = np.random.default_rng(2).normal(size=80)
    found = mixed_model(values, np.repeat(np.arange(4), 20), samples, make_design(samples, "a", "b"))
    assert np.isnan(found.p) and np.isfinite(found.estimate)
    assert np.isnan(mixed_model(values[:2], np.array([0, 1]), samples, make_design(samples, "a", "b")).estimate)
