from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cellstate.experiment.export import export
from napari_cellstate.gui.events import find_events
from napari_cellstate.gui.layers import EVENTS


@pytest.fixture
def shown(qtbot, dock, finished):
    dock.open(finished)
    qtbot.mouseClick(dock.panel_picker.buttons["matrix"], Qt.MouseButton.LeftButton)
    return dock


def test_cell_list_marks_and_table_count_the_same(shown, finished, tmp_path):
    import pandas as pd

    export(finished, tmp_path / "out", "csv")
    table = pd.read_csv(tmp_path / "out" / "transitions.csv")
    panel = shown.panels.made["matrix"]
    panel.what.setCurrentIndex(panel.what.findData("count"))
    seen = 0
    for condition, movie in (("young", "young_1"), ("aged", "aged_1")):
        panel.condition.setCurrentText(condition)
        shown.session.show_movie(movie)
        for row in table[(table["condition"] == condition) & (table["from"] != table["to"])].itertuples(index=False):
            _, start, end, count = row[:4]
            panel.matrix.cellClicked.emit(start - 1, end - 1)
            layer = shown.layers.find(EVENTS)
            assert panel.matrix.item(start - 1, end - 1).text() == str(count)
            assert panel.box.list.count() == count
            assert (0 if layer is None else len(layer.data)) == count
            seen += count
    assert seen == len(find_events(finished, shown.session.recipe)) > 0


def test_stepping_goes_to_movie_and_frame(qtbot, viewer, shown, finished):
    panel = shown.panels.made["matrix"]
    event = find_events(finished, shown.session.recipe)[-1]
    panel.condition.setCurrentText(event.condition)
    panel.matrix.cellClicked.emit(event.before - 1, event.after - 1)
    while panel.box.next_button.isEnabled():
        qtbot.mouseClick(panel.box.next_button, Qt.MouseButton.LeftButton)
    last = panel.box.shown[-1]
    assert panel.box.list.current() == len(panel.box.shown) - 1
    assert shown.session.movie == last.movie
    assert viewer.dims.current_step[0] == last.frame
    assert shown.session.pick.track == last.track
    assert shown._found.state[shown._found.row_of(last.track, last.frame)] == last.after


def test_staying_is_no_event(shown):
    shown.panels.made["matrix"].matrix.cellClicked.emit(0, 0)
    assert shown.panels.made["matrix"].box.list.count() == 0
    assert "Staying" in shown.panels.made["matrix"].says.text()


def test_before_anything_is_run(qtbot, dock, two_movies):
    dock.open(two_movies)
    qtbot.mouseClick(dock.panel_picker.buttons["matrix"], Qt.MouseButton.LeftButton)
    assert "press Run all" in dock.panels.made["matrix"].says.text()
    assert not dock.panels.made["matrix"].box.next_button.isEnabled()


def test_opened_twice_is_one_panel(qtbot, shown):
    panel = shown.panels.made["matrix"]
    qtbot.mouseClick(shown.panel_picker.buttons["matrix"], Qt.MouseButton.LeftButton)
    assert shown.panels.made["matrix"] is panel
    assert np.isfinite(panel.height())
