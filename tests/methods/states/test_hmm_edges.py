"""What a hidden Markov model meets in tables of cells: gaps, restarts, numbers of states that mean nothing, no rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.stages.states import ordered
from napari_cellstate.methods.states._hmm_em import expectation
from napari_cellstate.methods.states._hmm_model import Model
from napari_cellstate.methods.states._hmm_runs import pack
from napari_cellstate.methods.states.hmm import Hmm, standard
from tests.dynamics.chains import paths

STEP = np.array([[0.92, 0.05, 0.03], [0.05, 0.9, 0.05], [0.02, 0.05, 0.93]])


def made(seed, tracks=30, frames=40):
    rng = np.random.default_rng(seed)
    state = paths(STEP, tracks, frames, rng).ravel()
    points = 4.0 * np.stack([state == 1, state == 2], axis=1) + rng.normal(0, 1, (len(state), 2))
    return points, np.repeat(np.arange(tracks), frames), state


def test_states_have_the_same_numbers_whatever_the_start_called_them():
    points, run, truth = made(0)
    speed = truth + np.random.default_rng(1).normal(0, 0.1, len(truth))
    fits = [ordered(Hmm(k=3, seed=seed).fit(Rows(points, run), Runtime()), speed) for seed in range(4)]
    for one in fits:
        assert (one.state == fits[0].state).mean() > 0.99
        assert (one.state == truth).mean() > 0.9


def test_nothing_is_carried_over_a_gap():
    points, run, _ = made(2, tracks=1, frames=12)
    model = Model(np.full(3, 1 / 3), STEP, np.array([[0, 0], [4, 0], [0, 4.0]]), np.ones((3, 2)))

    def posterior(some, runs):
        packed = pack(runs)
        found = np.empty((len(some), 3))
        found[packed.order] = expectation(packed, np.ascontiguousarray(some[packed.order].T), model).posterior.T
        return found

    broken = run + (np.arange(12) >= 5)
    whole = posterior(points, broken)
    parts = np.concatenate([posterior(points[:5], broken[:5]), posterior(points[5:], broken[5:])])
    np.testing.assert_allclose(whole, parts, atol=1e-12)
    assert not np.allclose(whole, posterior(points, run))


def test_more_starts_are_never_less_likely():
    points, run, _ = made(3, tracks=10, frames=20)
    few, many = (
        Hmm(k=3, starts=starts, evidence=1.0).learn(standard(points), run, 3, Runtime()).objective for starts in (1, 8)
    )
    assert many >= few - 1e-4 * len(points)


def table_of(path, **changes):
    points, run, _ = made(4, tracks=8, frames=20)
    table = pd.DataFrame(
        {"track": run, "frame": np.tile(np.arange(20), 8), "speed": points[:, 0], "turn": points[:, 1]}
    ).astype({"speed": object, "turn": object})
    for name, rows in changes.items():
        table.loc[rows, name] = None
    table.to_csv(path, index=False)
    return table


def test_a_track_without_a_value_has_no_states_and_the_others_have(tmp_path):
    table = table_of(tmp_path / "f.csv", speed=slice(0, 19), turn=slice(0, 19))
    found = cs.states_of_table(tmp_path / "f.csv", tmp_path / "o.csv", k=2)
    assert "20 rows have no value at all, and no state" in found.notes
    assert sum(found.to_dict()["rows"].values()) == len(table) - 20
    written = pd.read_csv(tmp_path / "o.csv")
    assert written["state"][:20].isna().all()
    assert written["state"][20:].notna().all()
    assert len(written) == len(table)


def test_all_rows_missing_is_an_error_that_says_so(tmp_path):
    table_of(tmp_path / "f.csv", speed=slice(0, None), turn=slice(0, None))
    with pytest.raises(cs.InputError):
        cs.states_of_table(tmp_path / "f.csv", tmp_path / "o.csv", k=2)


def test_dynamics_of_a_track_without_a_state(tmp_path):
    table = pd.DataFrame({"track": [1] * 4 + [2] * 4, "frame": [0, 1, 2, 3] * 2, "state": [""] * 4 + list("abab")})
    table.to_csv(tmp_path / "t.csv", index=False)
    found = cs.dynamics_of_table(tmp_path / "t.csv", tmp_path / "out", figures=False).tables["transitions"]
    assert found["count"].tolist() == [0, 2, 1, 0]
