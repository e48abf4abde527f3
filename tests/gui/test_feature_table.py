from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt

from napari_cellstate.gui.layers import COLOURED, STATES, WINDOWS
from napari_cellstate.gui.row_model import RowModel
from napari_cellstate.gui.session import Pick
from napari_cellstate.gui.shades import by_values
from napari_cellstate.gui.track_layer import TRACKS


@pytest.fixture
def shown(dock, finished):
    dock.open(finished)
    for key in ("time", "table"):
        dock.panel_picker.buttons[key].click()
    return dock


@pytest.fixture
def table(shown):
    return shown.panels.made["table"]


def column(table, name: str) -> np.ndarray:
    at = table.model.names.index(name)
    return np.array([table.model.data(table.model.index(row, at)) for row in range(table.model.rowCount())])


def test_all_windows_with_units_and_what_columns_mean(table, finished):
    behavior = finished.behavior
    assert table.model.rowCount() == behavior.n_obs
    at = table.model.names.index("speed")
    assert table.model.headerData(at, Qt.Orientation.Horizontal) == "speed\num/h"
    said = table.model.headerData(at, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "Mean step length" in said
    assert "Position noise adds to it" in said
    shown = column(table, "speed").astype(float)
    assert np.allclose(shown, np.sort(behavior[:, "speed"].X.ravel()), rtol=1e-4)


def test_sort_and_filter(table, finished):
    table._on_head(table.model.names.index("straightness"))
    values = column(table, "straightness").astype(float)
    assert (np.diff(values) >= 0).all()
    table._on_head(table.model.names.index("straightness"))
    assert (np.diff(column(table, "straightness").astype(float)) <= 0).all()
    table.filter.setText("condition == 'aged' and straightness > 0.5")
    table.filter.returnPressed.emit()
    assert set(column(table, "condition")) == {"aged"}
    assert column(table, "straightness").astype(float).min() > 0.5
    obs, x = finished.behavior.obs, finished.behavior[:, "straightness"].X.ravel()
    assert table.model.rowCount() == ((obs["condition"] == "aged").to_numpy() & (x > 0.5)).sum()
    before = table.model.rowCount()
    table.filter.setText("straightnes > 0")
    table.filter.returnPressed.emit()
    assert "did you mean 'straightness'" in table.says.text()
    assert table.model.rowCount() == before
    table.filter.clear()
    table.which.setCurrentText("young_1")
    assert set(column(table, "movie")) == {"young_1"}


def test_a_row_leads_to_its_cell_and_back(viewer, shown, table):
    table.view.selectRow(5)
    row = table.model.rows[5]
    found = table._found
    assert shown.session.pick == Pick(found.movie[row], int(found.track[row]), int(found.frame[row]))
    assert viewer.dims.current_step[0] == found.frame[row]
    table.view.selectAll()
    movie = shown.session.movie
    assert len(shown.layers.find(WINDOWS).data) == (found.movie == movie).sum()
    table.show()
    other = np.flatnonzero(found.movie == movie)[-1]
    shown.session.choose(Pick(movie, int(found.track[other]), int(found.frame[other])))
    at = table.view.currentIndex().row()
    assert table.model.rows[at] == other


def test_cells_and_tracks_in_the_colours_of_a_feature(shown, table):
    tracks = shown.layers.find(TRACKS)
    by_state = np.array(tracks.track_colors)
    table.sort("speed", descending=False)
    table.colour.setChecked(True)
    found, layer = shown._found, shown.layers.find(COLOURED)
    values = table._found.values("speed")
    codes = np.append(by_values(values).codes, -1)[found.row]
    rows = found.rows_of(4)
    frame = np.asarray(layer.data[4])
    labels = np.asarray(shown.session.experiment.labels(shown.session.movie)[4])
    for label, code in zip(found.label[rows], codes[rows], strict=True):
        assert set(frame[labels == label]) == {code + 1 if code >= 0 else 255}
    assert not np.allclose(tracks.track_colors, by_state)
    assert (layer.visible, shown.layers.find(STATES).visible) == (True, False)
    other = next(name for name in ("young_1", "aged_1") if name != shown.session.movie)
    shown.session.show_movie(other)
    assert layer.metadata["cellstate"]["movie"] == other
    shown.session.show_movie(found.movie)
    table.colour.setChecked(False)
    assert (layer.visible, shown.layers.find(STATES).visible) == (False, True)
    assert np.allclose(tracks.track_colors, by_state)


def test_histogram_of_each_condition(table):
    table.sort("speed", descending=False)
    edges, shares = table._found.histograms("speed", table.model.rows)
    assert set(shares) == {"young", "aged"}
    assert all(0.9 < share.sum() <= 1 + 1e-9 for share in shares.values())
    drawn = table.plot.plotItem.listDataItems()
    assert [item.name() for item in drawn] == list(shares)
    assert np.allclose(drawn[0].getData()[0], edges)
    table.sort("condition", descending=False)
    assert not table.plot.plotItem.listDataItems()


def test_export_what_is_shown(qtbot, shown, table, tmp_path):
    table.filter.setText("speed > 6")
    table.filter.returnPressed.emit()
    table.sort("speed", descending=True)
    with qtbot.waitSignal(shown.task.ended, timeout=20_000):
        table.export(tmp_path / "some.csv")
    written = pd.read_csv(tmp_path / "some.csv")
    assert len(written) == table.model.rowCount()
    assert written["speed"].is_monotonic_decreasing
    assert "rows written" in table.says.text()
    with qtbot.waitSignal(shown.task.ended, timeout=20_000):
        table.export(tmp_path / "some.txt")
    assert "ends in .csv or .parquet" in shown.notice.text


def test_only_what_is_in_sight_is_made_into_text(table, monkeypatch):
    asked = []
    plain = RowModel.data

    def counted(self, index, role=Qt.ItemDataRole.DisplayRole):
        asked.append(index.row())
        return plain(self, index, role)

    monkeypatch.setattr(RowModel, "data", counted)
    found = table._found
    many = np.resize(np.arange(len(found)), 100_000)
    table.model.show(found, many)
    table.resize(500, 500)
    table.show()
    table.view.viewport().repaint()
    assert table.model.rowCount() == 100_000
    assert len(set(asked)) < 1000


def test_a_feature_over_time(shown, finished):
    panel = shown.panels.made["time"]
    behavior, movie = finished.behavior, shown.session.movie
    obs = behavior.obs
    track = int(obs[obs["movie"] == movie]["track"].iloc[0])
    panel.feature.setCurrentText("speed")
    assert "Click a cell" in panel.says.text()
    shown.session.choose(Pick(movie, track, 4))
    at = ((obs["movie"] == movie) & (obs["track"] == track)).to_numpy()
    frames, values = panel.lines[movie, track].getData()
    assert frames.tolist() == obs["frame"][at].tolist()
    assert np.allclose(values, behavior[:, "speed"].X.ravel()[at])
    panel.keep.click()
    other = int(obs[(obs["movie"] == movie) & (obs["track"] != track)]["track"].iloc[0])
    shown.session.choose(Pick(movie, other, 4))
    assert set(panel.lines) == {(movie, track), (movie, other)}
    shown.panels.made["table"].view.selectAll()
    assert len(panel.lines) == min(12, len(set(zip(obs["movie"], obs["track"], strict=True))))
    panel.clear.click()
    assert list(panel.lines) == [(movie, other)]


def test_cursor_and_movie_go_together(viewer, shown):
    panel, movie = shown.panels.made["time"], shown.session.movie
    viewer.dims.set_current_step(0, 7)
    assert panel.cursor.value() == 7
    panel.cursor.setValue(3)
    panel.cursor.sigDragged.emit(panel.cursor)
    assert viewer.dims.current_step[0] == 3
    shown.session.choose(Pick(movie, int(shown._found.track[0]), 0))
    panel.click_at(5.2)
    assert shown.session.pick.frame == 5
    assert viewer.dims.current_step[0] == 5
