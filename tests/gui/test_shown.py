"""A correction shows quickly in a large movie, and ends in what reading all anew shows."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.core.gestures import Gestures
from napari_cellstate.gui import shown as quick
from napari_cellstate.gui.layers import CELLS, STATES
from napari_cellstate.gui.results import load
from napari_cellstate.gui.track_layer import CORRECTED, TRACKS, changed

ARRAYS = ("frame", "label", "track", "state", "y", "x", "probability", "row", "parents", "cluster", "kept")


@pytest.fixture
def mine(finished, tmp_path):
    """A copy of the finished experiment, to be changed."""
    shutil.copytree(finished.root, tmp_path / "two.cellstate")
    for path in finished.root.parent.glob("*.tif"):
        shutil.copy(path, tmp_path)
    return cs.Experiment(tmp_path / "two.cellstate")


def same(found, other):
    return all(np.array_equal(getattr(found, a), getattr(other, a), equal_nan=a == "probability") for a in ARRAYS)


def gestures(tracks):
    """One of each kind that changes which cells there are, or which track they are in."""
    now = Gestures.on("young_1", tracks)
    frame = now.cells["frame"].to_numpy()
    one, other = (int(np.flatnonzero((now.track == track) & (frame == 5))[0]) for track in (1, 2))
    return [now.cut(one), now.swap(2, one), now.delete(other), now.delete_track(one)]


def test_the_quick_path_ends_in_what_reading_anew_gives(dock, mine, monkeypatch):
    monkeypatch.setattr(quick, "MANY", 0)
    dock.open(mine)
    dock.layers.find(CELLS).visible = True  # while it is hidden it follows when the hand rests
    for edit in gestures(mine.tracks("young_1")):
        for act in (lambda edit=edit: dock.session.edit(edit), dock.session.undo, dock.session.redo, dock.session.undo):
            act()
            found = dock.shown.found
            assert same(found, load(mine, "young_1")), edit.words()
            _, now = changed(dock.layers.tracks._whole, found)  # before the hand rests
            patch = dock.layers.find(CORRECTED)
            if patch.opacity:
                assert set(patch.data[:, 0]) == set(now)
            cells = dock.layers.find(CELLS).data
            labels = mine.labels("young_1")
            assert np.array_equal(np.asarray(cells[5]), found.table(5, found.track)[np.asarray(labels[5])])
    dock.layers.find(CELLS).visible = False
    dock.session.edit(edit)
    dock.shown.settle()
    cells, found = dock.layers.find(CELLS).data, dock.shown.found
    assert np.array_equal(np.asarray(cells[5]), found.table(5, found.track)[np.asarray(mine.labels("young_1")[5])])
    tracks = dock.layers.find(TRACKS)
    assert set(tracks.data[:, 0]) == set(dock.shown.found.track)
    assert np.all(tracks.track_colors[:, 3] == 1)
    assert dock.layers.find(CORRECTED).opacity == 0
    assert dock.stages.row("features").text(2)


def test_tracks_that_a_correction_changed_are_hidden_below_and_shown_above(dock, mine, monkeypatch):
    monkeypatch.setattr(quick, "MANY", 0)
    dock.open(mine)
    before = dock.shown.found
    edit = gestures(mine.tracks("young_1"))[0]  # track 1 is cut in two
    dock.session.edit(edit)
    tracks, patch = dock.layers.find(TRACKS), dock.layers.find(CORRECTED)
    hidden = tracks.track_colors[:, 3] == 0
    assert set(tracks.data[hidden, 0]) == {1}
    rows = before.track == 1
    assert len(patch.data) == rows.sum()
    assert len(set(patch.data[:, 0])) == 2
    assert patch.opacity == tracks.opacity
    assert dock.layers.find(STATES) is not None


def test_the_window_and_python_leave_the_same_bytes(dock, mine, tmp_path, monkeypatch):
    monkeypatch.setattr(quick, "MANY", 0)
    shutil.copytree(mine.root, tmp_path / "other.cellstate")
    other = cs.Experiment(tmp_path / "other.cellstate")
    dock.open(mine)
    for edit in gestures(mine.tracks("young_1"))[:3]:
        dock.session.edit(edit)
        cs.edit(other.root, edit)
    for session in (dock.session.undo, dock.session.undo, dock.session.redo):
        session()
    for act in (cs.undo, cs.undo, cs.redo):
        act(other.root)
    ours, theirs = mine.movie_paths("young_1"), other.movie_paths("young_1")
    for name in ("links", "dropped"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a.exists() == b.exists()
        assert not a.exists() or a.read_bytes() == b.read_bytes()
    assert ours.record("link").read_bytes() == theirs.record("link").read_bytes()


def test_what_is_shown_follows_by_itself_when_the_hand_rests(dock, mine, monkeypatch, qtbot):
    monkeypatch.setattr(quick, "MANY", 0)
    dock.open(mine)
    with qtbot.waitSignal(dock.shown.settled, timeout=30_000):
        dock.session.edit(gestures(mine.tracks("young_1"))[0])
    assert len(dock.layers.find(TRACKS).data) == len(dock.shown.found.track)
