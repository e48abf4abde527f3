from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.counts import COLUMNS, count_transitions, events, transitions_table

# Three tracks; track 2 misses frame 2, which makes it two runs; track 3 has a row without a state.
RUN = np.array([1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4])
FRAME = np.array([0, 1, 2, 3, 0, 1, 3, 4, 5, 6, 7])
STATE = np.array([1, 1, 2, 1, 2, 2, 3, 1, 1, 0, 3])


def test_three_tracks_at_lag_1():
    counts = count_transitions(RUN, FRAME, STATE, 3, 1).counts
    assert counts.tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert counts.dtype == np.int64


def test_three_tracks_at_lag_2():
    counts = count_transitions(RUN, FRAME, STATE, 3, 2).counts
    # run 1: frames 0-2 and 1-3; run 4: frames 5-7; no pair bridges the gap (frames 1-3 of track 2)
    assert counts.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_order_of_rows_does_not_matter():
    mixed = np.random.default_rng(0).permutation(len(RUN))
    for lag in (1, 2):
        one = count_transitions(RUN, FRAME, STATE, 3, lag).counts
        other = count_transitions(RUN[mixed], FRAME[mixed], STATE[mixed], 3, lag).counts
        np.testing.assert_array_equal(one, other)


def test_soft_counts_of_certain_posteriors_are_the_counts():
    posterior = np.eye(4)[STATE][:, 1:]
    found = count_transitions(RUN, FRAME, STATE, 3, 1, posterior=posterior)
    np.testing.assert_array_equal(found.soft, found.counts)


def test_soft_counts_by_hand():
    posterior = np.array([[0.8, 0.2], [0.3, 0.7]])
    found = count_transitions(np.zeros(2, int), np.arange(2), np.array([1, 2]), 2, 1, posterior=posterior)
    np.testing.assert_allclose(found.soft, [[0.24, 0.56], [0.06, 0.14]])


def test_posterior_of_rows_without_state_is_not_read():
    posterior = np.eye(4)[STATE][:, 1:]
    posterior[STATE == 0] = np.nan
    assert count_transitions(RUN, FRAME, STATE, 3, 1, posterior=posterior).soft.sum() == 5


def test_units_sum_to_the_counts():
    movie = np.where(RUN < 3, "b", "a")
    found = count_transitions(RUN, FRAME, STATE, 3, 1, unit=movie)
    assert found.units.tolist() == ["a", "b"]
    assert found.unit_counts[0].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    np.testing.assert_array_equal(found.unit_counts.sum(axis=0), found.counts)


def test_events_are_the_counts_off_the_diagonal():
    assert events(RUN, FRAME, STATE, 1).tolist() == [[1, 2], [2, 3], [6, 7]]
    rng = np.random.default_rng(1)
    run, frame, state = np.repeat(np.arange(20), 30), np.tile(np.arange(30), 20), rng.integers(0, 5, 600)
    for lag in (1, 3):
        counts, found = count_transitions(run, frame, state, 4, lag).counts, events(run, frame, state, lag)
        assert len(found) == counts.sum() - np.trace(counts)
        np.testing.assert_array_equal(frame[found[:, 1]] - frame[found[:, 0]], lag)


def simulate(matrix, tracks, length, seed):
    rng = np.random.default_rng(seed)
    limits = np.cumsum(matrix, axis=1)
    state = np.zeros((tracks, length), np.int64)
    state[:, 0] = rng.integers(0, len(matrix), tracks)
    for t in range(1, length):
        state[:, t] = (rng.random(tracks)[:, None] > limits[state[:, t - 1]]).sum(axis=1)
    run = np.repeat(np.arange(tracks), length)
    return run, np.tile(np.arange(length), tracks), state.ravel() + 1


@pytest.mark.parametrize("lag", [1, 2])
def test_recovers_a_simulated_chain(lag):
    matrix = np.array([[0.9, 0.08, 0.02], [0.1, 0.7, 0.2], [0.05, 0.15, 0.8]])
    run, frame, state = simulate(matrix, 200, 60, 3)
    if lag == 2:  # every second pair only, so that the pairs of a state are independent draws
        keep = frame % 2 == 0
        run, frame, state = run[keep], frame[keep], state[keep]
    found = count_transitions(run, frame, state, 3, lag)
    expected = np.linalg.matrix_power(matrix, lag)
    pairs = found.counts.sum(axis=1, keepdims=True)
    low, high = binom.ppf(0.0005, pairs, expected), binom.ppf(0.9995, pairs, expected)
    assert ((found.counts >= low) & (found.counts <= high)).all()
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0)


def test_table_has_every_pair():
    found = count_transitions(RUN, FRAME, STATE, 4, 1)
    table = transitions_table({"young": found, "aged": found}, dt_s=360.0)
    assert list(table.columns) == list(COLUMNS)
    assert table["condition"].tolist() == ["young"] * 16 + ["aged"] * 16
    young = table[table["condition"] == "young"].set_index(["from", "to"])
    assert young.index.tolist() == [(a, b) for a in range(1, 5) for b in range(1, 5)]
    assert young["count"].sum() == found.counts.sum() == 5
    assert young.loc[(1, 2), "probability"] == 0.5
    assert young.loc[(1, 2), "rate_per_hour"] == pytest.approx(5.0)  # 1 in 2 pairs of 6 minutes
    assert young.loc[(3, 1), "rate_per_hour"] == pytest.approx(10.0)
    assert young.loc[(1, 3), "rate_per_hour"] == 0.0
    assert young.loc[4, ["probability", "rate_per_hour"]].isna().all(axis=None)  # state 4 is never left from
    assert young.loc[[(state, state) for state in range(1, 5)], "rate_per_hour"].isna().all()
    assert young["soft_count"].isna().all()


def test_rate_does_not_depend_on_the_lag_where_nothing_is_missed():
    state = np.repeat([1, 2], 1000)  # one switch, in one pair at lag 1 and in two at lag 2
    run, frame = np.zeros(2000, int), np.arange(2000)
    one, two = (count_transitions(run, frame, state, 2, lag).rate_per_hour(60.0)[0, 1] for lag in (1, 2))
    assert one == pytest.approx(two, rel=1e-9)
    assert one == pytest.approx(60 / 1000)


def test_without_frame_interval_rates_are_blank():
    assert count_transitions(RUN, FRAME, STATE, 3, 1).table()["rate_per_hour"].isna().all()


def test_no_rows_and_no_states():
    none = np.empty(0, np.int64)
    found = count_transitions(none, none, none, 2, 1, posterior=np.empty((0, 2)), unit=none)
    assert found.counts.tolist() == found.soft.tolist() == [[0, 0], [0, 0]]
    assert found.table(dt_s=60.0)["probability"].isna().all()
    assert len(count_transitions(none, none, none, 0, 1).table()) == 0
    assert list(transitions_table({}).columns) == list(COLUMNS)
    assert events(none, none, none, 1).shape == (0, 2)


def test_one_state():
    found = count_transitions(np.zeros(5, int), np.arange(5), np.ones(5, int), 1, 1)
    assert found.counts.tolist() == [[4]]
    assert found.probability.tolist() == [[1.0]]


def test_bad_input():
    with pytest.raises(InputError, match="row 3: state 5; expected 1 to 3"):
        count_transitions(RUN[:4], FRAME[:4], np.array([1, 2, 3, 5]), 3, 1)
    with pytest.raises(InputError, match=r"posterior of shape \(11, 2\); expected \(11, 3\)"):
        count_transitions(RUN, FRAME, STATE, 3, 1, posterior=np.ones((11, 2)))
