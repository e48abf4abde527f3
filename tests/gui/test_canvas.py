from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cellstate.core.behavior import DOUBTFUL
from napari_cellstate.experiment.tables import states_table
from napari_cellstate.gui.layers import CELLS, CHOSEN, MOVIE, STATES
from napari_cellstate.gui.track_layer import TRACKS
from napari_cellstate.plots.colours import state_rgb


@pytest.fixture
def shown(dock, finished):
    dock.open(finished)
    return dock


def _hover(viewer, dock, row):
    """Move the mouse over a cell, as napari tells its callbacks."""
    position = dock.layers.find(CELLS).data_to_world((row.frame, row.y, row.x))
    viewer.dims.set_point(0, position[0])
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, SimpleNamespace(position=position, type="mouse_move"))
    return viewer.canvas.overlays["cellstate_readout"].text


@pytest.mark.parametrize("movie", ["young_1", "aged_1"])
def test_the_readout_is_right_for_twenty_cells(viewer, shown, finished, movie):
    shown.session.show_movie(movie)
    table = states_table(finished)
    table = table[table["movie"] == movie]
    for row in table.sample(10, random_state=1).itertuples():
        text = _hover(viewer, shown, row)
        assert f"cell {row.track}, frame {row.frame}:" in text
        if row.state is None or np.isnan(float(row.state_prob)):
            assert "no state" in text
        else:
            assert f"state {row.state} ({row.state_prob:.0%})" in text


def test_the_readout_has_the_features_of_that_window(viewer, shown, finished):
    behavior = finished.behavior
    rows = behavior.obs[behavior.obs["movie"] == shown.session.movie].sample(20, random_state=3)
    table = states_table(finished)
    for name, row in rows.iterrows():
        same = [table[key] == row[key] for key in ("movie", "track", "frame")]
        here = table[same[0] & same[1] & same[2]]
        text = _hover(viewer, shown, next(here.itertuples()))
        for feature, unit in shown._found.features:
            value = float(behavior[name, feature].X[0, 0])
            assert f"{feature} {value:.3g} {unit}".strip() in text


def test_beside_all_cells_there_is_nothing_to_read(viewer, shown):
    event = SimpleNamespace(position=(0.0, 0.0, 0.0), type="mouse_move")
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, event)
    assert shown.canvas.describe(shown.canvas.row_at((0.0, 0.0, 0.0))) == ""
    for outside in ((-5.0, 3.0, 3.0), (0.0, 1e6, 0.0), (99.0, 1.0, 1.0)):
        assert shown.canvas.row_at(outside) == -1


def test_the_overlay_is_the_state_of_each_cell_in_its_frame(shown, finished):
    table = states_table(finished)
    movie = shown.session.movie
    labels, states = finished.labels(movie), shown.layers.find(STATES)
    for row in table[table["movie"] == movie].sample(20, random_state=2).itertuples():
        plane = np.asarray(states.data[row.frame])
        painted = np.unique(plane[np.asarray(labels[row.frame]) == row.label])
        expected = 255 if row.state is None or np.isnan(float(row.state_prob)) else row.state
        doubtful = expected != 255 and row.state_prob < DOUBTFUL
        assert painted.tolist() == [expected + 100 * doubtful]  # faint
        assert (plane[np.asarray(labels[row.frame]) == 0] == 0).all()


def test_tracks_have_the_colours_of_states(shown):
    found, layer = shown._found, shown.layers.find(TRACKS)
    order = np.lexsort((found.frame, found.track))
    colours = np.round(layer.track_colors[:, :3] * 255).astype(int)
    assert (colours == state_rgb(found.k)[found.state[order]]).all()
    np.testing.assert_array_equal(layer.data[:, 0], found.track[order])


def test_all_layers_lie_on_each_other(shown):
    layers = [shown.layers.find(role) for role in (MOVIE, CELLS, STATES, TRACKS)]
    for layer in layers:
        np.testing.assert_allclose(layer.scale, (1, 0.65, 0.65))
        assert [str(unit) for unit in layer.units][1:] == ["micrometer", "micrometer"]


def test_legend(viewer, shown):
    texts = [overlay.text for key, overlay in viewer.canvas.overlays.items() if key.startswith("cellstate_legend")]
    assert texts == ["state 1", "state 2", "state 3", "no state"]
    shown.close()
    assert not [key for key in viewer.canvas.overlays if key.startswith("cellstate")]


def test_a_click_chooses_and_a_drag_does_not(viewer, shown):
    found = shown._found
    position = shown.layers.find(CELLS).data_to_world((0, found.y[0], found.x[0]))
    viewer.dims.set_point(0, 0)

    def press(*moves):
        event = SimpleNamespace(position=position, type="mouse_press", button=1, modifiers=())
        (callback,) = [one for one in viewer.mouse_drag_callbacks if getattr(one, "__self__", None) is shown.canvas]
        steps = callback(viewer, event)
        next(steps)
        for kind in (*moves, "mouse_release"):
            event.type = kind
            next(steps, None)

    press("mouse_move")
    assert shown.session.pick is None
    press()
    assert (shown.session.pick.track, shown.session.pick.frame) == (found.track[0], 0)
    assert len(shown.layers.find(CHOSEN).data) == np.count_nonzero(found.track == found.track[0])
    position = (0.0, 0.0, 0.0)
    press()
    assert shown.session.pick is None
    assert len(shown.layers.find(CHOSEN).data) == 0
