from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.core.families import NamedValues, Rows, StateFit
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.edits.states import MergeStates, OrderStates, SplitState, restated
from napari_cellstate.experiment.flow import flow
from napari_cellstate.experiment.sequences import global_runs
from napari_cellstate.experiment.stages.states import named_values
from napari_cellstate.methods.states.saved import Saved
from tests.experiment_kit import blobs, write_movie


def fit_of(state, k):
    state = np.asarray(state)
    posterior = np.full((len(state), k), 0.1 / (k - 1))
    posterior[np.arange(len(state)), state] = 0.9
    return StateFit(state, state, posterior)


def rows_of(points):
    return Rows(np.asarray(points, float)[:, None], np.zeros(len(points), np.int64))


def test_merge_and_order():
    fit = fit_of([0, 1, 2, 2], 3)
    merged, lost = restated(fit, (MergeStates(states=[1, 3]),), rows_of([0, 1, 2, 3]), Runtime())
    assert merged.state.tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(merged.posterior.sum(axis=1), 1)
    assert lost == ()
    turned, _ = restated(fit, (OrderStates(order=[3, 1, 2]),), rows_of([0, 1, 2, 3]), Runtime())
    assert turned.state.tolist() == [1, 2, 0, 0]


def test_split_finds_two_in_one():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 0.3, 40), rng.normal(6, 0.3, 40), rng.normal(20, 0.3, 20)])
    fit = fit_of(np.repeat([0, 0, 1], [40, 40, 20]), 2)
    split, _ = restated(fit, (SplitState(state=1),), rows_of(points), Runtime())
    assert set(split.state[80:].tolist()) == {2}
    assert len({tuple(split.state[:40]), tuple(split.state[40:80])}) == 2
    assert split.posterior.shape == (100, 3)
    np.testing.assert_allclose(split.posterior.sum(axis=1), 1)


def test_what_fits_no_state_is_told():
    edits = (MergeStates(states=[1, 9]), SplitState(state=7), OrderStates(order=[1, 1]))
    fit, lost = restated(fit_of([0, 1], 2), edits, rows_of([0, 1]), Runtime())
    assert fit.state.tolist() == [0, 1]
    assert len(lost) == 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    experiment = cs.new(folder / "one.cellstate")
    path = write_movie(folder / "young_1.ome.tif", blobs(seed=0))
    cs.add(experiment, path, condition="young")
    cs.run(experiment)
    return experiment


def test_merge_in_an_experiment_and_undo(made):
    before = made.behavior.obs["state"].to_numpy()
    k = int(before.max())
    cs.edit(made, MergeStates(states=[1, 2]))
    cs.run(made)
    merged = made.behavior.obs["state"].to_numpy()
    assert merged.max() == k - 1
    np.testing.assert_array_equal(merged == 1, np.isin(before, [1, 2]))
    cs.undo(made)
    cs.run(made)
    np.testing.assert_array_equal(made.behavior.obs["state"].to_numpy(), before)


def test_saved_states_give_the_same_states(made, tmp_path):
    path = cs.save_states(made, tmp_path / "states.json")
    before = made.behavior.obs["state"].to_numpy()
    other = cs.new(tmp_path / "two.cellstate")
    cs.add(other, write_movie(tmp_path / "y.ome.tif", blobs(seed=0)))
    cs.run(other, cs.recipe_from({"states": {"method": "saved", "model": str(path)}}))
    after = other.behavior.obs["state"].to_numpy()
    assert (after == before).mean() > 0.8
    fast = write_movie(tmp_path / "fast.ome.tif", blobs(seed=3) // 2)
    third = cs.new(tmp_path / "three.cellstate")
    cs.add(third, fast)
    cs.run(third, cs.recipe_from({"states": {"method": "saved", "model": str(path)}}))
    assert set(third.behavior.obs["state"]) <= set(range(1, int(before.max()) + 1))


def test_rows_outside_of_what_saved_states_were_made_from_are_said(made, tmp_path):
    path = cs.save_states(made, tmp_path / "states.json")
    behavior, method = made.behavior, Saved(model=str(path))
    named, run = named_values(behavior), global_runs(behavior)
    space = np.zeros((behavior.n_obs, 1))
    inside = method.fit(Rows(space, run, 3.0, None, named), Runtime())
    assert inside.notes == ()
    strange = NamedValues(named.names, named.values * 4.0)
    outside = method.fit(Rows(space, run, 3.0, None, strange), Runtime())
    assert "lie outside what the saved states were made from" in outside.notes[0]
    with pytest.raises(cs.InputError, match="is not in this experiment"):
        method.fit(Rows(space, run, 3.0, None, NamedValues(named.names[1:], named.values[:, 1:])), Runtime())


def test_find_families_profiles_flow(made):
    found = cs.find(made, "any")
    assert found.conditions["share"].tolist() == [1.0]
    assert {"movie", "track", "frame"} <= set(found.table)
    described = cs.describe_states(made)
    assert len(described.keys) == made.behavior.obs["state"].max()
    assert len(described.profiles.telling(1)) == 5
    assert isinstance(cs.families(made, permutations=9).table, pd.DataFrame)
    three = flow(made, axes=3, shown=(1, 3), bins=3, nodes=4, quantiles=True)
    assert (three.bins, three.axes) == ((3, 3, 3), ("pca 1", "pca 3"))
    assert three.flux.grid.shape == (3, 3) and three.balance.verdict
    for wrong in ({"axes": 2, "shown": (1, 3)}, {"shown": (2, 2)}, {"axes": 99}):
        with pytest.raises(cs.InputError, match="axes"):
            flow(made, **wrong)
    moved = flow(made, nodes=6, bins=4)
    assert moved.phase(points=5, times=10).paths.shape == (5, 11, 2)
    along, back = moved.pseudotime()
    assert len(along) == made.behavior.n_obs
    assert back["n"].iloc[-1] > 0
    with pytest.raises(cs.InputError, match="no rows of condition"):
        flow(made, condition="old")
