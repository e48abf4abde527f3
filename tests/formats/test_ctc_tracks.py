from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.ctc import write_ctc
from napari_cellstate.formats.tracks import read_tracks

TRACKS = pd.DataFrame({"L": [1, 2, 5], "B": [0, 2, 2], "E": [1, 3, 3], "P": [0, 1, 1]})


def frames():
    for t in range(4):
        image = np.zeros((20, 30), np.uint16)
        if t < 2:
            image[4:7, 2 + t : 5 + t] = 1
        else:
            image[2:5, 6:9] = 2
            image[9:10, 6:10] = 5
        yield t, image


@pytest.fixture
def folder(tmp_path):
    write_ctc(tmp_path / "01_RES", frames(), TRACKS)
    return tmp_path / "01_RES"


def test_centroids_ids_and_parents(folder):
    given = read_tracks(folder)
    assert given.ids == (1, 2, 5)
    rows = given.points[["frame", "label", "y", "x", "track", "parent"]].to_numpy().tolist()
    assert rows[:3] == [[0, 1, 5, 3, 1, 0], [1, 1, 5, 4, 1, 0], [2, 2, 3, 7, 2, 1]]
    assert rows[3] == [2, 5, 9, 7.5, 3, 1]


def test_with_the_masks(folder, tmp_path):
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, labels=folder, tracks=folder)
    cs.run(exp, until="link")
    table = exp.tracks("01_RES").table()
    assert table[["parent", "first_frame", "last_frame"]].to_numpy().tolist() == [[0, 0, 1], [1, 2, 3], [1, 2, 3]]


def test_a_mask_that_is_not_listed(folder):
    image = tifffile.imread(folder / "mask002.tif")
    image[0, 0] = 9
    tifffile.imwrite(folder / "mask002.tif", image)
    with pytest.raises(InputError, match="number 9 is in the image of frame 2"):
        read_tracks(folder)
