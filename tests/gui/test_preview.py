from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

import napari_cellstate as cs
from napari_cellstate.gui.layers import PREVIEW, PREVIEW_LINKS
from tests.gui.conftest import MOST


@pytest.fixture
def previewer(dock, two_movies):
    dock.open(two_movies)
    return dock.preview


def _wait(qtbot, previewer, do):
    with qtbot.waitSignal(previewer.said, timeout=MOST, check_params_cb=lambda text: "frame" in text):
        do()


def test_the_frame_under_the_settings_as_they_change(qtbot, dock, viewer, two_movies, previewer):
    _wait(qtbot, previewer, lambda: qtbot.mouseClick(dock.page.preview_button, Qt.MouseButton.LeftButton))
    layer = dock.layers.find(PREVIEW)
    assert layer.data.shape == (1, 96, 96)
    assert len(np.unique(layer.data)) == 7
    _wait(qtbot, previewer, lambda: viewer.dims.set_current_step(0, 2))
    assert layer.translate[0] == 2
    _wait(qtbot, previewer, lambda: dock.page.forms[0].field("min_area").inner.setValue(10_000))
    assert not np.asarray(layer.data).any()
    assert not two_movies.movie_paths("young_1").labels.exists()


def test_links_of_the_next_frames(qtbot, dock, viewer, previewer):
    viewer.dims.set_current_step(0, 0)
    dock.stages.setCurrentItem(dock.stages.row("link"))
    _wait(qtbot, previewer, dock.page.preview_button.click)
    data = dock.layers.find(PREVIEW_LINKS).data
    assert (data[:, 1].min(), data[:, 1].max()) == (0, 10)
    assert len(np.unique(data[:, 0])) == 6


def test_another_page_ends_it(qtbot, dock, previewer):
    _wait(qtbot, previewer, dock.page.preview_button.click)
    dock.stages.setCurrentItem(dock.stages.row("states"))
    assert not dock.page.preview_button.isVisibleTo(dock.page)
    assert not dock.layers.find(PREVIEW).visible
    assert previewer.stage == ""


def test_what_goes_wrong_is_said(qtbot, dock, previewer, monkeypatch):
    def broken(*_, **__):
        raise MemoryError

    monkeypatch.setattr("napari_cellstate.experiment.preview.Preview.segment", broken)
    with qtbot.waitSignal(previewer.said, timeout=MOST, check_params_cb=lambda text: "Out of memory" in text):
        dock.page.preview_button.click()
    qtbot.waitUntil(lambda: not previewer.task.running)


def test_nothing_is_recomputed_by_a_preview(qtbot, dock, two_movies, previewer):
    _wait(qtbot, previewer, dock.page.preview_button.click)
    assert cs.status(two_movies)["movies"][0]["stages"]["segment"] == "missing"
