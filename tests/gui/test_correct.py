from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt

import napari_cellstate as cs
from napari_cellstate.core.link_edits import LinkAgain
from napari_cellstate.core.review_edits import Accept, Judge
from napari_cellstate.experiment.review import MovieReview
from napari_cellstate.gui.link_keys import KEYS, REDO, UNDO
from napari_cellstate.gui.session import Pick
from napari_cellstate.gui.track_layer import TRACKS
from tests.experiment_kit import exchanged_tracks
from tests.gui.conftest import MOST


@pytest.fixture
def mine(finished, tmp_path):
    """A copy of the finished experiment, to be changed."""
    shutil.copytree(finished.root, tmp_path / "two.cellstate")
    for path in finished.root.parent.glob("*.tif"):
        shutil.copy(path, tmp_path)
    return cs.Experiment(tmp_path / "two.cellstate")


@pytest.fixture
def take(dock, mine, qtbot):
    """Opens the experiment and takes a tool by its button."""

    def taken(key, experiment=None):
        dock.open(experiment or mine)
        qtbot.mouseClick(dock.tool_picker.buttons[key], Qt.MouseButton.LeftButton)
        return dock.tool_picker.made[key]

    return taken


def point_at(dock, viewer, row):
    """Put the mouse on a cell, in its frame."""
    found, basis = dock._found, dock.layers.find(TRACKS)
    viewer.dims.set_current_step(0, int(found.frame[row]))
    viewer.cursor.position = basis.data_to_world((found.frame[row], found.y[row], found.x[row]))


def press(viewer, key):
    """What napari calls when the key is pressed."""
    bound = {str(binding): act for binding, act in viewer.keymap.items()}
    names = {str(name).lower().replace("+", "-"): act for name, act in bound.items()}
    names[key.lower()](viewer)


def row_of(dock, track, frame):
    return dock._found.row_of(track, frame)


def test_every_key_with_undo_and_redo(take, dock, viewer, mine):
    tool = take("correct")
    before = mine.links("young_1")
    for name, key in KEYS.items():
        if key.chosen:
            dock.session.choose(Pick("young_1", 1, 4))
        point_at(dock, viewer, row_of(dock, 2, 5))
        press(viewer, key.key)
        assert tool.says.text().startswith("done: "), tool.says.text()
        (edit,) = mine.history.done
        after = mine.links("young_1")
        assert not after.equals(before), name
        assert edit.words() in tool.made.text()
        press(viewer, UNDO)
        pd.testing.assert_frame_equal(mine.links("young_1"), before)
        press(viewer, REDO)
        pd.testing.assert_frame_equal(mine.links("young_1"), after)
        assert dock.stages.row("features").text(2)
        press(viewer, UNDO)


def test_keys_that_mean_nothing_say_why(take, dock, viewer, mine):
    tool = take("correct")
    press(viewer, "j")
    assert "click a cell first" in tool.says.text()
    dock.session.choose(Pick("young_1", 1, 4))
    viewer.cursor.position = (5, -50.0, -50.0)
    press(viewer, "j")
    assert "no cell under the mouse" in tool.says.text()
    point_at(dock, viewer, row_of(dock, 1, 0))
    press(viewer, "b")
    assert "begins with" in tool.says.text()
    assert not mine.history.done


def test_the_chosen_cell_stays_chosen_when_tracks_get_other_numbers(take, dock, viewer, mine):
    take("correct")
    point_at(dock, viewer, row_of(dock, 6, 5))
    row = row_of(dock, 6, 4)
    place = dock._found.y[row], dock._found.x[row]
    dock.session.choose(Pick("young_1", 6, 4))
    point_at(dock, viewer, row_of(dock, 1, 5))
    press(viewer, "shift-d")  # all later tracks get the number before
    pick = dock.session.pick
    assert pick is not None and pick.track == 5
    now = row_of(dock, pick.track, pick.frame)
    assert (dock._found.y[now], dock._found.x[now]) == place


def test_colours_stay_with_their_cells_until_the_next_run(take, dock, viewer, mine):
    take("correct")
    before = {
        (f, label): s for f, label, s in zip(dock._found.frame, dock._found.label, dock._found.state, strict=True)
    }
    point_at(dock, viewer, row_of(dock, 1, 5))
    press(viewer, "shift-d")
    found = dock._found
    middle = (found.frame >= 2) & (found.frame <= 9)
    now = zip(found.frame[middle], found.label[middle], found.state[middle], strict=True)
    assert all(before[f, label] == s for f, label, s in now)


def test_keys_win_over_those_of_the_active_layer_and_are_given_back(take, dock, viewer):
    tool = take("correct")
    movie = dock.layers.find("movie")
    mine = set(map(str, movie.keymap))
    assert len(mine) == len(KEYS) + 2
    assert mine <= set(map(str, viewer.keymap))
    dock.layers.mark("other", [(0, 1, 1)])
    assert mine <= set(map(str, dock.layers.find("other").keymap))  # a layer that came later
    dock.tool_picker.put_away()
    for owner in (viewer, *viewer.layers):
        assert not mine & set(map(str, owner.keymap))
    assert tool is dock.tool_picker.made["correct"]


def test_linking_again_runs_beside_the_window_and_can_be_undone(take, dock, viewer, mine, qtbot):
    tool = take("correct")
    dock.session.choose(Pick("young_1", 1, 4))
    point_at(dock, viewer, row_of(dock, 2, 5))
    press(viewer, "s")
    with qtbot.waitSignal(dock.task.ended, timeout=60_000):
        qtbot.mouseClick(tool.again, Qt.MouseButton.LeftButton)
    assert isinstance(mine.history.done[-1], LinkAgain)
    assert mine.links("young_1")["by_hand"].sum() == 2


def test_given_tracks_are_corrected_in_the_window(take, dock, viewer, tmp_path):
    frame, track = np.repeat(np.arange(8), 3), np.tile([11, 12, 13], 8)
    table = pd.DataFrame({"frame": frame, "track": track, "y": 30.0 * track - 300 + frame, "x": 5.0 * frame})
    table.to_csv(tmp_path / "t.csv", index=False)
    experiment = cs.new(tmp_path / "g.cellstate")
    cs.add(experiment, tracks=tmp_path / "t.csv", name="m", dt=60, pixel_size=1)
    cs.run(experiment, until="link")
    take("correct", experiment)
    dock.session.choose(Pick("m", 1, 3))
    point_at(dock, viewer, row_of(dock, 2, 4))
    press(viewer, "s")
    assert experiment.links("m")["by_hand"].sum() == 2


@pytest.fixture
def exchanged(tmp_path):
    """Six given tracks, two of which exchange their places for good between frames 5 and 6."""
    return exchanged_tracks(tmp_path)


def test_every_key_of_the_queue(take, dock, viewer, exchanged):
    tool = take("review", exchanged)
    n = len(tool.rows)
    assert n >= 2
    first = tool.item()
    assert first.frame == 6
    assert dock.session.pick == Pick("m", first.track, 6)
    press(viewer, "e")
    assert viewer.dims.current_step[0] == 5
    press(viewer, "e")
    assert viewer.dims.current_step[0] == 6
    press(viewer, "x")
    assert tool.at == 1
    press(viewer, "p")
    assert tool.at == 0
    press(viewer, "a")
    assert isinstance(exchanged.history.done[-1], Accept)
    assert len(tool.rows) == n - 1
    tool.read()
    assert len(tool.rows) == n - 1  # it is remembered
    press(viewer, UNDO)
    assert len(tool.rows) == n
    press(viewer, REDO)
    assert len(tool.rows) == n - 1
    point_at(dock, viewer, row_of(dock, tool.item().track, 6))
    press(viewer, "b")  # what is wrong is mended by the keys of Correct
    assert tool.says.text().startswith("done: break")
    assert len(tool.rows) < n - 1


def test_of_a_large_movie_the_queue_is_made_beside_the_window(take, dock, viewer, exchanged, qtbot, monkeypatch):
    monkeypatch.setattr("napari_cellstate.gui.review_tool.MANY", 0)
    tool = take("review", exchanged)
    assert tool.task.running
    assert "Looking at all links" in tool.where.text()
    expected = MovieReview.of(exchanged, "m").queue()
    qtbot.waitUntil(lambda: np.array_equal(tool.rows, expected), timeout=MOST)
    assert dock.session.pick == Pick("m", tool.item().track, tool.item().frame)
    press(viewer, "a")
    press(viewer, UNDO)
    assert len(tool.rows) == len(expected) - 1  # the old queue stays meanwhile
    qtbot.waitUntil(lambda: np.array_equal(tool.rows, expected), timeout=MOST)
    tool.read()
    press(viewer, "a")  # what is found meanwhile is of before
    qtbot.waitUntil(lambda: np.array_equal(tool.rows, MovieReview.of(exchanged, "m").queue()), timeout=MOST)
    point_at(dock, viewer, row_of(dock, tool.item().track, 6))
    press(viewer, "b")
    qtbot.waitUntil(lambda: np.array_equal(tool.rows, MovieReview.of(exchanged, "m").queue()), timeout=MOST)
    qtbot.mouseClick(tool.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(tool.sample), timeout=MOST)
    assert "Sample: 1 of" in tool.where.text()
    press(viewer, "2")
    qtbot.mouseClick(tool.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "doubt" in tool.where.text(), timeout=MOST)
    qtbot.waitUntil(lambda: not tool.task.running, timeout=MOST)


def test_sample_fifty_gives_the_error_rate(take, dock, viewer, mine, qtbot):
    tool = take("review")
    qtbot.mouseClick(tool.sample_button, Qt.MouseButton.LeftButton)
    assert len(tool.sample) == 50
    verdicts = ["1"] * 5 + ["2"] + ["3"]
    for verdict in verdicts:
        press(viewer, verdict)
    assert [type(one) for one in mine.history.done] == [Judge] * 7
    assert "1 of 6 links drawn at random were wrong: 16.7%" in tool.error.text()
    assert sum(tool.judged) == 7
    assert cs.status(mine)["link_errors"]["wrong"] == 1
    assert set(cs.status(mine)["stages"].values()) == {"fresh"}  # judging changes no result
