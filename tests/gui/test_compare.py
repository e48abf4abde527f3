from __future__ import annotations

import shutil

import pytest
from qtpy.QtCore import Qt

import napari_cellstate as cs
from napari_cellstate.gui.movie_table import MovieTable
from tests.gui.conftest import MOST


@pytest.fixture
def panel(qtbot, dock, finished, tmp_path):
    shutil.copytree(finished.root, tmp_path / "copy.cellstate")
    dock.open(cs.Experiment(tmp_path / "copy.cellstate"))
    qtbot.mouseClick(dock.panel_picker.buttons["compare"], Qt.MouseButton.LeftButton)
    return dock.panels.made["compare"]


def press(qtbot, dock, panel):
    with qtbot.waitSignal(dock.task.ended, timeout=10 * MOST):
        qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)


def test_compare_shows_verdicts_and_keeps_the_report(qtbot, dock, panel, tmp_path):
    assert not panel.cards and not panel.open_button.isEnabled() and "Not compared" in panel.says.text()
    panel.link_error.setValue(4.0)
    press(qtbot, dock, panel)
    assert {card.verdict for card in panel.cards} == {"undecided"}  # one replicate of each
    assert panel.kept.content["settings"]["link_error"] == 0.04 and panel.kept.figures
    panel.save_report(tmp_path / "r.pdf")
    panel.save_report(tmp_path / "r.html")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert "The unit of n is the replicate" in (tmp_path / "r.html").read_text()
    plain = cs.compare(dock.session.experiment, tmp_path / "same", link_error=0.04, report=False)
    assert panel.kept.content["cards"] == plain.to_dict()["cards"]  # the same as in the terminal
    panel.refresh()
    assert panel.cards and not panel.kept.stale


def test_what_movies_are_told_apart_by_comes_from_their_table(qtbot, dock, panel, tmp_path):
    experiment = dock.session.experiment
    dialog = MovieTable(experiment, panel)
    qtbot.addWidget(dialog)
    dialog.add_column("drug")
    for row, drug in enumerate(("none", "fgf")):
        dialog.table.item(row, dialog.table.columnCount() - 1).setText(drug)
    dialog.table.item(0, 2).setText("m7")
    with qtbot.waitSignal(dialog.changed):
        dialog.accept()
    assert [entry.about for entry in experiment.movies] == [{"drug": "none"}, {"drug": "fgf"}]
    assert experiment.movies[0].replicate == "m7"
    panel.refresh()
    assert [panel.by.itemText(nth) for nth in range(panel.by.count())] == ["condition", "drug"]
    panel.by.setCurrentText("drug")
    assert [panel.reference.itemText(nth) for nth in range(3)] == ["the first", "none", "fgf"]


def test_a_table_from_csv_and_what_is_wrong_in_it(qtbot, dock, panel, tmp_path):
    dialog = MovieTable(dock.session.experiment, panel)
    qtbot.addWidget(dialog)
    path = tmp_path / "said.csv"
    path.write_text("movie,well\nnobody,B2\n")
    dialog.load(path)
    assert "no movie 'nobody'" in dialog.says.text()
    path.write_text("movie,well\nyoung_1,B2\n")
    dialog.load(path)
    assert (
        "1 movies changed" in dialog.says.text() and dialog.table.item(0, dialog.table.columnCount() - 1).text() == "B2"
    )
    dialog.reject()
