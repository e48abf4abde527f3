from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.pairs import check_states, row_pairs


def test_pairs_stay_in_their_run():
    run, frame = np.array([1, 1, 1, 2, 2]), np.array([0, 1, 2, 3, 4])
    assert row_pairs(run, frame, 1).tolist() == [[0, 1], [1, 2], [3, 4]]
    assert row_pairs(run, frame, 2).tolist() == [[0, 2]]
    assert row_pairs(run, frame, 3).tolist() == []


def test_difference_is_exact():
    run, frame = np.zeros(4, int), np.array([0, 3, 6, 9])
    assert row_pairs(run, frame, 3).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert row_pairs(run, frame, 6).tolist() == [[0, 2], [1, 3]]
    assert row_pairs(run, frame, 2).tolist() == []


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_order_of_rows_does_not_matter(lag):
    rng = np.random.default_rng(0)
    run, frame = np.repeat([7, -3, 10**12], 20), np.tile(np.arange(20), 3)
    mixed = rng.permutation(60)
    expected = {tuple(pair) for pair in row_pairs(run, frame, lag).tolist()}
    found = {(int(mixed[a]), int(mixed[b])) for a, b in row_pairs(run[mixed], frame[mixed], lag)}
    assert found == expected
    assert len(expected) == 3 * (20 - lag)


def test_no_rows():
    none = np.empty(0, np.int64)
    assert row_pairs(none, none, 1).shape == (0, 2)


def test_bad_input():
    with pytest.raises(InputError, match="lag = 0 frames; expected at least 1"):
        row_pairs(np.zeros(2, int), np.arange(2), 0)
    with pytest.raises(InputError, match="2 runs for 3 frames"):
        row_pairs(np.zeros(2, int), np.arange(3), 1)
    with pytest.raises(InputError, match="rows 0 and 2: both are of run 4 in frame 1"):
        row_pairs(np.array([4, 4, 4]), np.array([1, 0, 1]), 1)
    with pytest.raises(InputError, match="row 1: state 4; expected 1 to 3"):
        check_states(np.array([1, 4]), 3, 2)
    with pytest.raises(InputError, match="1 states for 2 rows"):
        check_states(np.array([1]), 3, 2)
