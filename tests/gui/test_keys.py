"""Keys as the user presses them: events of the keyboard, sent to the widget that has it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_cellstate.core.edits import Edit
from napari_cellstate.core.errors import Cancelled
from napari_cellstate.experiment import edits
from napari_cellstate.gui.dock import CellStateDock

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Note(Edit):
    kind: ClassVar[str] = "note"
    value: str


@pytest.fixture
def shown(make_napari_viewer_proxy, no_leaks, qtbot, finished):
    """The dock in a window that is in front and has the keyboard."""
    viewer = make_napari_viewer_proxy(show=True)
    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    dock.open(finished)
    dock.window().activateWindow()
    dock.movies.setFocus()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dock.window(), timeout=5_000)
    yield dock
    dock.close()


def test_undo_and_redo(shown, qtbot, monkeypatch, two_movies):
    monkeypatch.setitem(edits.KINDS, Note.kind, Note)
    shown.open(two_movies)
    shown.session.edit(Note(value="a"))
    shown.movies.setFocus()
    qtbot.keyClick(shown.movies, Qt.Key.Key_Z, CTRL)
    assert two_movies.history.done == ()
    qtbot.keyClick(shown.movies, Qt.Key.Key_Z, CTRL | SHIFT)
    assert two_movies.history.done == (Note(value="a"),)


def test_run_all(shown, qtbot):
    with qtbot.waitSignal(shown.task.ended, timeout=60_000):
        qtbot.keyClick(shown.movies, Qt.Key.Key_R, CTRL)
    assert "up to date" in shown.runbar.says.text()


def test_escape_cancels(shown, qtbot):
    import time

    stopped = []

    def work(progress):
        try:
            for nth in range(2_000):
                progress(nth, 2_000, "waiting")
                time.sleep(0.01)
        except Cancelled:
            stopped.append(True)
            raise

    with qtbot.waitSignal(shown.task.ended, timeout=20_000):
        shown.work(work, lambda _: None)
        qtbot.keyClick(shown.movies, Qt.Key.Key_Escape)
    assert stopped == [True]


def test_help(shown, qtbot):
    qtbot.keyClick(shown.movies, Qt.Key.Key_F1)
    (shown_help,) = [one for one in QApplication.topLevelWidgets() if type(one).__name__ == "KeyHelp"]
    assert shown_help.isVisible()
    shown_help.close()
    shown_help.deleteLater()
