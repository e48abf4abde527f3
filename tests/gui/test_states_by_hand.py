"""States labelled by click and key, noted, ordered along the embedding, and in families: in the window."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt

import napari_cellstate as cs
from napari_cellstate.experiment.labelling import label_counts
from napari_cellstate.experiment.state_evidence import StateEvidence
from napari_cellstate.gui.label_tool import LABELS, NEXT, REDO, UNDO
from napari_cellstate.gui.session import Pick


@pytest.fixture
def mine(finished, tmp_path):
    """A copy of the finished experiment, to be changed."""
    shutil.copytree(finished.root, tmp_path / "two.cellstate")
    for path in finished.root.parent.glob("*.tif"):
        shutil.copy(path, tmp_path)
    return cs.Experiment(tmp_path / "two.cellstate")


@pytest.fixture
def tool(dock, mine, qtbot):
    dock.open(mine)
    qtbot.mouseClick(dock.tool_picker.buttons["label"], Qt.MouseButton.LeftButton)
    return dock.tool_picker.made["label"]


def press(viewer, key):
    names = {str(binding).lower().replace("+", "-"): act for binding, act in viewer.keymap.items()}
    names[key.lower()](viewer)


def wait(qtbot, dock):
    qtbot.waitUntil(lambda: not dock.task.running, timeout=120_000)


def slow_and_fast(experiment, many=6):
    obs = experiment.behavior.obs
    order = obs["step"].to_numpy(float).argsort(kind="stable")
    rows = [obs.iloc[int(at)] for at in (*order[:many], *order[-many:])]
    return [
        (Pick(str(row["movie"]), int(row["track"]), int(row["frame"])), nth // many + 1) for nth, row in enumerate(rows)
    ]


def test_click_and_digit_label_a_cell_and_the_rest_is_learnt(tool, dock, viewer, mine, qtbot):
    press(viewer, "1")
    assert "Click a cell first" in tool.says.text()
    for pick, state in slow_and_fast(mine):
        dock.session.choose(pick)
        press(viewer, str(state))
        assert f"is in state {state}" in tool.says.text(), tool.says.text()
    assert label_counts(mine.history) == {1: 6, 2: 6}
    assert "6 labels" in tool.said.text()
    here = [pick for pick, _ in slow_and_fast(mine) if pick.movie == dock.session.movie]
    assert len(dock.layers.find(LABELS).data) == len(here)
    assert cs.status(mine)["stages"]["states"] == "stale"
    press(viewer, UNDO)
    assert label_counts(mine.history) == {1: 6, 2: 5}
    press(viewer, REDO)
    press(viewer, "0")
    assert label_counts(mine.history) == {1: 6, 2: 5}
    qtbot.mouseClick(tool.learn_button, Qt.MouseButton.LeftButton)
    wait(qtbot, dock)
    assert mine.record("states")["resolved"]["method"] == "taught"
    assert dock.session.recipe.states.kind == "taught"
    assert "11 labelled rows of 2 states" in tool.says.text()
    obs = mine.behavior.obs
    fast = (obs["step"] > obs["step"].median()).to_numpy()
    assert obs["state"][fast].mean() > obs["state"][~fast].mean()
    tool.live.setChecked(True)
    press(viewer, "3")
    wait(qtbot, dock)
    assert mine.behavior.obs["state"].max() == 3


def test_next_doubtful_cell_and_what_cannot_be(tool, dock, viewer, mine, qtbot):
    press(viewer, NEXT)
    obs = mine.behavior.obs[mine.behavior.obs["movie"] == dock.session.movie]
    least = obs.iloc[int(obs["state_prob"].to_numpy().argmin())]
    assert (dock.session.pick.track, dock.session.pick.frame) == (least["track"], least["frame"])
    dock.session.choose(Pick(dock.session.movie, 1, 900))
    press(viewer, "2")
    assert "has no window around frame 900" in tool.says.text()
    qtbot.mouseClick(tool.learn_button, Qt.MouseButton.LeftButton)
    assert "two states or more" in tool.says.text()
    assert not mine.history.done
    dock.tool_picker.put_away()
    assert "1" not in {str(key) for key in viewer.keymap}


def test_note_on_a_state(dock, mine, qtbot):
    dock.open(mine)
    dock.panels.show("states")
    panel = dock.panels.made["states"]
    panel.state.setCurrentIndex(1)
    panel.note.setText("rounds up")
    panel.note.editingFinished.emit()
    assert cs.describe_states(mine).notes[1] == "rounds up"
    panel.state.setCurrentIndex(0)
    assert panel.note.text() == ""
    panel.state.setCurrentIndex(1)
    assert panel.note.text() == "rounds up"


def test_buttons_merge_split_order_and_name(dock, mine, qtbot):
    dock.open(mine)
    dock.panels.show("states")
    panel = dock.panels.made["states"]
    k = panel.state.count()
    panel.state.setCurrentIndex(1)
    for button in (panel.up_button, panel.split_button, panel.merge_button):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    order, split, merge = mine.history.done
    assert order.order == [2, 1, *range(3, k + 1)]
    assert split.state == 2
    assert merge.states[0] == 2
    assert merge.states[1] != 2
    dock.session.undo()
    assert len(mine.history.done) == 2


def test_pseudotime_from_a_click_and_from_a_state(dock, finished, qtbot):
    dock.open(finished)
    dock.panels.show("pseudotime")
    panel = dock.panels.made["pseudotime"]
    panel.click_near(*panel._points[5])
    wait(qtbot, dock)
    row = finished.behavior.obs.iloc[5]
    assert panel.found.root == (row["movie"], row["track"], row["frame"])
    same = cs.pseudotime(finished, root=panel.found.root)
    np.testing.assert_array_equal(panel.found.along, same.along)
    assert "steps go back" in panel.says.text()
    panel.in_movie.setChecked(True)
    assert dock.layers.find("coloured").visible
    panel.way.setCurrentIndex(1)
    assert panel.found is None
    panel.state.setCurrentIndex(1)
    qtbot.mouseClick(panel.work_button, Qt.MouseButton.LeftButton)
    wait(qtbot, dock)
    assert panel.found.nodes is not None
    assert panel.found.root == cs.pseudotime(finished, root_state=2).root


def test_families_say_that_nobody_divides(dock, finished):
    dock.open(finished)
    dock.panels.show("families")
    panel = dock.panels.made["families"]
    if finished.dynamics("divisions")["divisions"].sum():
        assert "divisions" in panel.says.text()
    else:
        assert "nothing to say about inheritance" in panel.says.text()
        assert not any(plot.isVisible() for plot in panel.plots.values())


def test_how_many_draws_the_evidence_and_takes_nothing_by_itself(dock, mine, qtbot):
    dock.open(mine)
    dock.panels.show("how_many")
    panel = dock.panels.made["how_many"]
    assert not panel.take.isEnabled()
    k = range(1, 5)
    states = pd.DataFrame(
        {"k": k, "log_likelihood": [-4.0, -3, -2, -1.9], "stability": [1, 0.95, 0.9, 0.5], "slow": [0, 1, 1, 2],
         "silhouette": [np.nan, 0.3, 0.2, 0.1]}
    )  # fmt: skip
    times = pd.DataFrame({"lag": [1, 2, 1, 2], "process": [1, 1, 2, 2], "frames": [9.0, 8.5, 4.0, np.nan]})
    markov = pd.DataFrame({"lag": [1, 2], "z_max": [5.0, 1.0], "p": [0.01, 0.4]})
    panel.show_found(StateEvidence(states, "movie", 2, "It says so.", times, markov))
    assert all(plot.listDataItems() for plot in panel.plots.values())
    assert panel.says.text().startswith("Suggested: 2 states. It says so.")
    assert "not refuted: 2" in panel.says.text()
    assert dock.session.recipe.states.k == 3
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    assert dock.session.recipe.states.k == 2
    assert cs.status(mine)["stages"]["states"] == "stale"
