from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.vectors import cosine_similarity, count_shared, difference_vectors
from napari_cellstate.core.errors import InputError


def test_a_planted_direction_is_recovered():
    rng = np.random.default_rng(0)
    samples = find_samples(["young"] * 4 + ["old"] * 4, list("12345678"))
    direction = np.array([[3.0, 0, 0, 0], [2.0, 0, 0, 0], [0, 2.0, 0, 0]])
    means = rng.normal(0, 0.1, (8, 3, 4))
    means[4:] += direction
    found = difference_vectors(means, make_design(samples, "young", "old"))
    np.testing.assert_allclose(found.vectors, direction, atol=4 * 0.1 * np.sqrt(0.5))
    assert found.cosine[0, 1] > 0.98 and abs(found.cosine[0, 2]) < 0.2
    assert (found.length > 10 * found.noise).all()
    low, high = found.cosine_range()
    assert (low <= found.cosine + 1e-12).all() and (found.cosine <= high + 1e-12).all()
    assert found.jackknife.shape == (8, 3, 4)


def test_noise_is_the_length_of_nothing():
    rng = np.random.default_rng(1)
    samples = find_samples(["a"] * 5 + ["b"] * 5, list("0123456789"))
    found = difference_vectors(rng.normal(size=(10, 200, 3)), make_design(samples, "a", "b"))
    assert (found.length**2).mean() == pytest.approx((found.noise**2).mean(), rel=0.2)


def test_pairs_and_missing_groups():
    samples = find_samples(["a", "b"] * 3, [*"112233"])
    means = np.arange(6.0)[:, None, None] * np.ones((6, 2, 2))
    means[::2, 1] = np.nan
    found = difference_vectors(means, make_design(samples, "a", "b"))
    np.testing.assert_allclose(found.vectors, [[1, 1], [np.nan, np.nan]])
    assert found.noise[0] == 0 and len(found.jackknife) == 3
    with pytest.raises(InputError, match="groups"):
        difference_vectors(means[0], make_design(samples, "a", "b"))


def test_cosines_by_hand():
    found = cosine_similarity(np.array([[1.0, 0], [1, 1], [0, -2], [0, 0]]))
    np.testing.assert_allclose(found[0], [1, np.sqrt(0.5), 0, np.nan])
    np.testing.assert_allclose(found[1, 2], -np.sqrt(0.5))


def test_changes_in_one_group_and_in_most():
    q = np.array([[0.01, 0.01, 0.5, np.nan], [0.01, 0.9, 0.5, 0.01], [0.02, 0.9, 0.5, 0.5]])
    estimate = np.array([[1.0, 1, 1, 1], [1, 1, 1, -1], [1, 1, 1, 1]])
    found = count_shared(q, estimate)
    assert found.up.tolist() == [3, 1, 0, 0] and found.down.tolist() == [0, 0, 0, 1]
    assert found.shared.tolist() == [True, False, False, False]
    assert found.specific.tolist() == [False, True, False, True]
