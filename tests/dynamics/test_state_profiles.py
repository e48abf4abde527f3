from __future__ import annotations

import numpy as np

from napari_cellstate.dynamics.state_profiles import state_profiles


def made():
    rng = np.random.default_rng(0)
    state = np.repeat([1, 2, 0], [60, 60, 5])
    scaled = rng.normal(0, 0.3, (125, 3))
    scaled[state == 2] += [3.0, 0.0, -1.5]
    values = scaled * [2.0, 1.0, 10.0] + [5.0, 0.0, 100.0]
    values[0, 1] = np.nan
    return state_profiles(
        values, scaled, state, 2, names=["speed", "odd", "area"], units=["um/min", "", "um^2"],
        track=np.arange(125) // 6, exemplars=8,
    ), values, state  # fmt: skip


def test_means_in_units_and_what_tells():
    found, values, state = made()
    row = found.means.set_index(["state", "feature"]).loc[(2, "speed")]
    assert np.isclose(row["mean"], values[state == 2, 0].mean())
    assert np.isclose(row["mean_rest"], values[state == 1, 0].mean())
    assert row["rank"] == 1
    assert found.telling(2)[0].startswith("speed 11")
    assert np.isfinite(found.means["mean"]).all()


def test_names_say_much_and_little():
    assert made()[0].names == ("slow, large", "fast, small")


def test_exemplars_are_of_their_state_and_of_many_tracks():
    found, _, state = made()
    assert (state[found.exemplars] == np.array([[1], [2]])).all()
    assert all(len(set((row // 6).tolist())) == 8 for row in found.exemplars)


def test_empty_state():
    found = state_profiles(
        np.ones((3, 1)), np.zeros((3, 1)), np.ones(3, int), 2, names=["a"], units=[""], track=np.arange(3)
    )
    assert found.names[1].startswith("middling")
    assert (found.exemplars[1] == -1).all()
