from __future__ import annotations

from typing import ClassVar

import pytest
from qtpy.QtCore import Qt

from napari_cellstate.core.edits import Edit
from napari_cellstate.experiment import edits
from napari_cellstate.gui import picker
from napari_cellstate.gui.dock import CellStateDock
from napari_cellstate.gui.tool import Tool, ToolKind


class Paint(Edit):
    kind: ClassVar[str] = "paint"
    value: str

    def words(self) -> str:
        return f"paint it {self.value}"


class Loud(Tool):
    """Remembers what it was told."""

    def activate(self) -> None:
        self.heard = [*getattr(self, "heard", []), "on"]

    def deactivate(self) -> None:
        self.heard = [*self.heard, "off"]


class _Kind(ToolKind):
    def make(self, desk):
        return Loud(desk)


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setattr(picker, "TOOLS", {key: _Kind(key.title(), "a tip", "") for key in ("one", "two")})


def test_one_tool_at_a_time(tools, viewer, no_leaks, qtbot, finished):
    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    dock.open(finished)
    buttons = dock.tool_picker.buttons
    qtbot.mouseClick(buttons["one"], Qt.MouseButton.LeftButton)
    one = dock.tool_picker.made["one"]
    assert (one.heard, dock._middle.currentWidget()) == (["on"], one)
    qtbot.mouseClick(buttons["two"], Qt.MouseButton.LeftButton)
    assert one.heard == ["on", "off"]
    assert not buttons["one"].isChecked()
    assert dock._middle.currentWidget() is dock.tool_picker.made["two"]
    dock.stages.chosen.emit("link")  # a stage's page puts the tool away
    assert not buttons["two"].isChecked()
    assert dock._middle.currentIndex() == 0
    dock.tool_picker.take("one")
    dock.close()
    assert one.heard == ["on", "off", "on", "off"]


def test_undo_and_redo_buttons_say_what_they_would_do(monkeypatch, dock, two_movies, qtbot):
    monkeypatch.setitem(edits.KINDS, Paint.kind, Paint)
    dock.open(two_movies)
    buttons = dock.undo_buttons
    assert not buttons.undo_button.isEnabled()
    assert buttons.undo_button.toolTip() == "No correction by hand to undo"
    dock.session.edit(Paint(value="red"))
    assert buttons.undo_button.toolTip() == "Undo: paint it red"
    qtbot.mouseClick(buttons.undo_button, Qt.MouseButton.LeftButton)
    assert not buttons.undo_button.isEnabled()
    assert buttons.redo_button.toolTip() == "Redo: paint it red"
    qtbot.mouseClick(buttons.redo_button, Qt.MouseButton.LeftButton)
    assert two_movies.history.done == (Paint(value="red"),)


def test_a_run_that_would_lose_corrections_asks(dock, finished, monkeypatch):
    from napari_cellstate.core.errors import EditsAtRiskError

    dock.open(finished)
    asked = []
    monkeypatch.setattr(dock, "run", lambda **given: asked.append(given))
    dock.fail(EditsAtRiskError("movie a: 1 of 3 corrections may be lost"))
    assert "1 of 3 corrections" in dock.notice.text
    assert dock.notice.action.text() == "Run, and list what is lost"
    dock.notice.action.click()
    assert asked == [{"reapply_edits": True}]
    assert dock.notice.text == ""


def test_work_of_a_panel_leaves_what_the_others_show(dock, finished, qtbot):
    dock.open(finished)
    told, got = [], []
    dock.session.results_changed.connect(lambda: told.append(1))
    with qtbot.waitSignal(dock.task.ended, timeout=20_000):
        dock.work(lambda progress: 7, got.append)
    assert (told, got) == ([], [7])
    with qtbot.waitSignal(dock.task.ended, timeout=60_000):
        dock.run()
    assert told == [1]
