from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.occupancy import occupancy

MOVIE = np.array(["m2"] * 4 + ["m1"] * 2 + ["m3"] * 2)
CONDITION = np.array(["young"] * 6 + ["aged"] * 2)
TRACK = np.array([1, 1, 2, 3, 1, 1, 1, 2])
STATE = np.array([1, 1, 1, 2, 2, 2, 1, 0])


def test_by_movie():
    table = occupancy(STATE, 2, movie=MOVIE, condition=CONDITION, track=TRACK).by_movie().set_index(["movie", "state"])
    assert table["share"].to_dict() == {
        ("m1", 1): 0.0,
        ("m1", 2): 1.0,
        ("m2", 1): 0.75,
        ("m2", 2): 0.25,
        ("m3", 1): 1.0,
        ("m3", 2): 0.0,
    }
    assert table.loc["m2", "n_tracks"].tolist() == [3, 3]
    assert table.loc["m3", "n_rows"].tolist() == [1, 1]  # the row without a state is not counted
    assert table.loc["m3", "n_tracks"].tolist() == [1, 1]
    assert table.loc["m1", "condition"].tolist() == ["young", "young"]


def test_condition_is_the_mean_over_movies_beside_the_pool():
    found = occupancy(STATE, 2, movie=MOVIE, condition=CONDITION, track=TRACK)
    table = found.table().set_index(["condition", "state"])
    assert table.loc[("young", 1), "share"] == pytest.approx(0.375)  # of 0.75 and 0
    assert table.loc[("young", 1), "share_pooled"] == pytest.approx(0.5)  # 3 of 6 rows
    assert table.loc[("young", 1), ["count", "n_rows", "n_tracks", "n_movies"]].tolist() == [3, 6, 4, 2]
    assert table.loc[("aged", 1), ["count", "n_rows", "n_tracks", "n_movies"]].tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(table.groupby("condition")[["share", "share_pooled"]].sum(), 1.0)


def test_movie_without_states_is_blank_and_not_in_the_mean():
    state = np.where(MOVIE == "m1", 0, STATE)
    found = occupancy(state, 2, movie=MOVIE, condition=CONDITION, track=TRACK)
    assert np.isnan(found.shares[0]).all()
    young = found.table().query("condition == 'young'")
    assert young["share"].tolist() == [0.75, 0.25]
    assert young["n_movies"].tolist() == [1, 1]


def test_condition_without_states_is_blank():
    state = np.where(MOVIE == "m3", 0, STATE)
    aged = occupancy(state, 2, movie=MOVIE, condition=CONDITION, track=TRACK).table().query("condition == 'aged'")
    assert aged[["share", "share_pooled"]].isna().all(axis=None)
    assert aged["n_movies"].tolist() == [0, 0]


def test_no_rows():
    none = np.empty(0, np.int64)
    found = occupancy(none, 3, movie=none.astype(str), condition=none.astype(str), track=none)
    assert len(found.by_movie()) == len(found.table()) == 0
    assert "share_pooled" in found.table().columns


def test_bad_input():
    with pytest.raises(InputError, match=r"row 2: movie 'm' is in condition 'b' here and in 'a' before"):
        occupancy(np.ones(3, int), 1, movie=np.array(["m"] * 3), condition=np.array(list("aab")), track=np.ones(3, int))
    with pytest.raises(InputError, match="2 tracks for 8 rows"):
        occupancy(STATE, 2, movie=MOVIE, condition=CONDITION, track=TRACK[:2])


def test_doubtful_rows_are_shared_out_and_counted():
    posterior = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]])
    state = np.array([1, 1, 2, 0])
    where = {"movie": np.array(["m"] * 4), "condition": np.array(["c"] * 4), "track": np.arange(4)}
    found = occupancy(state, 2, **where, posterior=posterior)
    table = found.table().set_index("state")
    assert table["n_doubtful"].tolist() == [1, 1]  # the second row; the last has no state
    np.testing.assert_allclose(table["soft_share"], [1.7 / 3, 1.3 / 3])
    np.testing.assert_allclose(table["share"], [2 / 3, 1 / 3])
    plain = occupancy(state, 2, **where).table()
    assert plain["soft_share"].isna().all() and (plain["n_doubtful"] == 0).all()
    assert (found.by_movie()["n_doubtful"] == 1).all()
