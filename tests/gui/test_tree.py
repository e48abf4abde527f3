from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.gui.results import MovieResults
from napari_cellstate.gui.session import Pick, Session
from napari_cellstate.gui.tree import TreePanel


def results(lineages: int = 3, frames: int = 20) -> MovieResults:
    """Lineages that divide once: track 3 n + 1 into 3 n + 2 and 3 n + 3."""
    half = frames // 2
    rows = [(t, 3 * n + 1 + (0 if t < half else side)) for n in range(lineages) for t in range(frames)
            for side in ((0,) if t < half else (1, 2))]  # fmt: skip
    frame, track = np.array(sorted(rows)).T
    parents = np.zeros(3 * lineages + 1, np.int64)
    parents[2::3] = parents[3::3] = np.arange(1, 3 * lineages, 3)
    n = len(frame)
    state = 1 + (frame // 4) % 3
    plain = np.zeros(n)
    return MovieResults("m", frame, track, track, state, plain, plain, plain, np.arange(n), parents, 3)


@pytest.fixture
def panel(qtbot):
    panel = TreePanel(Session())
    qtbot.addWidget(panel)
    return panel


def test_a_click_goes_to_cell_and_frame(panel, qtbot):
    panel.show_results(results())
    x = panel._layout.x
    assert panel.place(x[2], 14.2) == Pick("m", 2, 14)
    assert panel.place(x[1], 3.0) == Pick("m", 1, 3)
    assert panel.place(x[1], 15.0) == Pick("m", 2, 15)  # nothing there: the nearest branch
    assert panel.place(50.0, 15.0) is None
    with qtbot.waitSignal(panel.frame_asked) as asked:
        panel.cursor.setValue(7)
        panel.cursor.sigDragged.emit(panel.cursor)
    assert asked.args == [7]


def test_colours_are_states_or_generations(panel):
    panel.show_results(results())
    assert [panel.colour.itemData(n) for n in range(panel.colour.count())] == ["state", "generation"]
    assert len(panel._lines) == 3
    panel.colour.setCurrentIndex(1)
    assert len(panel._lines) == 2
    assert "generations" in panel.says.text()


def test_the_chosen_cell_is_marked_and_its_lineage_can_be_drawn_alone(panel):
    found = results()
    panel.show_results(found)
    panel._session.choose(Pick("m", 5, 14))
    np.testing.assert_allclose(panel.mark.getData()[0], panel._layout.x[5])
    panel.shown.setCurrentIndex(panel.shown.findData("chosen"))
    assert set(panel._layout.tracks.tolist()) == {4, 5, 6}
    panel._session.choose(Pick("m", 8, 14))
    assert set(panel._layout.tracks.tolist()) == {7, 8, 9}
    panel._session.choose(None)


def test_nothing_to_draw(panel):
    panel.show_results(None)
    assert "Run all" in panel.says.text()
    assert panel.place(0, 0) is None
