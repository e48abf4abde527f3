from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cellstate.gui.ethogram import ORDERS, SHARE
from napari_cellstate.gui.layers import CHOSEN, WINDOWS
from napari_cellstate.gui.panel import PANELS
from napari_cellstate.gui.polygon import inside
from napari_cellstate.gui.session import Pick


def test_inside_a_polygon():
    points = np.array([[0.5, 0.5], [1.5, 0.5], [0.1, 0.9], [-0.1, 0.5], [0.5, 2.0]])
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert inside(points, square).tolist() == [True, False, True, False, False]
    hollow = np.array([[0, 0], [4, 0], [4, 4], [3, 4], [3, 1], [1, 1], [1, 4], [0, 4]], float)
    assert inside(np.array([[2.0, 3.0], [0.5, 3.0], [3.5, 3.0], [2.0, 0.5]]), hollow).tolist() == [0, 1, 1, 1]
    assert not inside(points, square[:2]).any()
    assert inside(np.empty((0, 2)), square).shape == (0,)


@pytest.fixture
def shown(dock, finished):
    dock.open(finished)
    for key in ("scatter", "timeline"):
        dock.panel_picker.buttons[key].click()
    return dock


@pytest.mark.parametrize("key", list(PANELS))
def test_before_anything_is_run(dock, two_movies, key):
    dock.panels.show(key)
    dock.open(two_movies)
    assert "ress Run all" in dock.panels.made[key].says.text()


def test_lasso_marks_the_windows_in_the_movie(shown, finished):
    panel, obs = shown.panels.made["scatter"], finished.behavior.obs
    low, high = panel._points.min(axis=0) - 1, panel._points.max(axis=0) + 1
    around = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    panel.box.drawn.emit(around)
    assert f"{len(obs):,} windows" in panel.says.text()
    movie = shown.session.movie
    assert len(shown.layers.find(WINDOWS).data) == (obs["movie"] == movie).sum()
    other = next(name for name in ("young_1", "aged_1") if name != movie)
    shown.session.show_movie(other)
    assert len(shown.layers.find(WINDOWS).data) == (obs["movie"] == other).sum()
    panel.box.drawn.emit(around + 1e6)
    assert len(shown.layers.find(WINDOWS).data) == 0


def test_only_one_condition(shown, finished):
    panel, obs = shown.panels.made["scatter"], finished.behavior.obs
    panel.which.setCurrentText("aged")
    assert len(panel._rows) == (obs["condition"] == "aged").sum()


def test_a_dot_leads_to_its_cell(viewer, shown, finished):
    panel, obs = shown.panels.made["scatter"], finished.behavior.obs
    panel.click_near(*panel._points[-1])
    row = obs.iloc[-1]
    assert shown.session.pick == Pick(row["movie"], row["track"], row["frame"])
    assert viewer.dims.current_step[0] == row["frame"]
    assert shown.layers.find(CHOSEN) is not None


def test_a_chosen_cell_is_marked_in_the_panels(shown, finished):
    obs = finished.behavior.obs
    track = int(obs[obs["movie"] == shown.session.movie]["track"].iloc[0])
    shown.session.choose(Pick(shown.session.movie, track, 0))
    marked = len(shown.panels.made["scatter"].over.points)
    assert marked == ((obs["movie"] == shown.session.movie) & (obs["track"] == track)).sum()
    low, high = shown.panels.made["timeline"].mark.getRegion()
    assert shown.panels.made["timeline"].rows.track[int(low)] == track
    assert high == low + 1
    shown.session.choose(None)
    assert not shown.panels.made["timeline"].mark.isVisible()


def test_the_timeline_shows_every_state(shown):
    found, panel = shown._found, shown.panels.made["timeline"]
    assert [panel.order.itemText(at) for at in range(4, 4 + found.k)] == [
        f"by {SHARE} of state {state}" for state in range(1, found.k + 1)
    ]
    for order in range(len(ORDERS) + found.k):
        panel.order.setCurrentIndex(order)
        rows = panel.rows
        for row in np.random.default_rng(0).integers(0, len(found.frame), 20):
            assert rows.states[rows.track == found.track[row], found.frame[row]] == found.state[row]
        assert (rows.states >= 0).sum() == len(found.frame)
        assert panel.image.image.shape == (*rows.states.T.shape, 4)
        faint = panel.image.image[..., 3].T[rows.doubtful]
        assert (faint < 255).all() and (panel.image.image[..., 3].T[(rows.states >= 0) & ~rows.doubtful] == 255).all()


def test_the_timeline_shows_all_movies_by_condition(shown, finished):
    panel, obs = shown.panels.made["timeline"], finished.behavior.obs
    panel.which.setCurrentIndex(1)
    panel.order.setCurrentIndex(ORDERS.index("condition"))
    assert (panel.rows.states >= 0).sum() == len(obs)
    names = panel.rows.condition.tolist()
    assert names == sorted(names) and set(names) == {"young", "aged"}
    last = panel.place(float(np.flatnonzero(panel.rows.states[-1] >= 0)[0]) + 0.5, len(names) - 0.5)
    panel.pick_asked.emit(last)
    assert shown.session.pick == last and shown.session.movie == last.movie == "young_1"


def test_the_cursor_follows_and_leads(viewer, shown):
    panel = shown.panels.made["timeline"]
    viewer.dims.set_current_step(0, 7)
    assert panel.cursor.value() == 7.5
    panel.cursor.setValue(3.5)
    panel.cursor.sigDragged.emit(panel.cursor)
    assert viewer.dims.current_step[0] == 3
    pick = panel.place(5.2, 0.5)
    panel.pick_asked.emit(pick)
    assert (viewer.dims.current_step[0], shown.session.pick) == (5, pick)
    assert panel.place(5.2, -1) is None
    assert panel.place(500, 0.5) is None


def test_left_button_draws_only_with_the_lasso(qtbot, shown):
    panel = shown.panels.made["scatter"]
    assert not panel.box.lasso
    qtbot.mouseClick(panel.lasso, Qt.MouseButton.LeftButton)
    assert panel.box.lasso


def test_rings_are_as_large_as_cells_from_the_first_on(viewer, shown, finished):
    area = np.median(finished.cells("young_1")["area"])
    shown.session.choose(Pick("young_1", 1, 3))
    ring = next(layer for layer in viewer.layers if layer.name == CHOSEN)
    assert np.allclose(ring.size, 1.7 * np.sqrt(area))
    drawn = []
    ring.events.set_data.connect(drawn.append)
    shown.panels.ring()
    assert not drawn  # they are as they should be
    shown.session.choose(Pick("young_1", 2, 3))
    assert drawn
