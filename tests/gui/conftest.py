from __future__ import annotations

import pytest

import napari_cellstate as cs
from napari_cellstate.gui.dock import CellStateDock

MOST = 60_000
"""Milliseconds that a run of the small experiment may take on a loaded machine."""


@pytest.fixture
def viewer(make_napari_viewer_proxy):
    """A viewer that shows only what is public."""
    return make_napari_viewer_proxy(show=False)


@pytest.fixture
def dock(viewer, no_leaks):
    dock = CellStateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Cell State", area="right")
    return dock


@pytest.fixture
def no_leaks(qapp):
    """Fails the test that leaves a widget of ours without a parent."""
    before = {id(widget) for widget in qapp.topLevelWidgets()}
    yield
    left = [
        widget
        for widget in qapp.topLevelWidgets()
        if id(widget) not in before and type(widget).__module__.startswith("napari_cellstate")
    ]
    assert not left, f"left alive: {left}"


@pytest.fixture
def run_all(qtbot):
    """Presses Run all and waits for the end."""
    from qtpy.QtCore import Qt

    def press(dock):
        with qtbot.waitSignal(dock.task.ended, timeout=MOST):
            qtbot.mouseClick(dock.runbar.run_button, Qt.MouseButton.LeftButton)

    return press


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> cs.Experiment:
    """The small experiment, run once for all tests that only look."""
    from tests.experiment_kit import blobs, write_movie

    folder = tmp_path_factory.mktemp("finished")
    experiment = cs.new(folder / "two.cellstate")
    for nth, condition in enumerate(("young", "aged")):
        path = write_movie(folder / f"{condition}_1.ome.tif", blobs(seed=nth))
        cs.add(experiment, path, condition=condition, replicate=str(nth))
    cs.run(experiment)
    return experiment
