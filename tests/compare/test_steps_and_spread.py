from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.spread import compare_spread, log_spread
from napari_cellstate.compare.steps import backward_counts, compare_backward, compare_step_lengths, step_lengths
from napari_cellstate.dynamics.pairs import row_pairs

SAMPLES = find_samples(["a"] * 4 + ["b"] * 4, range(8))
DESIGN = make_design(SAMPLES, "a", "b")


def test_lengths_of_steps_by_hand():
    points = np.array([[0.0, 0], [3, 4], [3, 4], [0, 0]])
    pairs = row_pairs(np.zeros(4, np.int64), np.arange(4), 1)
    state, sample = np.array([0, 1, 0, 0]), np.zeros(4, np.int64)
    found = step_lengths(points, pairs, state, sample, groups=2, samples=1)
    assert found[0].tolist() == [5.0, 0.0]  # steps of 5 and 5 from the first, one of 0 from the second


def test_longer_steps_are_a_ratio():
    lengths = np.array([[1.0], [1.1], [0.9], [1.0], [2.0], [2.2], [1.8], [2.0]])
    found = compare_step_lengths(lengths, DESIGN, names=["step length"])[0]
    assert (
        found.estimate == pytest.approx(2)
        and found.p < 0.001
        and found.values == pytest.approx((0.9975, 1.995), abs=0.01)
    )


def test_backward_steps_are_counted_and_compared():
    rng = np.random.default_rng(0)
    run = np.repeat(np.arange(8), 200)
    drift = np.where(run < 4, 1.0, 0.2)
    progress = np.cumsum(drift + rng.normal(size=len(run)))
    pairs = row_pairs(run, np.tile(np.arange(200), 8), 1)
    counts = backward_counts(progress, pairs, run, samples=8)
    assert counts.sum() == len(pairs) == 8 * 199
    found = compare_backward(counts, DESIGN)[0]
    assert found.values[0] == pytest.approx(0.159, abs=0.04) and found.values[1] == pytest.approx(0.42, abs=0.05)
    assert found.p < 0.001 and found.estimate > 0.2
    progress[::7] = np.nan
    assert backward_counts(progress, pairs, run, samples=8).sum() < len(pairs)


def test_spread_is_the_root_of_the_total_variance():
    rng = np.random.default_rng(1)
    width = np.array([1.0, 1.1, 0.9, 1, 2, 2.1, 1.9, 2])
    sample = np.repeat(np.arange(8), 500)
    points = (
        rng.normal(size=(4000, 3)) * width[sample, None] + 5 * sample[:, None]
    )  # means differ, spreads are their own
    values = log_spread(points, np.zeros(4000, np.int64), sample, groups=1, samples=8)
    assert np.exp(values[:, 0]) == pytest.approx(width * np.sqrt(3), rel=0.08)
    found = compare_spread(values, DESIGN, names=["spread"])[0]
    assert found.estimate == pytest.approx(2, rel=0.05) and found.p < 0.001
    lone = log_spread(points[:1], np.zeros(1, np.int64), sample[:1], groups=1, samples=1)
    assert np.isnan(lone).all()
