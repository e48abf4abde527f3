from __future__ import annotations

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.core.mask_edits import RemoveCell
from napari_cellstate.experiment.journal import append


def _first_cell(exp, frame):
    cells = exp.cells("young_1")
    row = cells[cells["frame"] == frame].iloc[0]
    return int(row["label"]), (float(row["y"]), float(row["x"]))


def _files(exp):
    return {path: path.read_bytes() for path in sorted(exp.movie_paths("young_1").labels.rglob("*")) if path.is_file()}


@pytest.fixture
def done(two_movies):
    cs.run(two_movies, until="link")
    return two_movies


def test_remove_undo_redo_change_one_frame_and_exactly(done):
    label, place = _first_cell(done, 2)
    own, files = np.asarray(done.labels("young_1")), _files(done)
    cs.edit(done, RemoveCell(movie="young_1", frame=2, place=place))
    labels = np.asarray(done.labels("young_1"))
    assert not (labels[2] == label).any()
    np.testing.assert_array_equal(np.delete(labels, 2, axis=0), np.delete(own, 2, axis=0))
    edited = _files(done)
    cs.undo(done)
    assert _files(done) == files
    cs.redo(done)
    assert _files(done) == edited
    n = len(done.cells("young_1"))
    report = cs.run(done, until="link")
    assert ("young_1", "segment") not in report.done
    assert len(done.cells("young_1")) == n - 1


def test_beside_all_cells_nothing_is_removed(done):
    with pytest.raises(cs.InputError, match=r"remove the cell at \(0, 0\), frame 2: it fits no cell"):
        cs.edit(done, RemoveCell(movie="young_1", frame=2, place=(0.0, 0.0)))


@pytest.mark.parametrize("line", [{"undo": True}, None])
def test_a_kill_before_the_labels_are_written(done, line):
    _, place = _first_cell(done, 3)
    one = RemoveCell(movie="young_1", frame=3, place=place)
    own = np.asarray(done.labels("young_1"))
    if line is None:
        append(done.paths.edits, {"do": one.record()})
    else:
        cs.edit(done, one)
        append(done.paths.edits, line)
    cs.run(done, until="segment")
    same = np.array_equal(np.asarray(done.labels("young_1")), own)
    assert same == (line is not None)


def test_after_a_new_segmentation_what_fits_is_made_again(done):
    _, place = _first_cell(done, 3)
    cs.edit(done, RemoveCell(movie="young_1", frame=3, place=place))
    other = cs.recipe_from({"segment": {"method": "threshold", "smoothing": 2.0}})
    cs.run(done, other, until="segment", reapply_edits=True)
    labels = np.asarray(done.labels("young_1"))
    assert labels[3][round(place[0]), round(place[1])] == 0
    cs.undo(done)
    assert np.asarray(done.labels("young_1"))[3][round(place[0]), round(place[1])] > 0


def test_a_new_segmentation_without_its_cell_lists_the_edit_as_lost(done):
    _, place = _first_cell(done, 3)
    cs.edit(done, RemoveCell(movie="young_1", frame=3, place=place))
    other = cs.recipe_from({"segment": {"method": "threshold", "min_area": 100000}})
    report = cs.run(done, other, until="segment", reapply_edits=True)
    assert any("1 corrections of segment fit no cell any more" in sentence for sentence in report.warnings)
    assert len(done.history.done) == 1
