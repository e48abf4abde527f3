from __future__ import annotations

from pathlib import Path

import pytest

from napari_cellstate.core.looks import Looks, wear
from napari_cellstate.gui.preferences import Preferences, preferences
from napari_cellstate.plots.colours import state_colour


@pytest.fixture
def settings():
    from napari.settings import get_plugin_settings

    found = get_plugin_settings("napari-cellstate")
    before = (found.work.device, found.work.threads, found.work.folder, found.looks.colours)
    yield found
    found.work.device, found.work.threads, found.work.folder, found.looks.colours = before
    wear(Looks())


def test_defaults():
    assert preferences() == Preferences()
    assert Preferences().home == Path.home()


def test_they_are_used(dock, finished, settings, tmp_path, monkeypatch, run_all):
    settings.work.device, settings.work.folder, settings.looks.colours = "cpu", str(tmp_path), "#010203, #0a0b0c"
    assert preferences() == Preferences("cpu", 2, str(tmp_path), ("#010203", "#0A0B0C"))
    assert preferences().home == tmp_path
    seen = {}

    def spy(*_, device, **__):
        seen["device"] = device
        raise MemoryError

    monkeypatch.setattr("napari_cellstate.gui.dock.run", spy)
    dock.open(finished)
    assert (state_colour(1), state_colour(2), state_colour(3)) == ("#010203", "#0A0B0C", "#009E73")
    run_all(dock)
    assert seen["device"] == "cpu"


def test_colours_of_an_experiment_win():
    looks = Preferences(colours=("#111111", "#222222")).looks(Looks({}, {2: "#333333"}))
    assert looks.colours == {1: "#111111", 2: "#333333"}
