"""Our tests reject few true nulls; the table of 2,000 runs is in benchmarks/results/calibration.md."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bench_calibration import beside, factorial, halves, of_clouds, rejections, simulate_runs
from benchmarks.bench_calibration_paired import T_TESTS, one_run, skewed
from napari_cellstate.compare.correction import benjamini_hochberg
from napari_cellstate.compare.replicate_tests import compare_means

RUNS, LIMIT = 200, 0.10


@pytest.mark.parametrize("paired", [False, True])
def test_no_test_rejects_more_true_nulls_than_it_may(paired):
    null = simulate_runs(np.random.default_rng(5), RUNS, sd=0.3, tracks=40, frames=50, paired=paired)
    for name, rejected in rejections(null, paired=paired).items():
        assert (np.atleast_2d(rejected.T).mean(axis=1) <= LIMIT).all(), name


def test_factors_reject_no_more_true_nulls_than_they_may():
    for name, rejected in factorial(np.random.default_rng(8), RUNS).items():
        assert rejected.mean() <= LIMIT, name


def test_questions_on_clouds_reject_no_more_true_nulls_than_they_may():
    for name, rejected in of_clouds(RUNS).items():
        assert rejected.mean() <= LIMIT, name


def test_paired_questions_on_clouds_reject_no_more_true_nulls_than_they_may():
    found = np.array([one_run(([*T_TESTS], "pairs", 9, run)) for run in range(RUNS)])
    assert (found.mean(axis=0) <= LIMIT).all(), dict(zip(T_TESTS, found.mean(axis=0), strict=True))


def test_skewed_numbers_reject_no_more_true_nulls_than_they_may():
    for name, rejected in skewed(np.random.default_rng(10), 2000).items():
        assert rejected.mean() <= 0.067, name


def test_cells_as_n_reject_a_third_of_true_nulls():
    null = simulate_runs(np.random.default_rng(6), RUNS, sd=0.3, tracks=40, frames=50)
    assert beside(null)["Welch t on tracks (n = cells), switches"].mean() > 0.3


def test_slower_switching_is_found():
    slower = simulate_runs(np.random.default_rng(7), 100, sd=0.1, factor=0.6, tracks=100, frames=100)
    assert (compare_means(*halves(slower.mean_rate)).p < 0.05).mean() >= 0.8
    q = benjamini_hochberg(compare_means(*halves(slower.rates)).p)
    assert (q < 0.05).any(axis=1).mean() >= 0.8
