from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from scipy.ndimage import distance_transform_edt

import napari_cellstate as cs
from napari_cellstate.core.mask_edits import AddCell, MergeCells, RemoveCell, SplitCell
from napari_cellstate.core.review_edits import Confirm
from napari_cellstate.experiment.click import Spot
from napari_cellstate.experiment.teach import lesson_of
from napari_cellstate.gui.layers import MASKS


@pytest.fixture
def tool(dock, two_movies, qtbot):
    cs.run(two_movies, until="link")
    dock.open(two_movies)
    qtbot.mouseClick(dock.tool_picker.buttons["click"], Qt.MouseButton.LeftButton)
    return dock.tool_picker.made["click"]


def _press(viewer, tool, *places, keys=()):
    """The mouse goes down at the first place, over the others, and up, as napari tells of it."""
    basis = tool._desk.layers.basis()
    frame = viewer.dims.current_step[0]
    world = [basis.data_to_world((frame, *place)) for place in places]
    event = SimpleNamespace(position=world[0], pos=(0, 0), type="mouse_press", button=1, modifiers=keys)
    (callback,) = [one for one in viewer.mouse_drag_callbacks if getattr(one, "__self__", None) is tool._pointer]
    steps = callback(viewer, event)
    next(steps)
    assert not viewer.scene.camera.mouse_pan  # the movie stays where it is under the drag
    for nth, place in enumerate(world[1:], start=1):
        event.type, event.position, event.pos = "mouse_move", place, (40 * nth, 0)
        next(steps)
    event.type = "mouse_release"
    next(steps, None)
    assert viewer.scene.camera.mouse_pan


def _cell(exp, nth, frame=0):
    cells = exp.cells("young_1")
    row = cells[cells["frame"] == frame].iloc[nth]
    return int(row["label"]), (float(row["y"]), float(row["x"]))


def test_shift_click_removes_and_undo_brings_back(viewer, dock, tool, two_movies, qtbot):
    own, measured = np.asarray(two_movies.labels("young_1")), dock.stages.row("measure").text(2)
    label, place = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, place, keys=("Shift",))
    (done,) = two_movies.history.done
    assert isinstance(done, RemoveCell)
    assert not (np.asarray(two_movies.labels("young_1"))[0] == label).any()
    assert "remove the cell" in tool.says.text()
    assert dock.stages.row("measure").text(2) != measured  # it says that it is out of date
    qtbot.mouseClick(dock.undo_buttons.undo_button, Qt.MouseButton.LeftButton)
    np.testing.assert_array_equal(np.asarray(two_movies.labels("young_1")), own)


def test_the_masks_layer_follows(viewer, tool, two_movies):
    label, place = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, place, keys=("Shift",))
    layer = tool._desk.layers.find(MASKS)
    assert not (np.asarray(layer.data[0]) == label).any()


def test_a_drag_joins_and_ctrl_clicks_split(viewer, tool, two_movies):
    (first, a), (second, b) = _cell(two_movies, 0), _cell(two_movies, 1)
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, a, b)
    assert isinstance(two_movies.history.done[-1], MergeCells)
    labels = np.asarray(two_movies.labels("young_1"))[0]
    assert (labels == first).any() != (labels == second).any()
    _press(viewer, tool, a, keys=("Control",))
    assert "other half" in tool.says.text()
    _press(viewer, tool, b, keys=("Control",))
    assert isinstance(two_movies.history.done[-1], SplitCell)
    labels = np.asarray(two_movies.labels("young_1"))[0]
    assert labels[round(a[0]), round(a[1])] != labels[round(b[0]), round(b[1])]


def test_a_line_splits(viewer, tool, two_movies):
    _, (y, x) = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    n = len(np.unique(np.asarray(two_movies.labels("young_1"))[0]))
    _press(viewer, tool, (y - 30, x), (y + 30, x), keys=("Alt",))
    assert len(np.unique(np.asarray(two_movies.labels("young_1"))[0])) == n + 1


def test_a_correction_is_carried_on(viewer, tool, two_movies):
    _, place = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    tool.carry.setValue(1)
    _press(viewer, tool, place, keys=("Shift",))
    assert two_movies.history.done[-1].frames() == range(2)


def test_what_fits_nothing_is_said(viewer, dock, tool, two_movies):
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, (0.0, 0.0), keys=("Shift",))
    assert "fits no cell" in dock.notice.text
    assert two_movies.history.done == ()


def test_the_mouse_is_given_back(viewer, dock, tool):
    assert tool._desk.layers.find(MASKS) is not None
    dock.tool_picker.put_away()
    assert tool._desk.layers.find(MASKS) is None
    assert not [one for one in viewer.mouse_drag_callbacks if getattr(one, "__self__", None) is tool._pointer]


def test_the_key_of_next_wins_over_those_of_the_active_layer_and_is_given_back(viewer, dock, tool):
    def bound(owner):
        return "n" in {str(key).lower() for key, act in owner.keymap.items() if act is not None}

    assert len(viewer.layers) > 1
    assert all(bound(owner) for owner in (viewer, *viewer.layers))
    dock.tool_picker.put_away()
    assert not any(bound(owner) for owner in (viewer, *viewer.layers))


@pytest.fixture
def needs_weights():
    from napari_cellstate.learn.models import model_digest

    if not model_digest("default"):
        pytest.skip("the shipped weights are not there")


def test_a_click_adds_the_missed_cell(viewer, dock, tool, two_movies, qtbot, needs_weights):
    own = np.asarray(two_movies.labels("young_1"))
    label, place = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, place, keys=("Shift",))
    with qtbot.waitSignal(dock.task.ended, timeout=60_000):
        _press(viewer, tool, place)
    assert isinstance(two_movies.history.done[-1], AddCell)
    labels = np.asarray(two_movies.labels("young_1"))
    new, old = labels[0] == labels[0][round(place[0]), round(place[1])], own[0] == label
    assert (new & old).sum() / (new | old).sum() > 0.5
    np.testing.assert_array_equal(labels[0][~new & ~old], own[0][~new & ~old])  # no other cell has changed
    np.testing.assert_array_equal(labels[1:], own[1:])
    dock.session.undo()
    assert np.asarray(two_movies.labels("young_1"))[0][round(place[0]), round(place[1])] == 0


def test_next_goes_where_the_net_hesitates(viewer, dock, tool, qtbot, needs_weights):
    with qtbot.waitSignal(dock.task.ended, timeout=120_000):
        qtbot.mouseClick(tool.next_button, Qt.MouseButton.LeftButton)
    (first,) = tool._seen
    assert viewer.dims.current_step[0] == first.frame
    with qtbot.waitSignal(dock.task.ended, timeout=120_000):
        qtbot.mouseClick(tool.next_button, Qt.MouseButton.LeftButton)
    assert tool._seen[1] != first


def test_what_is_right_is_taught_and_changes_no_result(viewer, dock, tool, two_movies, qtbot):
    own = np.asarray(two_movies.labels("young_1"))
    assert not tool.right_button.isEnabled()  # nothing was shown yet
    label, place = _cell(two_movies, 0)
    measured = dock.stages.row("measure").text(2)
    image = np.asarray(own[0], np.uint16)
    empty = np.unravel_index(int(np.argmax(distance_transform_edt(own[0] == 0))), own[0].shape)
    for at in (place, (float(empty[0]), float(empty[1]))):
        tool._show_spot(Spot(0, at, 0.5))
        qtbot.mouseClick(tool.right_button, Qt.MouseButton.LeftButton)
        assert not tool.right_button.isEnabled()
    assert [type(one) for one in two_movies.history.done] == [Confirm, Confirm]
    assert "confirm what is at" in tool.says.text()
    np.testing.assert_array_equal(np.asarray(two_movies.labels("young_1")), own)
    assert dock.stages.row("measure").text(2) == measured  # nothing is out of date
    known = lesson_of(two_movies, "young_1", 0, image, None, whole=False).labels
    assert (known == label)[own[0] == label].all()
    assert set(np.unique(known)) == {-1, 0, label}  # of the other cells nothing is known
    assert known[empty] == 0
    qtbot.mouseClick(dock.undo_buttons.undo_button, Qt.MouseButton.LeftButton)
    again = lesson_of(two_movies, "young_1", 0, image, None, whole=False).labels
    assert again[empty] == -1


def test_teach_runs_cancels_and_goes_on(viewer, dock, tool, two_movies, qtbot, needs_weights, monkeypatch, tmp_path):
    from napari_cellstate.learn import models

    monkeypatch.setattr(models, "user_folder", lambda: tmp_path / "models")
    if not models.model_digest("default"):
        pytest.skip("the shipped weights are not there")
    _, place = _cell(two_movies, 0)
    viewer.dims.set_current_step(0, 0)
    _press(viewer, tool, place, keys=("Shift",))
    teach = dock.tool_picker.take("teach")
    teach.seconds.setValue(20)
    teach.whole.setChecked(True)
    with qtbot.waitSignal(dock.task.progressed, timeout=120_000):
        qtbot.mouseClick(teach.teach_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dock.task.ended, timeout=60_000):
        dock.task.cancel()
    assert not teach.use_button.isEnabled()
    with qtbot.waitSignal(dock.task.ended, timeout=180_000):
        qtbot.mouseClick(teach.teach_button, Qt.MouseButton.LeftButton)
    assert dock.notice.text == ""
    assert "learnt: my cells" in teach.says.text()
    qtbot.mouseClick(teach.use_button, Qt.MouseButton.LeftButton)
    assert dock.session.recipe.segment.model == "my cells"


def test_teaching_without_corrections_says_what_to_do(dock, tool, qtbot, needs_weights):
    teach = dock.tool_picker.take("teach")
    with qtbot.waitSignal(dock.task.ended, timeout=60_000):
        qtbot.mouseClick(teach.teach_button, Qt.MouseButton.LeftButton)
    assert "nothing was corrected yet" in dock.notice.text


def test_scribbles_are_read_frame_by_frame(viewer, dock, tool, two_movies, qtbot):
    teach = dock.tool_picker.take("teach")
    qtbot.mouseClick(teach.scribble, Qt.MouseButton.LeftButton)
    layer = viewer.layers.selection.active
    assert (str(layer.mode), layer.selected_label) == ("paint", 1)
    layer.data[3, 5:8, 5:8] = 1
    assert list(teach._layers.scribbles("young_1")) == [3]
    assert teach._layers.scribbles("aged_1") == {}
