from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_cellstate.core.mask_edits import AddCell, Mask, MergeCells, RemoveCell, SplitCell, amended


def _two() -> np.ndarray:
    labels = np.zeros((20, 30), np.uint32)
    labels[4:10, 3:9] = 7
    labels[4:10, 15:27] = 2
    return labels


def _blob(y0, y1, x0, x1):
    mask = np.zeros((20, 30), bool)
    mask[y0:y1, x0:x1] = True
    return mask


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_mask_reads_back_as_it_was(height, width, data):
    flat = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    pixels = np.array(flat).reshape(height, width)
    pixels[data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))] = True
    mask = Mask.model_validate_json(Mask.of(3, pixels).model_dump_json())
    np.testing.assert_array_equal(mask.pixels((height, width)), pixels)
    np.testing.assert_array_equal(
        mask.pixels((height + 2, width - 1)), np.pad(pixels, ((0, 2), (0, 0)))[:, : width - 1]
    )


def test_a_mask_whose_runs_do_not_fill_its_box_is_refused():
    with pytest.raises(ValidationError, match="runs of 5 pixels for a box of 2 x 3"):
        Mask(frame=0, top=0, left=0, height=2, width=3, runs=(1, 4))


def test_an_added_cell_takes_background_only():
    labels = _two()
    edit = AddCell(movie="a", masks=(Mask.of(0, _blob(4, 10, 7, 14)),))
    changed, fitted = amended(labels, 0, [edit])
    assert fitted == {0}
    assert (changed == 8).sum() == 6 * 5
    np.testing.assert_array_equal(changed == 7, labels == 7)
    np.testing.assert_array_equal(changed == 2, labels == 2)
    assert labels.max() == 7  # the method's own labels are left alone
    assert amended(labels, 1, [edit])[1] == set()


def test_a_cell_carried_through_frames_needs_them_in_a_row():
    first, later = (Mask.of(frame, _blob(12, 15, 3, 9)) for frame in (4, 6))
    with pytest.raises(ValidationError, match="expected frames in a row"):
        AddCell(movie="a", masks=(first, later))


def test_remove():
    changed, fitted = amended(_two(), 5, [RemoveCell(movie="a", frame=4, place=(5.0, 20.0), through=3)])
    assert fitted == {0}
    assert np.unique(changed).tolist() == [0, 7]
    assert amended(_two(), 5, [RemoveCell(movie="a", frame=5, place=(0.0, 0.0))])[1] == set()
    assert amended(_two(), 5, [RemoveCell(movie="a", frame=5, place=(5.0, 900.0))])[1] == set()


def test_two_clicks_split_halfway():
    changed, fitted = amended(_two(), 0, [SplitCell.between("a", 0, (7.0, 17.0), (7.0, 24.0))])
    assert fitted == {0}
    assert (changed == 2).sum() == (changed == 8).sum() == 36
    assert set(np.nonzero(changed == 8)[1].tolist()) in (set(range(15, 21)), set(range(21, 27)))


def test_a_line_beside_the_cell_splits_nothing():
    edit = SplitCell(movie="a", frame=0, place=(5.0, 20.0), line=((0.0, 0.0), (0.0, 29.0)))
    changed, fitted = amended(_two(), 0, [edit])
    assert fitted == set()
    np.testing.assert_array_equal(changed, _two())


def test_a_quick_drag_merges_all_cells_on_its_way():
    labels = _two()
    labels[6, 12] = 5
    changed, fitted = amended(labels, 0, [MergeCells(movie="a", frame=0, path=((6.0, 5.0), (6.0, 20.0)))])
    assert fitted == {0}
    assert np.unique(changed).tolist() == [0, 7]
    assert (changed > 0).sum() == (labels > 0).sum()
    assert amended(labels, 0, [MergeCells(movie="a", frame=0, path=((6.0, 5.0), (7.0, 5.0)))])[1] == set()


def test_edits_build_on_each_other_in_order():
    split = SplitCell.between("a", 0, (7.0, 17.0), (7.0, 24.0))
    merge = MergeCells(movie="a", frame=0, path=((7.0, 17.0), (7.0, 24.0)))
    changed, fitted = amended(_two(), 0, [split, merge])
    assert fitted == {0, 1}
    np.testing.assert_array_equal(changed > 0, _two() > 0)
    assert len(np.unique(changed)) == 3
    assert amended(_two(), 0, [merge, split])[1] == {1}


def test_words_say_what_where_and_when():
    assert RemoveCell(frame=4, place=(5.0, 20.0), through=3).words() == "remove the cell at (5, 20), frames 4 to 6"
    assert AddCell(masks=(Mask.of(2, _blob(4, 10, 7, 14)),)).words() == "add a cell at (7, 10), frame 2"
