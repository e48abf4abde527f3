from __future__ import annotations

import time

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog

import napari_cellstate as cs
from napari_cellstate.gui.layers import CELLS, MOVIE, STATES
from napari_cellstate.gui.track_layer import TRACKS
from tests.experiment_kit import blobs, results, write_movie
from tests.gui.conftest import MOST

LEFT = Qt.MouseButton.LeftButton


def _choose(box, kind):
    """As the user does: the row becomes current and `activated` is sent."""
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())


def test_three_ways_to_begin(dock):
    assert [button.text() for button in dock.start.buttons.values()] == [
        "Use the open movie",
        "Open an experiment",
        "Try the sample",
    ]
    assert not dock.runbar.run_button.isVisibleTo(dock)


def test_run_all_gives_the_same_bytes_as_the_terminal(dock, two_movies, tmp_path, run_all):
    dock.open(two_movies)
    run_all(dock)
    other = cs.new(tmp_path / "terminal.cellstate")
    for entry in two_movies.movies:
        path = entry.images.resolve(two_movies.root)
        cs.add(other, path, condition=entry.condition, replicate=entry.replicate)
    cs.run(other)
    assert results(two_movies.root) == results(other.root)
    assert "done" in dock.runbar.says.text()
    roles = [dock.layers.find(role) for role in (MOVIE, CELLS, STATES, TRACKS)]
    assert all(layer is not None for layer in roles)
    assert dock.stages.row("dynamics").text(2).endswith("switches")


def test_settings_go_into_the_recipe(qtbot, dock, two_movies):
    dock.open(two_movies)
    dock.stages.setCurrentItem(dock.stages.row("states"))
    assert dock.page.stage == "states"
    dock.page.forms[0].field("k").inner.stepUp()
    _choose(dock.page.chooser, "kmeans")
    assert cs.read_recipe(two_movies.paths.recipe).states.kind == "kmeans"
    assert cs.read_recipe(two_movies.paths.recipe).states.k == 3
    dock.page.forms[0].field("k").inner.setValue(2)
    assert cs.read_recipe(two_movies.paths.recipe).states.k == 2
    qtbot.mouseClick(dock.page.reset_button, LEFT)
    assert cs.read_recipe(two_movies.paths.recipe) == cs.Recipe()


def test_automatic_becomes_explicit_by_a_setting(dock, two_movies):
    dock.open(two_movies)
    assert dock.session.recipe.segment is None
    field = dock.page.forms[0].field(next(iter(type(dock.page.forms[0].value()).model_fields)))
    field.changed.emit()
    assert dock.session.recipe.segment is not None
    _choose(dock.page.chooser, "")
    assert dock.session.recipe.segment is None


def test_one_stage_and_its_status(qtbot, dock, two_movies):
    dock.open(two_movies)
    dock.stages.setCurrentItem(dock.stages.row("measure"))
    with qtbot.waitSignal(dock.task.ended, timeout=MOST):
        qtbot.mouseClick(dock.page.run_button, LEFT)
    found = cs.status(two_movies)["movies"][0]["stages"]
    assert (found["measure"], found["link"]) == ("fresh", "missing")
    assert dock.stages.row("measure").text(2).endswith("cells")
    assert dock.stages.row("link").text(2) == ""


def test_cancel_in_the_middle_and_go_on(qtbot, dock, two_movies, run_all):
    dock.open(two_movies)
    with qtbot.waitSignal(dock.task.progressed, timeout=MOST):
        qtbot.mouseClick(dock.runbar.run_button, LEFT)
    assert not dock.runbar.run_button.isEnabled()
    assert not dock.page.run_button.isEnabled()
    with qtbot.waitSignal(dock.task.ended, timeout=5000):
        qtbot.mouseClick(dock.runbar.cancel_button, LEFT)
    assert "stopped" in dock.runbar.says.text()
    assert dock.runbar.run_button.isEnabled()
    assert dock.page.run_button.isEnabled()
    assert not dock.notice.text
    run_all(dock)
    assert cs.status(two_movies)["stages"]["dynamics"] == "fresh"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "Out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 3 GB"), "graphics card ran out of memory"),
        (ZeroDivisionError("oops"), "ZeroDivisionError: oops. This is a fault of the program"),
        (OSError(28, "No space left on device"), "The disk is full"),
    ],
)
def test_errors_are_said(dock, two_movies, run_all, monkeypatch, error, said):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("napari_cellstate.gui.dock.run", broken)
    dock.open(two_movies)
    run_all(dock)
    assert said in dock.notice.text
    assert dock.notice.isVisibleTo(dock)
    assert dock.runbar.run_button.isEnabled()


def test_a_moved_movie_is_said(dock, two_movies, run_all):
    two_movies.movies[0].images.resolve(two_movies.root).unlink()
    dock.open(two_movies)
    assert "is not there any more" in dock.notice.text
    run_all(dock)
    assert "is not there any more" in dock.notice.text


def test_what_is_no_experiment(dock, tmp_path):
    dock.open(tmp_path)
    assert "is not an experiment" in dock.notice.text
    assert dock.session.experiment is None


def test_reopened_all_is_there_and_nothing_is_computed(dock, finished, run_all):
    before = results(finished.root)
    dock.open(finished.root)
    assert dock.layers.find(STATES) is not None
    assert dock.stages.row("states").text(2) == "3 states"
    run_all(dock)
    assert "everything was up to date" in dock.runbar.says.text()
    assert results(finished.root) == before


def test_use_the_open_movie(qtbot, dock, viewer, tmp_path):
    path = write_movie(tmp_path / "mine.ome.tif", blobs())
    viewer.open(path, plugin="napari")
    qtbot.mouseClick(dock.start.buttons["movie"], LEFT)
    dialog = next(child for child in dock.children() if isinstance(child, QDialog))
    assert (dialog.dt.value(), dialog.pixel_size.value()) == (390.0, 0.65)
    dialog.condition.setText("young")
    with qtbot.waitSignal(dock.task.ended, timeout=MOST):
        qtbot.mouseClick(dialog.ok, LEFT)
    entry = dock.session.experiment.movies[0]
    assert (entry.name, entry.condition, entry.dt_s) == ("mine", "young", 390.0)
    assert dock.session.experiment.root == tmp_path / "mine.cellstate"
    assert len(viewer.layers) == 1, "the user's own layer is shown, not a second one"


def test_no_open_movie(qtbot, dock):
    qtbot.mouseClick(dock.start.buttons["movie"], LEFT)
    assert "No movie is open" in dock.notice.text


def test_sample(qtbot, dock, tmp_path, monkeypatch):
    from napari_cellstate.gui import sample

    monkeypatch.setattr("napari_cellstate.gui.begin.sample_folder", lambda: tmp_path / "s")
    monkeypatch.setattr(
        "napari_cellstate.gui.begin.make_sample",
        lambda folder, progress: sample.make_sample(folder, progress, frames=6, size=96, cells=3),
    )
    with qtbot.waitSignal(dock.task.ended, timeout=MOST):
        qtbot.mouseClick(dock.start.buttons["sample"], LEFT)
    assert [entry.condition for entry in dock.session.experiment.movies] == ["young", "young", "aged", "aged"]


def test_closing_while_it_runs(qtbot, dock, two_movies):
    def endless(progress):
        while True:
            progress(0, 1, "for ever")
            time.sleep(0.001)

    dock.open(two_movies)
    dock.task.start(endless)
    qtbot.waitSignal(dock.task.progressed).wait()
    with qtbot.waitSignal(dock.task.ended, timeout=5000):
        dock.close()


def test_layers_are_found_though_renamed(dock, finished):
    dock.open(finished)
    layer = dock.layers.find(STATES)
    layer.name = "mine"
    layer.opacity = 0.2
    dock.session.results_changed.emit()
    assert dock.layers.find(STATES).opacity == pytest.approx(0.2)
    dock.session.show_movie("aged_1")
    assert dock.layers.find(STATES).metadata["cellstate"]["movie"] == "aged_1"
