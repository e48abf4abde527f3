from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.batch import check_batch, check_position, confounded
from napari_cellstate.compare.design import find_samples
from napari_cellstate.compare.link_errors import add_link_errors
from napari_cellstate.core.errors import InputError


def tracks(seed=0, cells=60, frames=80, chance=0.05):
    """Two states, switched with one chance; half of the rows in each."""
    rng = np.random.default_rng(seed)
    start = np.arange(cells) % 2
    state = 1 + (start[:, None] + np.cumsum(rng.random((cells, frames)) < chance, axis=1)) % 2
    return np.repeat(np.arange(cells), frames), np.tile(np.arange(frames), cells), state.ravel().astype(np.int64)


def test_swaps_move_rates_by_what_the_mixing_says():
    run, frame, state = tracks()
    whole = np.zeros(len(run), np.int64)
    found = add_link_errors(run, frame, state, whole, whole, share=0.2, lag=1, states=2, draws=40)
    middle, low, high = found.factor(np.array([0]))
    # of the chosen links the future is another cell's: from 1, it is in 2 with the share of 2
    expected = (0.8 * 0.05 + 0.2 * 0.5) / 0.05
    assert middle[0, 1] == pytest.approx(expected, rel=0.15) and low[0, 1] < middle[0, 1] < high[0, 1]
    assert np.isnan(middle[0, 0])


def test_no_errors_move_nothing_and_a_frame_with_one_cell_cannot_swap():
    run, frame, state = tracks(cells=4)
    whole = np.zeros(len(run), np.int64)
    same = add_link_errors(run, frame, state, whole, whole, share=0.0, lag=1, states=2, draws=2)
    assert (same.factor(np.array([0]))[0][[0, 1], [1, 0]] == 1).all()
    alone = add_link_errors(run, frame, state, run, whole, share=0.5, lag=1, states=2, draws=2)  # a movie a cell
    assert (alone.factor(np.array([0]))[0][[0, 1], [1, 0]] == 1).all()
    with pytest.raises(InputError, match="expected a share"):
        add_link_errors(run, frame, state, whole, whole, share=1.5, lag=1, states=2)


def test_batches_that_hold_one_condition_are_said():
    samples = find_samples(["a"] * 4 + ["b"] * 4, range(8))
    apart = check_batch(samples, np.array(["d1"] * 4 + ["d2"] * 4, object))
    assert apart.value == pytest.approx(1) and confounded(apart) and "cannot be told apart" in apart.says
    crossed = check_batch(samples, np.array(["d1", "d1", "d2", "d2"] * 2, object))
    assert crossed.value == pytest.approx(0) and not confounded(crossed)
    assert "no batch given" in check_batch(samples, np.empty(0, object)).says
    assert not confounded(check_batch(samples, np.array(["d1"] * 8, object)))


def test_position_is_the_share_of_movies_within_replicates():
    rng = np.random.default_rng(1)
    samples = find_samples(np.repeat(["a", "b"], 20), np.repeat(np.arange(20), 2))
    movie = np.repeat(np.arange(40), 50)
    points = rng.normal(size=(2000, 1)) + rng.normal(0, 0.5, (40, 1))[movie]
    assert check_position(points, movie, samples).value == pytest.approx(
        0.2 / 2, abs=0.04
    )  # the other half is replicates'
    alone = find_samples(["a", "b"], [0, 1])
    assert "one movie a replicate" in check_position(points[:10], np.repeat([0, 1], 5), alone).says
