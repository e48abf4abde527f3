from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.methods.states._common import consecutive, nearest_centre, one_state, possible_states, seeds


@pytest.mark.parametrize(("rows", "k", "expected"), [(0, 3, 0), (1, 3, 1), (5, 3, 3), (5, 5, 5), (5, 6, 5)])
def test_possible_states_of_different_rows(rows, k, expected):
    count, notes = possible_states(np.arange(rows, dtype=float)[:, None], k)
    assert count == expected
    assert bool(notes) == (expected < k)


def test_possible_states_of_equal_rows():
    count, notes = possible_states(np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 2.0], [1.0, -0.0]]), 4)
    assert count == 2
    assert notes == ("2 states instead of 4: the 4 rows have only 2 different values",)


def test_states_without_rows_are_left_out():
    posterior = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    fit = consecutive(np.array([0, 2]), posterior)
    assert fit.state.tolist() == fit.cluster.tolist() == [0, 1]
    np.testing.assert_allclose(fit.posterior, [[0.6 / 0.7, 0.1 / 0.7], [0.2 / 0.7, 0.5 / 0.7]])
    assert fit.notes == ("2 states instead of 3: the others had no rows",)


def test_full_numbers_stay():
    fit = consecutive(np.array([1, 0, 2]), notes=("a",))
    assert fit.state.tolist() == [1, 0, 2]
    assert fit.posterior is None
    assert fit.notes == ("a",)


def test_one_state():
    assert one_state(0, probability=True).posterior.shape == (0, 0)
    assert one_state(2, probability=True).posterior.tolist() == [[1.0], [1.0]]
    assert one_state(2).state.tolist() == [0, 0]


def test_seeds_differ_and_repeat():
    assert seeds(4, 3) == seeds(4, 3)
    assert len({*seeds(4, 3), *seeds(5, 3)}) == 6


def test_nearest_centre():
    points = np.array([[0.0, 0], [9, 0], [4, 1]])
    assert nearest_centre(points, np.array([[10.0, 0], [1, 0]])).tolist() == [1, 0, 1]
