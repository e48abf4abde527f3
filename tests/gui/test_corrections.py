from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_cellstate as cs
from napari_cellstate.core.looks import Looks, wear
from napari_cellstate.gui.layers import CLUSTERS, COLOURED, STATES
from napari_cellstate.gui.session import Pick
from tests.gui.conftest import MOST


@pytest.fixture
def done(dock, two_movies):
    cs.run(two_movies)
    dock.open(two_movies)
    yield dock
    wear(Looks())


def _legend(viewer):
    return [one.text for key, one in viewer.canvas.overlays.items() if key.startswith("cellstate_legend")]


def test_a_name_shows_everywhere_is_undone_and_survives_a_restart(qtbot, viewer, done, two_movies):
    done.stages.setCurrentItem(done.stages.row("states"))
    table = done.page.state_names
    table.item(0, 1).setText("resting")
    assert _legend(viewer)[0] == "resting"
    row = int(np.flatnonzero(done._found.state == 1)[0])
    assert "resting" in done.canvas.describe(row)
    done.panel_picker.buttons["matrix"].click()
    done.panels.made["matrix"].choose_cell(0, 1)
    assert "resting" in done.panels.made["matrix"].says.text()
    assert "call state 1 'resting'" in done.undo_buttons.undo_button.toolTip()
    done.open(cs.Experiment(two_movies.root))
    assert _legend(viewer)[0] == "resting"
    qtbot.mouseClick(done.undo_buttons.undo_button, Qt.MouseButton.LeftButton)
    assert _legend(viewer)[0] == "state 1"
    assert table.item(0, 1).text() == "state 1"


def test_a_colour_shows_in_legend_overlay_and_tracks(viewer, done):
    done.stages.setCurrentItem(done.stages.row("states"))
    done.page.state_names.recolour(1, "#123456")
    layer = done.layers.find(STATES)
    assert np.allclose(layer.colormap.color_dict[1][:3], np.array([0x12, 0x34, 0x56]) / 255)
    tracks = done.layers.find("tracks")
    assert (np.isclose(tracks.track_colors[:, :3], np.array([0x12, 0x34, 0x56]) / 255).all(axis=1)).any()
    done.undo_buttons.undo_button.click()
    assert not np.allclose(layer.colormap.color_dict[1][:3], np.array([0x12, 0x34, 0x56]) / 255)


def test_a_name_that_is_too_long_is_refused(done):
    done.stages.setCurrentItem(done.stages.row("states"))
    done.page.state_names.item(0, 1).setText("a" * 61)
    assert "at most 60" in done.notice.text
    assert done.page.state_names.item(0, 1).text() == "state 1"


def test_a_condition_is_corrected_in_the_list(done, two_movies, run_all):
    item = done.movies.row("young_1")
    item.setText(1, "old")
    assert two_movies.entry("young_1").condition == "old"
    assert cs.status(two_movies)["stages"]["embed"] == "stale"
    run_all(done)
    assert set(two_movies.behavior.obs["condition"].astype(str)) == {"old", "aged"}
    done.undo_buttons.undo_button.click()
    assert done.movies.row("young_1").text(1) == "young"


def test_a_track_and_frames_are_left_out_and_taken_in_again(qtbot, done, two_movies, run_all):
    done.stages.setCurrentItem(done.stages.row("embed"))
    box = done.page.exclusions
    assert not box.track_button.isEnabled()
    done.session.choose(Pick("young_1", 2, 5))
    qtbot.mouseClick(box.track_button, Qt.MouseButton.LeftButton)
    assert "track 2" in box.says.text()
    assert box.track_button.text() == "Take track 2 in again"
    box.first.setValue(0)
    box.last.setValue(1)
    qtbot.mouseClick(box.out_button, Qt.MouseButton.LeftButton)
    assert "track 2, frames 0-1" in box.says.text()
    run_all(done)
    obs = two_movies.behavior.obs
    mine = obs[obs["movie"] == "young_1"]
    assert 2 not in set(mine["track"])
    assert mine["t0"].min() == 2
    for _ in range(2):
        done.undo_buttons.undo_button.click()
    assert box.says.text() == "young_1: nothing"
    run_all(done)
    assert 2 in set(two_movies.behavior.obs["track"])


def test_keys_undo_in_the_dock_and_in_the_movie(qtbot, viewer, done, two_movies):
    done.stages.setCurrentItem(done.stages.row("states"))
    done.page.state_names.rename(1, "a")
    done.page.state_names.rename(1, "b")
    bound = {str(key): call for key, call in viewer.keymap.items()}
    bound["Alt+Z"](viewer)
    assert two_movies.looks.names == {1: "a"}
    bound["Shift+Alt+Z"](viewer)
    assert two_movies.looks.names == {1: "b"}


def test_clusters_beside_states_and_colours_of_any_feature(done):
    found = done._found
    layer = done.layers.find(CLUSTERS)
    assert (layer is not None) == found.clustered
    done.panel_picker.buttons["scatter"].click()
    panel = done.panels.made["scatter"]
    assert [panel.colour.itemData(at) for at in range(4)] == ["state", "cluster", "condition", "time"]
    panel.colour.setCurrentIndex(4)
    assert "■" in panel.legend.text()
    panel.in_movie.setChecked(True)
    layer = done.layers.find(COLOURED)
    assert layer.visible
    assert layer.name == panel.colour.currentText().removeprefix("by ")
    row = int(np.flatnonzero(found.row >= 0)[7])
    labels = done.session.experiment.labels(found.movie)[int(found.frame[row])]
    painted = np.unique(layer.data[int(found.frame[row])][labels == found.label[row]])
    assert painted.tolist() == [panel._shades.codes[found.row[row]] + 1]
    panel.in_movie.setChecked(False)
    assert not layer.visible


def test_the_posterior_of_the_chosen_track(done):
    done.panel_picker.buttons["timeline"].click()
    panel = done.panels.made["timeline"]
    assert not panel.posterior.isVisibleTo(panel)
    done.session.choose(Pick("young_1", 2, 5))
    assert panel.posterior.isVisibleTo(panel)
    heights = np.sum([bars.opts["height"] for bars in panel.posterior.bars], axis=0)
    assert np.allclose(heights, 1.0)


def test_export_from_the_window(qtbot, done, tmp_path, two_movies):
    done.outlets.export_button.click()
    dialog = next(child for child in done.outlets.children() if type(child).__name__ == "ExportDialog")
    dialog.format.setCurrentIndex(dialog.format.findData("movie"))
    dialog.kind.setCurrentIndex(dialog.kind.findData("gif"))
    assert dialog.folder.text().endswith("two_movie")
    dialog.folder.setText(str(tmp_path / "out"))
    with qtbot.waitSignal(done.task.ended, timeout=MOST):
        qtbot.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["young_1_states.gif"]
    assert "1 files written" in done.runbar.says.text()


def test_copy_and_help(qtbot, done, two_movies):
    done.stages.setCurrentItem(done.stages.row("link"))
    done.outlets.copy_actions["command"].trigger()
    text = QApplication.clipboard().text()
    assert text == f"napari-cellstate run {two_movies.root} --recipe default --until link"
    done.outlets.copy_actions["python"].trigger()
    assert QApplication.clipboard().text().endswith("until='link')\n")
    done.show_keys()
    help_page = next(child for child in done.outlets.children() if type(child).__name__ == "KeyHelp")
    assert help_page.isVisible()
    help_page.done(0)
    qtbot.wait(10)
