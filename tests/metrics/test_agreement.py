from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_cellstate.core.errors import InputError
from napari_cellstate.metrics.agreement import adjusted_rand, contingency, match_states


@pytest.mark.parametrize("seed", range(5))
def test_equals_sklearn(seed):
    rng = np.random.default_rng(seed)
    a, noise = rng.integers(0, 4, 300), rng.integers(0, 6, 300)
    b = np.where(rng.random(300) < seed / 5, a, noise)
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b))


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0, 0], [1, 1, 1]), ([0, 1, 2], [2, 0, 1]), ([0, 0, 0], [0, 1, 2]), ([3], [4]), ([0, 1], [1, 1])]
)
def test_equals_sklearn_where_little_is_divided(a, b):
    assert adjusted_rand(np.array(a), np.array(b)) == pytest.approx(adjusted_rand_score(a, b))


def test_names_do_not_matter():
    truth = np.array(["rest", "run", "rest", "explore", "run"])
    assert adjusted_rand(np.array([9, 4, 9, -1, 4]), truth) == 1.0


def test_is_0_by_chance_and_nan_without_rows():
    rng = np.random.default_rng(0)
    assert abs(adjusted_rand(rng.integers(0, 3, 20_000), rng.integers(0, 3, 20_000))) < 0.002
    assert np.isnan(adjusted_rand(np.array([]), np.array([])))


def test_many_rows_do_not_overflow():
    half = np.repeat([0, 1], 2_000_000)
    assert adjusted_rand(half, 1 - half) == 1.0


def test_match_by_hand():
    found = np.array([1, 1, 1, 2, 2, 2, 3])
    truth = np.array(["a", "a", "b", "a", "a", "a", "c"])
    # one by one, 1 would take a (2 rows) and leave nothing good for 2; together 2 takes a and 1 takes b
    assert match_states(found, truth) == {1: "b", 2: "a", 3: "c"}


def test_match_undoes_a_permutation():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 5, 400)
    swapped = np.array([3, 0, 4, 1, 2])
    assert match_states(swapped[truth], truth) == {int(new): old for old, new in enumerate(swapped)}


def test_match_of_different_numbers():
    assert match_states(np.array([0, 0, 1, 1, 2]), np.array([5, 5, 6, 6, 6])) == {0: 5, 1: 6}
    assert match_states(np.array([0, 0, 0]), np.array([5, 5, 6])) == {0: 5}
    assert match_states(np.array([]), np.array([])) == {}


def test_contingency():
    table, a, b = contingency(np.array([2, 1, 2]), np.array(["x", "x", "y"]))
    assert table.tolist() == [[1, 0], [1, 1]]
    assert a.tolist() == [1, 2]
    assert b.tolist() == ["x", "y"]


def test_different_lengths():
    with pytest.raises(InputError, match="2 rows beside 3"):
        adjusted_rand(np.zeros(2), np.zeros(3))
