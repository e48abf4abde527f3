from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest

from napari_cellstate.gui.layers import EVENTS, WINDOWS


@pytest.fixture
def shown(dock, finished):
    dock.open(finished)
    return dock


def opened(dock, key):
    dock.panels.show(key)
    return dock.panels.made[key]


def wait(qtbot, dock):
    qtbot.waitUntil(lambda: not dock.task.running, timeout=120_000)


def test_graph_marks_as_many_events_as_the_table_counts(shown, finished):
    panel = opened(shown, "graph")
    table = finished.dynamics("transitions")
    moves = table[(table["from"] != table["to"]) & (table["count"] > 0)]
    row = moves.iloc[0]
    panel.condition.setCurrentText(str(row["condition"]))
    assert len(panel._middles) == (moves["condition"] == row["condition"]).sum()
    panel.choose(int(row["from"]), int(row["to"]))
    assert f"{int(row['count'])} events" in panel.says.text()
    movie = f"{row['condition']}_1"
    shown.session.show_movie(movie)
    assert len(shown.layers.find(EVENTS).data) == row["count"]


def test_dwell_draws_all_three_and_says_the_verdict(shown, finished):
    panel = opened(shown, "dwell")
    for at in range(panel.what.count()):
        panel.what.setCurrentIndex(at)
        assert panel.plot.listDataItems()
    assert panel.verdict.text().startswith("Driven?")
    panel.condition.setCurrentIndex(1)
    assert panel.says.text()


def test_treatments_are_marked(shown, finished, monkeypatch):
    monkeypatch.setattr("napari_cellstate.gui.dwell.treatments", lambda _: {"young": (0.5,), "aged": (0.2, 0.6)})
    panel = opened(shown, "dwell")
    panel.refresh()
    for name, lines in (("", 3), ("young", 1), ("aged", 2)):
        panel.condition.setCurrentIndex(panel.condition.findData(name))
        for key in ("occupancy_over_time", "rates_over_time"):
            panel.what.setCurrentIndex(panel.what.findData(key))
            marks = [item for item in panel.plot.getPlotItem().items if isinstance(item, pg.InfiniteLine)]
            assert len(marks) == lines
            assert "treatment" in panel.says.text()


def test_numbers_are_those_of_the_tables(shown, finished):
    panel = opened(shown, "chain")
    for at in range(panel.what.count()):
        panel.what.setCurrentIndex(at)
        assert panel.table.columnCount() or "Here: none" in panel.says.text()
    panel.condition.setCurrentText("young")
    for key, value in (("generator", "rate_per_hour"), ("passage", "hours")):
        panel.what.setCurrentIndex(panel.what.findData(key))
        table = finished.dynamics(key)
        for row in table[table["condition"] == "young"].to_dict("records"):
            item = panel.table.item(row["from"] - 1, row["to"] - 1)
            expected = "-" if np.isnan(row[value]) else "∞" if np.isinf(row[value]) else f"{row[value]:.3g}"
            assert item.text() == expected


def test_find_lists_and_rings(shown, finished):
    panel = opened(shown, "find")
    panel.query.setText("any")
    panel.ask()
    assert "%" in panel.says.text() or "tracks" in panel.says.text()
    assert panel.list.count() == len(panel.found.table) > 0
    assert len(shown.layers.find(WINDOWS).data) > 0
    panel.list.setCurrentRow(0)
    first = panel.found.table.iloc[0]
    assert (shown.session.pick.track, shown.session.pick.movie) == (first["track"], first["movie"])
    panel.query.setText("dance")
    panel.ask()
    assert "no state 'dance'" in panel.says.text()
    assert panel.list.count() == 0


def test_states_show_their_cells_and_take_corrections(qtbot, shown, finished):
    panel = opened(shown, "states")
    panel._ask()
    wait(qtbot, shown)
    assert "Suggested name" in panel.telling.text()
    assert panel.found.movies.any()
    panel._go(0)
    assert shown.session.pick is not None


def test_flow_is_found_and_simulated(qtbot, shown, finished):
    panel = opened(shown, "flow")
    panel.axes.setValue(3)
    panel.up.setCurrentIndex(2)
    panel._ask()
    wait(qtbot, shown)
    assert panel.found is not None
    assert panel.found.axes == ("pca 1", "pca 3")
    assert panel.verdict.text().startswith("Driven? ") and "1 of the axes summed" in panel.verdict.text()
    panel.what.setCurrentIndex(1)
    panel.bins.setCurrentIndex(1)  # cells of different widths
    panel._ask()
    wait(qtbot, shown)
    for nth in range(panel.what.count()):
        panel.what.setCurrentIndex(nth)
        assert panel.plot.getPlotItem().items and panel.says.text()
    panel.what.setCurrentIndex(1)
    edges = panel.found.flux.grid.edges
    assert panel.image.boundingRect().width() == 120
    shape = panel.image.mapRectToView(panel.image.boundingRect())
    assert (shape.left(), shape.right()) == pytest.approx((edges[0][0], edges[0][-1]))
    panel._play()
    wait(qtbot, shown)
    assert panel.phase is not None
    panel.timer.stop()
    panel.time = 0
    panel._step()
    assert "step 2 of" in panel.says.text()


def test_listed_events_are_written_as_a_strip(qtbot, shown, finished, tmp_path):
    from PIL import Image

    panel = opened(shown, "matrix")
    table = finished.dynamics("transitions")
    moves = table[(table["from"] != table["to"]) & (table["count"] > 0)]
    row = moves.iloc[0]
    panel.condition.setCurrentText(str(row["condition"]))
    panel.choose_cell(int(row["from"]) - 1, int(row["to"]) - 1)
    count = len(panel.box.shown)
    assert count == row["count"]
    panel.box.save_events(tmp_path / "events.png")
    wait(qtbot, shown)
    assert Image.open(tmp_path / "events.png").size == (11 * 48, min(40, count) * 48)
