from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.experiment.edits.states import TeachState
from napari_cellstate.experiment.labelling import LabelPlaces, label_counts, labels_in_force


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """An experiment with states of its own."""
    from tests.experiment_kit import blobs, write_movie

    folder = tmp_path_factory.mktemp("labelled")
    experiment = cs.new(folder / "one.cellstate")
    for nth in range(2):
        cs.add(experiment, write_movie(folder / f"m{nth}.ome.tif", blobs(seed=nth)))
    cs.run(experiment)
    return experiment


@pytest.fixture
def mine(done, tmp_path):
    shutil.copytree(done.root, tmp_path / "one.cellstate")
    for path in done.root.parent.glob("*.tif"):
        shutil.copy(path, tmp_path)
    return cs.Experiment(tmp_path / "one.cellstate")


def by_speed(experiment, many):
    """Labels of the slowest and the fastest windows: 1 and 2."""
    obs = experiment.behavior.obs
    order = obs["step"].to_numpy(float).argsort(kind="stable")
    chosen = np.concatenate([order[:many], order[-many:]])
    rows = obs.iloc[chosen][["movie", "track", "frame"]].reset_index(drop=True)
    return rows.assign(state=np.repeat([1, 2], many))


def test_labels_of_a_table_are_corrections_and_teach_the_rest(mine):
    table = by_speed(mine, 8)
    made = cs.label_states(mine, table)
    assert label_counts(mine.history) == {1: 8, 2: 8}
    assert made == mine.history.done
    assert cs.status(mine)["stages"]["states"] == "stale"
    cs.learn_states(mine)
    obs = mine.behavior.obs.set_index(["movie", "track", "frame"])
    told = [obs.loc[tuple(row), "state"] for row in table[["movie", "track", "frame"]].to_numpy()]
    assert (np.array(told) == table["state"]).mean() >= 0.9
    fast = obs["step"] > obs["step"].median()
    assert obs["state"][fast].mean() > obs["state"][~fast].mean()


def test_a_correction_retrains_and_undo_brings_back_what_was(mine):
    cs.label_states(mine, by_speed(mine, 5))
    cs.learn_states(mine)
    before = mine.behavior.obs["state"].to_numpy()
    obs = mine.behavior.obs
    rows = obs[obs["state"] == 1].iloc[:6][["movie", "track", "frame"]].reset_index(drop=True)
    made = cs.label_states(mine, rows.assign(state=3))
    cs.learn_states(mine)
    assert (mine.behavior.obs["state"] == 3).sum() > 0
    for _ in made:
        cs.undo(mine)
    again = cs.Experiment(mine.root)  # as after a restart
    assert label_counts(again.history) == {1: 5, 2: 5}
    cs.run(again)
    np.testing.assert_array_equal(again.behavior.obs["state"].to_numpy(), before)
    for _ in made:
        cs.redo(again)
    assert label_counts(again.history)[3] > 0


def test_last_word_counts_and_zero_takes_back(mine):
    row = by_speed(mine, 1).iloc[:1]
    for state in (1, 2, 0):
        cs.label_states(mine, row.assign(state=state))
    assert labels_in_force(mine.history) == ()
    cs.undo(mine)
    assert label_counts(mine.history) == {2: 1}


def test_nearest_window_is_meant_and_a_frame_without_one_is_said(mine):
    obs = mine.behavior.obs
    first = obs.iloc[0]
    places = LabelPlaces.of(mine.behavior, str(first["movie"]))
    early = places.label(int(first["track"]), int(first["frame"]) - 1, 2)
    assert (early.frame, early.y, early.x) == (first["frame"], first["y"], first["x"])
    with pytest.raises(cs.InputError, match="no window around frame 900"):
        places.label(int(first["track"]), 900, 1)
    sure = places.least_sure(())
    mine_rows = obs[(obs["movie"] == first["movie"])]
    lowest = mine_rows.iloc[int(mine_rows["state_prob"].to_numpy().argmin())]
    assert sure == (lowest["track"], lowest["frame"])
    said = TeachState(
        movie=places.movie, frame=int(lowest["frame"]), y=float(lowest["y"]), x=float(lowest["x"]), state=1
    )
    assert places.least_sure((said,)) != sure


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"movie": "none"}, "no movie 'none'"),
        ({"frame": 900}, "row 1: movie m0: track"),
        ({"state": "fast"}, "state is 'fast'"),
        ({"state": 31}, "expected 0 to 30"),
    ],
)
def test_bad_rows_write_nothing(mine, change, message):
    table = by_speed(mine, 2).assign(movie="m0", track=1, frame=5).astype(object)
    with pytest.raises(cs.InputError, match=message):
        cs.label_states(mine, table.assign(**change))
    with pytest.raises(cs.InputError, match="no column 'state'"):
        cs.label_states(mine, table.drop(columns="state"))
    with pytest.raises(cs.InputError, match="labels of 0 states"):
        cs.learn_states(mine)
    assert not mine.history.done


def test_commands(mine, tmp_path, capsys):
    path = tmp_path / "labels.csv"
    by_speed(mine, 4).to_csv(path, index=False)
    root = str(mine.root)
    assert main(["label-states", root, str(path), "--learn", "--json"]) == 0
    assert [one["kind"] for one in json.loads(capsys.readouterr().out)] == ["teach-state"] * 8
    assert cs.Experiment(root).record("states")["resolved"]["method"] == "taught"
    assert main(["edit", root, "note-state", "state=1", "note=sits still, rounds up"]) == 0
    assert main(["edit", root, "name-state", "state=1", "name=2"]) == 0
    assert main(["edit", root, "merge-states", "states=[1,2]"]) == 0
    assert [one.kind for one in cs.Experiment(root).history.done[-3:]] == ["note-state", "name-state", "merge-states"]
    capsys.readouterr()
    assert main(["undo", root]) == 0
    assert main(["describe-states", root]) == 0
    said = capsys.readouterr().out
    assert "note: sits still, rounds up" in said
    for wrong in (["dance"], ["name-state", "size=2"], ["merge-states", "states=3"], ["name-state", "state"]):
        assert main(["edit", root, *wrong]) == 2
    assert "expected NAME=VALUE" in capsys.readouterr().err


def test_described_states_are_a_table(done):
    table = cs.describe_states(done).table()
    assert list(table) == ["state", "name", "suggested_name", "note", "telling"]
    assert isinstance(table, pd.DataFrame)
    assert table["telling"].str.len().min() > 10
