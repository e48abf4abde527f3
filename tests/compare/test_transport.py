from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import sqrtm

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.transport import compare_clouds, sliced_distance, transport_distance
from napari_cellstate.core.errors import Cancelled, InputError


def clouds(seed, *, shift=0.0, width=1.0, replicates=4, rows=60, dimensions=4, spread=0.1):
    """Points of two conditions whose replicates differ by `spread`; the second is shifted and wider."""
    rng = np.random.default_rng(seed)
    condition = np.repeat(["a", "b"], replicates * rows)
    replicate = np.repeat(np.arange(2 * replicates), rows)
    other = (condition == "b")[:, None]
    points = rng.normal(size=(len(condition), dimensions)) * np.where(other, width, 1.0)
    points += rng.normal(0, spread, (2 * replicates, dimensions))[replicate]
    points[:, 0] += shift * other[:, 0]
    samples = find_samples(condition, replicate)
    return points, samples, make_design(samples, "a", "b")


def test_a_shift_is_its_length():
    x = np.random.default_rng(0).normal(size=(200, 5))
    delta = np.array([3.0, -1, 0, 2, 0.5])
    assert transport_distance(x, x + delta) == pytest.approx(np.linalg.norm(delta))
    assert transport_distance(x, x + delta, order=2) == pytest.approx(np.linalg.norm(delta))
    assert transport_distance(x, x[::-1]) == 0


def test_on_a_line_it_is_the_sorted_difference():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(100, 1)), rng.gamma(2, size=(100, 1))
    expected = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean()
    assert transport_distance(x, y) == pytest.approx(expected)
    assert transport_distance(x, y) == pytest.approx(stats.wasserstein_distance(x[:, 0], y[:, 0]))
    assert sliced_distance(x, y) == pytest.approx(expected)


def test_gaussians_in_closed_form():
    rng = np.random.default_rng(2)
    mean, n = np.array([2.0, 1.0]), 1000
    first, second = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[2.0, -0.4], [-0.4, 1.0]])
    root = np.real(sqrtm(first))
    cross = np.real(sqrtm(root @ second @ root))
    expected = np.sqrt(mean @ mean + np.trace(first + second - 2 * cross))
    x, y = rng.multivariate_normal([0, 0], first, n), rng.multivariate_normal(mean, second, n)
    assert transport_distance(x, y, order=2) == pytest.approx(expected, rel=0.05)


def test_sliced_shift_is_the_mean_projection():
    x = np.random.default_rng(3).normal(size=(50, 3))
    found = sliced_distance(x, x + np.array([4.0, 0, 0]), projections=20_000)
    assert found == pytest.approx(4 / 2, rel=0.02)  # in three dimensions the mean of |cos| is 1/2


def test_one_law_has_ratio_one():
    found = compare_clouds(*clouds(4), n=100, draws=60, relabel_draws=3)
    low, high = found.spread()
    assert low < 1 < high
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert found.p > 0.05 and found.smallest_p == pytest.approx(1 / 35)


def test_a_shift_is_found_and_replicates_are_its_n():
    found = compare_clouds(*clouds(5, shift=1.5), n=100, draws=30, relabel_draws=5)
    assert found.spread()[0] > 1.2
    assert found.p == pytest.approx(found.smallest_p) and found.replicates == (4, 4)


def test_equal_means_of_other_covariance_are_found():
    points, samples, design = clouds(6, width=1.8, rows=150, dimensions=2, spread=0.05)
    found = compare_clouds(points, samples, design, draws=20, relabel_draws=3)
    assert found.n == 300 and found.spread()[0] > 1.2 and found.p < 0.05
    means = samples.mean(points)
    assert np.linalg.norm(means[design.a].mean(0) - means[design.b].mean(0)) < 0.3


def test_a_wider_cloud_in_many_dimensions_is_seen_by_excess_and_p():
    found = compare_clouds(*clouds(6, width=1.8, dimensions=20), n=100, draws=20, relabel_draws=10)
    assert found.ratio < 1.05  # the larger null is that of the wider cloud, and swallows the difference
    assert found.excess > 0 and found.p < 0.05


def test_replicates_that_differ_are_no_difference_between_conditions():
    p = [compare_clouds(*clouds(seed, spread=1.0), n=40, draws=1, relabel_draws=2).p for seed in range(40)]
    assert np.sum(np.array(p) <= 0.05) <= stats.binom.ppf(0.999, 40, 1 / 35)


def test_pairs_are_relabeled_within_replicates():
    points, samples, _ = clouds(8, shift=2.0, replicates=3)
    paired = find_samples(samples.condition[samples.of], np.array(samples.replicate)[samples.of].astype(int) % 3)
    design = make_design(paired, "a", "b")
    found = compare_clouds(points, paired, design, n=50, draws=10, relabel_draws=3)
    assert design.paired and found.p == found.smallest_p == 0.25


def test_few_replicates_give_no_p():
    found = compare_clouds(*clouds(9, shift=3.0, replicates=2), n=50, draws=5)
    assert np.isnan(found.p) and found.ratio > 1
    alone = compare_clouds(*clouds(9, shift=3.0, replicates=1), n=50, draws=5)
    assert np.isnan(alone.ratio) and np.isnan(alone.spread()[0]) and alone.distance > 2


def test_the_same_seed_gives_the_same_numbers():
    first, again = (compare_clouds(*clouds(1), n=30, draws=4, relabel_draws=1, seed=3) for _ in range(2))
    assert (first.distances == again.distances).all() and first.p == again.p


def test_unequal_replicates_share_the_draw():
    points, samples, _ = clouds(1)
    kept = np.flatnonzero((samples.of != 0) | (np.arange(len(points)) < 5))  # replicate 0 has five rows
    fewer = find_samples(samples.condition[samples.of][kept], samples.replicate[samples.of][kept])
    found = compare_clouds(points[kept], fewer, make_design(fewer, "a", "b"), n=100, draws=3, relabel_draws=1)
    assert found.n == 65  # the smallest half of the reference: 5 + 60


def test_what_cannot_be_is_said():
    with pytest.raises(InputError, match="as many points"):
        transport_distance(np.ones((3, 2)), np.ones((4, 2)))
    points, samples, design = clouds(0)
    with pytest.raises(InputError, match="finite"):
        compare_clouds(np.where(points > 3, np.nan, points), samples, design)

    def stop(done: int, total: int, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        compare_clouds(points, samples, design, progress=stop)
