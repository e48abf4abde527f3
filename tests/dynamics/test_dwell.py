from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.dwell import dwell_times, find_bouts

RUN = np.array([5, 5, 5, 5, 5, 6, 6, 7])
FRAME = np.array([0, 2, 4, 6, 8, 3, 5, 0])
STATE = np.array([1, 2, 2, 1, 1, 2, 2, 3])


def test_bouts_by_hand():
    table = find_bouts(RUN, FRAME, STATE, spacing=2).table(track=RUN * 10)
    assert list(table.columns) == [
        "track",
        "run",
        "state",
        "start_frame",
        "end_frame",
        "frames",
        "start_seen",
        "end_seen",
    ]
    assert table.to_numpy().tolist() == [
        [50, 5, 1, 0, 0, 2, False, True],
        [50, 5, 2, 2, 4, 4, True, True],
        [50, 5, 1, 6, 8, 4, True, False],
        [60, 6, 2, 3, 5, 4, False, False],
        [70, 7, 3, 0, 0, 2, False, False],
    ]


def test_rows_without_a_state_hide_the_ends_beside_them():
    bouts = find_bouts(np.zeros(6, int), np.arange(6), np.array([1, 2, 0, 2, 0, 1]))
    assert bouts.state.tolist() == [1, 2, 2, 1]
    assert bouts.start_seen.tolist() == [False, True, False, False]
    assert bouts.end_seen.tolist() == [True, False, False, False]


def test_order_of_rows_does_not_matter():
    mixed = np.random.default_rng(0).permutation(len(RUN))
    one, other = find_bouts(RUN, FRAME, STATE, spacing=2), find_bouts(RUN[mixed], FRAME[mixed], STATE[mixed], spacing=2)
    assert one.table().equals(other.table())
    np.testing.assert_array_equal(mixed[other.row], one.row)


def test_summary_by_hand():
    condition = np.where(RUN == 5, "young", "aged")
    found = dwell_times(find_bouts(RUN, FRAME, STATE, spacing=2), 3, condition=condition)
    table = found.table(dt_s=1800.0).set_index(["condition", "state"])
    young = table.loc[("young", 1)]
    # bouts of 1 row (left after it) and of 2 rows (not left): watched for 1 + 1 steps of 2 frames, left once
    assert young[["n_bouts", "n_complete", "n_exits", "at_risk_frames"]].tolist() == [2, 0, 1, 4]
    assert young["mean_frames"] == 4.0
    assert young["mean_hours"] == 2.0
    assert np.isnan(young["mean_complete_frames"])
    assert table.loc[("young", 2), ["n_complete", "mean_complete_frames", "mean_frames"]].tolist() == [1, 4, 4]
    aged = table.loc[("aged", 2)]
    assert aged[["n_bouts", "n_exits", "at_risk_frames"]].tolist() == [1, 0, 2]
    assert np.isnan(aged["mean_frames"])
    assert found.table()["mean_hours"].isna().all()


def exponential_tracks(mean, tracks, length, seed):
    """Two states that are left at a constant rate, seen once a frame in tracks too short for many stays."""
    rng = np.random.default_rng(seed)
    state = np.empty((tracks, length), np.int64)
    for track in range(tracks):
        first = int(rng.random() < mean[1] / sum(mean))  # as often as in the long run
        stays = [rng.exponential(mean[(first + nth) % 2]) for nth in range(200)]
        bout = np.searchsorted(np.cumsum(stays), np.arange(length), side="right")
        state[track] = (first + bout) % 2 + 1
    return np.repeat(np.arange(tracks), length), np.tile(np.arange(length), tracks), state.ravel()


def test_exponential_dwell_is_recovered_where_the_plain_mean_is_low():
    mean = (20.0, 35.0)
    run, frame, state = exponential_tracks(mean, 1500, 40, 1)
    found = dwell_times(find_bouts(run, frame, state), 2, condition=np.zeros(len(run)))
    # the estimate's relative error is 1 / sqrt(exits): four of them, and 5 % for stays shorter than a frame
    for nth in range(2):
        tolerance = 4 / np.sqrt(found.n_exits[0, nth]) + 0.05
        assert found.mean_frames[0, nth] == pytest.approx(mean[nth], rel=tolerance)
        assert found.mean_complete_frames[0, nth] < 0.7 * mean[nth]


def test_corrected_mean_is_one_over_the_rate_of_leaving():
    run, frame, state = exponential_tracks((6.0, 9.0), 40, 30, 2)
    state[::17] = 0
    found = dwell_times(find_bouts(run, frame, state), 2, condition=np.zeros(len(run)))
    rate = count_transitions(run, frame, state, 2, 1).rate_per_hour(3600.0)
    np.testing.assert_allclose(1 / found.mean_frames[0], [rate[0, 1], rate[1, 0]])


def test_no_rows_and_one_state():
    none = np.empty(0, np.int64)
    assert len(find_bouts(none, none, none).table()) == 0
    assert len(dwell_times(find_bouts(none, none, none), 3, condition=none).table()) == 0
    one = dwell_times(find_bouts(np.zeros(9, int), np.arange(9), np.ones(9, int)), 1, condition=np.zeros(9))
    assert one.at_risk.tolist() == [[8]]
    assert np.isnan(one.mean_frames).all()
    nothing = find_bouts(np.zeros(3, int), np.arange(3), np.zeros(3, int))
    assert len(nothing.table()) == 0


def test_gap_in_a_run_is_an_error():
    with pytest.raises(InputError, match="run 5 has rows in frames 0 and 2; expected 1 frames apart"):
        find_bouts(RUN, FRAME, STATE)
