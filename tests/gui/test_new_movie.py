from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog

import napari_cellstate as cs
from napari_cellstate.gui.many import AddMany
from napari_cellstate.gui.new_movie import NewMovie
from tests.experiment_kit import blobs, write_movie
from tests.gui.conftest import MOST

LEFT = Qt.MouseButton.LeftButton


def _dialog(dock):
    return next(child for child in dock.children() if isinstance(child, QDialog))


def _add(qtbot, dock, dialog):
    with qtbot.waitSignal(dock.task.ended, timeout=MOST):
        qtbot.mouseClick(dialog.ok, LEFT)
    assert not dock.notice.text, dock.notice.text


def _choose(box, text):
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def test_layers_of_memory_alone(qtbot, dock, viewer, tmp_path):
    stack = blobs(5)
    viewer.add_image(stack, name="mine", scale=(1, 0.5, 0.5), units=("pixel", "um", "um"))
    labels = (stack > 600).astype(int)
    viewer.add_labels(labels, name="hand", scale=(1, 0.5, 0.5), units=("pixel", "um", "um"))
    rows = np.array([[3, 0, 10.0, 20.0], [3, 1, 11, 21], [4, 2, 12, 22]])
    viewer.add_tracks(rows, graph={4: [3]}, name="paths", scale=(1, 0.5, 0.5), units=("pixel", "um", "um"))
    qtbot.mouseClick(dock.start.buttons["movie"], LEFT)
    dialog = _dialog(dock)
    assert not dialog.ok.isEnabled(), "nothing says that the first axis is time"
    _choose(dialog.axes, "T Y X")
    assert dialog.pixel_size.value() == 0.5
    _choose(dialog.labels, "use the layer hand")
    _choose(dialog.tracks, "use the layer paths")
    dialog.folder.setText(str(tmp_path / "new.cellstate"))
    _add(qtbot, dock, dialog)
    experiment = dock.session.experiment
    movie = experiment.movie("mine")
    assert np.array_equal(movie.image(2), stack[2])
    assert np.array_equal(movie.labels.read(4, 0), labels[4])
    assert movie.points.points[["frame", "y", "x"]].to_numpy().tolist() == [[0, 10, 20], [1, 11, 21], [2, 12, 22]]
    assert movie.points.points["parent"].tolist() == [0, 0, 1]
    movie.close()
    assert dock.layers.find("movie") is None, "the user's own layer is shown, not a second one"
    assert cs.Experiment(experiment.root).entry("mine").pixel_size_um == 0.5


def test_labels_that_were_painted_are_saved_and_untouched_ones_are_not(qtbot, dock, viewer, tmp_path):
    path = write_movie(tmp_path / "m.ome.tif", blobs(4))
    labels = write_movie(tmp_path / "l.ome.tif", (blobs(4) > 600).astype(np.uint16))
    viewer.open(path, plugin="napari")
    layer = viewer.open(labels, plugin="napari", layer_type="labels")[0]
    viewer.layers.selection.active = viewer.layers[0]
    for nth, painted in enumerate((False, True)):
        if painted:
            layer.data[0, 0, 0] = 9
        dialog = NewMovie.from_layer(viewer, dock)
        _choose(dialog.labels, f"use the layer {layer.name}")
        dialog.folder.setText(str(tmp_path / f"{nth}.cellstate"))
        experiment = dialog.work()(lambda *_: None)
        assert (experiment.root / "given").exists() == painted
        dialog.deleteLater()
        qtbot.wait(10)


def test_a_failure_leaves_no_experiment(qtbot, dock, viewer, tmp_path):
    viewer.add_image(blobs(3), name="mine", axis_labels=("t", "y", "x"))
    viewer.add_labels(np.zeros((2, 96, 96), int), name="short")
    dialog = NewMovie.from_layer(viewer, dock)
    _choose(dialog.labels, "use the layer short")
    dialog.folder.setText(str(tmp_path / "e.cellstate"))
    with pytest.raises(cs.InputError, match="as the movie"):
        dialog.work()(lambda *_: None)
    assert not (tmp_path / "e.cellstate").exists()
    dialog.deleteLater()
    qtbot.wait(10)


def test_columns_of_a_table_are_asked_where_their_names_do_not_tell(qtbot, dock, two_movies, tmp_path):
    table = tmp_path / "paths.csv"
    table.write_text("cell;bild;oben;links\n1;0;5;6\n1;1;6;7\n2;0;1;1\n".replace(";", ","))
    dock.open(two_movies)
    dock.begin.add_files([table])
    dialog = _dialog(dock)
    assert not dialog.ok.isEnabled()
    for what, name in (("track", "cell"), ("time", "bild"), ("y", "oben"), ("x", "links")):
        _choose(dialog.columns.boxes[what], name)
    _add(qtbot, dock, dialog)
    assert dock.session.experiment.entry("paths").tracks.time == "bild"


def test_many_files_by_their_names(qtbot, dock, two_movies, tmp_path):
    paths = [write_movie(tmp_path / f"{name}.tif", blobs(3)) for name in ("old_m1_1", "old_m2_1", "new_m1_1")]
    dock.open(two_movies)
    dock.begin.add_files(paths)
    dialog = _dialog(dock)
    assert isinstance(dialog, AddMany)
    assert dialog.pattern.text() == "{condition}_{replicate}_*"
    assert [one.replicate for one in dialog.value()] == ["m1", "m2", "m1"]
    dialog.pattern.setText("{condition}-*")
    assert not dialog.ok.isEnabled()
    assert "does not fit" in dialog.table.item(0, 4).text()
    dialog.pattern.setText("{condition}_{replicate}_*")
    dialog.table.item(1, 2).setText("m9")
    _add(qtbot, dock, dialog)
    said = [(entry.name, entry.condition, entry.replicate) for entry in dock.session.experiment.movies[2:]]
    assert said == [("old_m1_1", "old", "m1"), ("old_m2_1", "old", "m9"), ("new_m1_1", "new", "m1")]
