from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cellstate.compare.correction import benjamini_hochberg, holm
from napari_cellstate.compare.permutation import permute, smallest_p
from napari_cellstate.compare.replicate_tests import compare_means, compare_with_zero
from napari_cellstate.compare.verdict import DIFFERS, SAME, UNDECIDED, decide, overall


@pytest.fixture
def values() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(6, 4)), rng.normal(0.5, 2, (6, 5))


def test_welch_is_that_of_scipy(values):
    a, b = values
    ours, theirs = compare_means(a, b), stats.ttest_ind(b, a, axis=1, equal_var=False)
    np.testing.assert_allclose(ours.p, theirs.pvalue)
    np.testing.assert_allclose(ours.interval(0.9), theirs.confidence_interval(0.9))


def test_pairs_are_those_of_scipy(values):
    a, b = values[0], values[1][:, :4]
    ours, theirs = compare_means(a, b, paired=True), stats.ttest_rel(b, a, axis=1)
    np.testing.assert_allclose(ours.p, theirs.pvalue)
    np.testing.assert_allclose(ours.interval(), theirs.confidence_interval())


def test_missing_replicates_are_left_out(values):
    a, b = values
    holes = np.concatenate([b, np.full((6, 1), np.nan)], axis=1)
    np.testing.assert_allclose(compare_means(a, holes).p, compare_means(a, b).p)
    assert compare_means(a, holes).n_b.tolist() == [5] * 6


def test_two_replicates_give_an_effect_and_no_p(values):
    a, b = values
    two = compare_means(a[:, :2], b)
    assert np.isnan(two.p).all() and np.isfinite(two.interval()[0]).all()
    one = compare_means(a[:, :1], b)
    assert np.isnan(one.p).all() and np.isnan(one.interval()[0]).all() and np.isfinite(one.estimate).all()


def test_no_spread():
    same = compare_means(np.ones(4), np.ones(4))
    assert same.p == 1 and same.interval() == (0, 0)
    assert compare_with_zero(np.full(4, 2.0)).p == 0


@pytest.mark.parametrize(
    ("n_a", "n_b", "paired", "smallest"),
    [(4, 4, False, 2 / 70), (3, 3, False, 0.1), (3, 3, True, 0.25), (3, 4, False, 1 / 35), (1, 1, False, 1.0)],
)
def test_smallest_p_is_reached(n_a, n_b, paired, smallest):
    a, b = np.arange(n_a) * 0.01, 10 + np.arange(n_b) * 0.02
    found = permute(a, b, paired=paired)
    assert found.exact
    assert found.p == pytest.approx(found.smallest_p) == pytest.approx(smallest)
    assert smallest_p(n_a, n_b, paired=paired) == pytest.approx(smallest)


def test_permutation_is_that_of_scipy(values):
    a, b = values

    def distance(x, y, axis):
        return np.abs(x.mean(axis) - y.mean(axis))

    for one, other, p in zip(a, b, permute(a, b).p, strict=True):
        theirs = stats.permutation_test((one, other), distance, vectorized=True, alternative="greater")
        assert p == pytest.approx(theirs.pvalue)


def test_many_replicates_are_permuted_at_random_by_seed():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=25), rng.normal(1, 1, 25)
    first, again = permute(a, b, seed=3), permute(a, b, seed=3)
    assert not first.exact and first.p == again.p and first.smallest_p == 1 / 2000
    assert first.p < 0.05


def test_corrections():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.005])
    there = np.isfinite(p)
    np.testing.assert_allclose(benjamini_hochberg(p)[there], stats.false_discovery_control(p[there]))
    np.testing.assert_allclose(holm(p)[there], [0.03, 0.06, 0.06, 0.02])
    assert np.isnan(benjamini_hochberg(p)[1]) and np.isnan(holm(p)[1])


def test_three_words():
    q, low90, high90 = np.array([[0.01, 0.3, 0.3, np.nan], [0.5, -0.1, -0.3, -0.1], [0.9, 0.1, 0.1, 0.1]])
    assert decide(q, low90, high90, low=-0.2, high=0.2).tolist() == [DIFFERS, SAME, UNDECIDED, UNDECIDED]
    assert overall([SAME, SAME]) == SAME
    assert overall([SAME, UNDECIDED]) == UNDECIDED
    assert overall([UNDECIDED, DIFFERS]) == DIFFERS
    assert overall([]) == UNDECIDED
