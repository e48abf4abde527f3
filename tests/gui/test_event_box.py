"""Events one after another: list, player, marks and table."""

from __future__ import annotations

import pytest

from napari_cellstate.gui.events import find_events
from napari_cellstate.gui.layers import EVENTS


@pytest.fixture
def shown(dock, finished):
    dock.open(finished)
    dock.panels.show("matrix")
    return dock


def commonest(finished, recipe):
    """A pair of states of one condition that has two events or more, where there is one."""
    found = list(find_events(finished, recipe))
    pairs = [(one.condition, one.before, one.after) for one in found]
    return max(sorted(set(pairs)), key=pairs.count)


@pytest.mark.parametrize("key", ["matrix", "graph"])
def test_every_event_is_played_from_before_to_after(viewer, shown, finished, key):
    condition, before, after = commonest(finished, shown.session.recipe)
    shown.panels.show(key)
    panel = shown.panels.made[key]
    panel.condition.setCurrentText(condition)
    shown.session.show_movie(f"{condition}_1")
    if key == "matrix":
        panel.matrix.cellClicked.emit(before - 1, after - 1)
    else:
        panel.choose(before, after)
    box = panel.box
    table = finished.dynamics("transitions").set_index(["condition", "from", "to"])
    assert len(box.shown) == box.list.count() == table.loc[(condition, before, after), "count"]
    assert len(shown.layers.find(EVENTS).data) == len(box.shown)
    box.around.setValue(2)
    box.play()
    assert box.play_button.text() == "Pause"
    box.timer.stop()  # the test is the clock
    expected, seen = [], []
    for nth, one in enumerate(box.shown):
        movie = one.movie
        tracks = finished.tracks(movie)
        frames = tracks.cells["frame"].to_numpy()[tracks.track == one.track]
        first, last = max(one.frame - 2, frames.min()), min(one.frame + 2, frames.max())
        expected += [(nth, frame) for frame in range(first, last + 1)]
    for _ in expected:
        seen.append((box.list.current(), int(viewer.dims.current_step[0])))
        assert shown.session.pick.track == box.shown[box.list.current()].track
        box.tick()
    assert seen == expected
    assert box.play_button.text() == "Play"


def test_pause_speed_next_and_previous(qtbot, viewer, shown, finished):
    condition, before, after = commonest(finished, shown.session.recipe)
    panel = shown.panels.made["matrix"]
    panel.condition.setCurrentText(condition)
    panel.choose_cell(before - 1, after - 1)
    box = panel.box
    box.speed.setCurrentIndex(box.speed.count() - 1)
    box.play()
    assert box.timer.isActive() and box.timer.interval() == 50
    start = viewer.dims.current_step[0]
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] != start, timeout=5000)
    box.play()
    assert not box.timer.isActive()
    if len(box.shown) > 1:
        box.list.choose(0)
        box.play()
        box.timer.stop()
        box.next_button.click()
        assert box.list.current() == 1
        box.before_button.click()
        assert box.list.current() == 0
    box.play()
    box.hide()
    assert not box.timer.isActive()


def test_another_condition_has_no_events_chosen(shown):
    panel = shown.panels.made["matrix"]
    panel.choose_cell(0, 1)
    panel.condition.setCurrentIndex(1 - panel.condition.currentIndex())
    assert panel.box.list.count() == 0
    assert not panel.box.play_button.isEnabled()


def test_hover_tells_the_interval_and_its_unit(shown, finished):
    panel = shown.panels.made["matrix"]
    table = finished.dynamics("transitions")
    rows = table[(table["condition"] == panel.condition.currentText()) & table["rate_low"].notna()]
    for what, (low, high) in {"rate_per_hour": ("rate_low", "rate_high"), "probability": ("low", "high")}.items():
        panel.what.setCurrentIndex(panel.what.findData(what))
        for row in rows.to_dict("records"):
            item = panel.matrix.item(row["from"] - 1, row["to"] - 1)
            first = item.toolTip().split("\n")[1]
            assert f"{row[what]:.3g} ({row[low]:.3g} to {row[high]:.3g}, 95 % over {row['unit']}s)" in first
            assert f"{row['count']:,} pairs" in item.toolTip()
    assert f"over {rows['unit'].iloc[0]}s" in panel.legend.text()
    assert len(panel.scale.colours) == len(panel.scale.words) == 2


def test_against_another_condition(qtbot, shown, finished):
    from napari_cellstate.experiment.rate_change import rate_changes

    panel = shown.panels.made["matrix"]
    panel.condition.setCurrentText("young")
    assert [panel.against.itemText(at) for at in range(panel.against.count())] == ["alone", "vs aged"]
    panel.against.setCurrentIndex(1)
    qtbot.waitUntil(lambda: panel._change is not None and not shown.task.running, timeout=60_000)
    change = rate_changes(finished, "aged", "young")
    for row in change.to_dict("records"):
        item = panel.matrix.item(row["from"] - 1, row["to"] - 1)
        known = row["ratio"] == row["ratio"]
        assert item.text() == (f"× {row['ratio']:.2g}" if known else "-")
        assert "times the rate of aged" in item.toolTip() or not known
    assert "tracks" in panel.legend.text() and "these movies only" in panel.legend.text()
    assert len(panel.scale.words) == 3
    panel.against.setCurrentIndex(0)
    assert panel._change is None and panel.what.isEnabled()
