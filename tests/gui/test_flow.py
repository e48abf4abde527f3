"""The whole flow by clicks, as a new user would go it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog

import napari_cellstate as cs
from napari_cellstate.gui import sample
from napari_cellstate.gui.layers import CELLS, EVENTS, MOVIE, STATES, WINDOWS
from napari_cellstate.gui.track_layer import TRACKS
from tests.experiment_kit import results
from tests.gui.conftest import MOST

LEFT = Qt.MouseButton.LeftButton
LONG = 10 * MOST


def _press(qtbot, widget):
    qtbot.mouseClick(widget, LEFT)


def _run(qtbot, dock, button):
    with qtbot.waitSignal(dock.task.ended, timeout=LONG):
        _press(qtbot, button)
    assert dock.notice.text == "" or "Error" not in dock.notice.text


def _stage(qtbot, dock, name):
    row = dock.stages.visualItemRect(dock.stages.row(name))
    qtbot.mouseClick(dock.stages.viewport(), LEFT, pos=row.center())
    assert dock.page.stage == name


def test_the_sample_from_the_first_click_to_files(qtbot, dock, viewer, tmp_path, monkeypatch):
    def small(folder, progress):
        return sample.make_sample(folder, progress, frames=14, size=128, cells=8)

    monkeypatch.setattr("napari_cellstate.gui.begin.sample_folder", lambda: tmp_path / "s")
    monkeypatch.setattr("napari_cellstate.gui.begin.make_sample", small)
    _run(qtbot, dock, dock.start.buttons["sample"])
    experiment = dock.session.experiment
    _stage(qtbot, dock, "segment")

    def said(text):
        return "cells in frame" in text

    with qtbot.waitSignal(dock.preview.said, timeout=MOST, check_params_cb=said):
        _press(qtbot, dock.page.preview_button)
    _run(qtbot, dock, dock.runbar.run_button)
    assert all(dock.layers.find(role) is not None for role in (MOVIE, CELLS, STATES, TRACKS))

    _press(qtbot, dock.panel_picker.buttons["matrix"])
    panel = dock.panels.made["matrix"]
    table = experiment.dynamics("transitions")
    moves = table[(table["from"] != table["to"]) & (table["condition"] == panel.condition.currentText())]
    most = moves.sort_values("count").iloc[-1]
    at = panel.matrix.visualItemRect(panel.matrix.item(int(most["from"]) - 1, int(most["to"]) - 1))
    qtbot.mouseClick(panel.matrix.viewport(), LEFT, pos=at.center())
    listed = len(panel.box.shown)
    assert len(panel.box.shown) == panel.box.list.count() == int(most["count"])
    if panel.box.shown:
        _press(qtbot, panel.box.next_button)
        assert viewer.dims.current_step[0] == panel.box.shown[0].frame
        here = [one for one in panel.box.shown if one.movie == dock.session.movie]
        assert len(dock.layers.find(EVENTS).data) == len(here)

    _press(qtbot, dock.panel_picker.buttons["scatter"])
    scatter = dock.panels.made["scatter"]
    _press(qtbot, scatter.lasso)
    low, high = scatter._points.min(axis=0) - 1, scatter._points.max(axis=0) + 1
    scatter.box.drawn.emit(np.array([low, [high[0], low[1]], high, [low[0], high[1]]]))
    assert len(dock.layers.find(WINDOWS).data)

    _press(qtbot, dock.outlets.export_button)
    dialog = next(child for child in dock.outlets.children() if isinstance(child, QDialog))
    dialog.folder.setText(str(tmp_path / "tables"))
    _run(qtbot, dock, dialog.ok)
    written = pd.read_csv(tmp_path / "tables" / "transitions.csv")
    same = written[(written["from"] == most["from"]) & (written["to"] == most["to"])]
    assert int(same[same["condition"] == most["condition"]]["count"].iloc[0]) == listed


def test_hover_tells_what_the_tables_tell(dock, finished, tmp_path):
    dock.open(finished)
    cs.export(finished, tmp_path / "out")
    states = pd.read_csv(tmp_path / "out" / "states.csv")
    mine = states[states["movie"] == dock.session.movie]
    cells = dock.layers.find(CELLS)
    for at in np.random.default_rng(0).integers(0, len(mine), 20):
        row = mine.iloc[int(at)]
        world = cells.data_to_world((row["frame"], round(row["y"]), round(row["x"])))
        text = dock.canvas.describe(dock.canvas.row_at(world))
        assert text.startswith(f"cell {row['track']}, frame {row['frame']}: ")
        assert (row["state_name"] if isinstance(row["state_name"], str) else "no state") in text


@pytest.mark.real
def test_the_real_movie_from_the_first_click_to_the_terminals_bytes(qtbot, dock, viewer, tmp_path, data_dir):
    source = data_dir / "mdamb231_qpi_cellphe"
    path = next(one for one in sorted(source.iterdir()) if one.suffix in (".tif", ".tiff"))
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    viewer.open(copy, plugin="napari")
    _press(qtbot, dock.start.buttons["movie"])
    dialog = next(child for child in dock.children() if isinstance(child, QDialog))
    if not dialog.ok.isEnabled():
        dialog.axes.setCurrentIndex(dialog.axes.findText("T Y X"))
        dialog.axes.activated.emit(dialog.axes.currentIndex())
    dialog.condition.setText("untreated")
    _run(qtbot, dock, dialog.ok)
    _run(qtbot, dock, dock.runbar.run_button)
    experiment = dock.session.experiment
    assert len(experiment.cells(dock.session.movie))
    assert dock.layers.find(STATES) is not None
    other = cs.new(tmp_path / "other" / experiment.root.name)
    entry = experiment.movies[0]
    cs.add(other, copy, axes=entry.images.axes, dt=entry.dt_s, pixel_size=entry.pixel_size_um, condition="untreated")
    cs.run(other)
    mine, theirs = results(experiment.root), results(other.root)
    for found in (mine, theirs):  # paths to the movie differ
        content = json.loads(found.pop("experiment.json"))
        assert content["movies"][0]["condition"] == "untreated"
    assert mine == theirs
