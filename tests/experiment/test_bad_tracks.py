"""Bad tracks, one test for each kind that is not tested beside its reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.ctc_tracks import read_ctc_tracks
from napari_cellstate.methods.link.label_ids import LabelIdsLinker
from napari_cellstate.metrics.doubts import doubts
from tests.kits.inputs import cells_of, movie, runtime


def add(tmp_path, table, **given):
    table.to_csv(tmp_path / "t.csv", index=False)
    experiment = cs.new(tmp_path / "a.cellstate")
    cs.add(experiment, tracks=tmp_path / "t.csv", name="m", dt=60, pixel_size=1, **given)
    return experiment


def test_parents_that_go_in_a_circle(tmp_path):
    table = pd.DataFrame({"track": [1, 1, 2, 2], "frame": [0, 1, 2, 3], "y": 5.0, "x": 5.0, "parent": [2, 2, 1, 1]})
    with pytest.raises(InputError, match=r"track 1 .*parent 2"):
        cs.run(add(tmp_path, table), until="link")


def test_a_ctc_list_that_names_a_missing_label(tmp_path):
    for t in range(2):
        tifffile.imwrite(tmp_path / f"mask{t:03d}.tif", np.array([[0, 1]], np.uint16))
    (tmp_path / "res_track.txt").write_text("1 0 1 0\n2 0 1 0\n")
    with pytest.raises(InputError, match="track 2 is listed, but no image has a number 2; take its line out"):
        read_ctc_tracks(tmp_path)


def test_points_outside_the_image_are_counted_and_said(tmp_path):
    labels = np.zeros((3, 20, 30), np.uint16)
    labels[:, 0:4, 0:4] = 1
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    table = pd.DataFrame({"track": [1, 1, 1], "frame": [0, 1, 2], "y": [1.0, -9.0, 1.0], "x": [1.0, 1.0, 1.0]})
    experiment = add(tmp_path, table, labels=tmp_path / "labels.tif", axes="TYX")
    report = cs.run(experiment, until="link")
    assert any("1 of 3 points of the track table lie on no cell (1 of them outside" in one for one in report.warnings)
    assert experiment.tracks("m").table()["n_missing"].tolist() == [1, 0]  # the cell that lost its point is alone


def test_labels_that_jump_are_doubted():
    of = movie(40, cells=2)
    cells = cells_of(of.labels.frames)
    cells["x"] = cells["x"] % 40
    cells["x"] += np.random.default_rng(0).normal(0, 0.3, len(cells))
    cells.loc[(cells["label"] == 1) & (cells["frame"] >= 20), "y"] += 400.0
    links = LabelIdsLinker().link(cells, of, runtime())
    found = doubts(cells, links)
    worst = links.iloc[int(np.argmax(found.by_reason["jump"]))]
    assert cells["frame"][int(worst["target"])] == 20
    assert "jump" in str(found.reasons[int(np.argmax(found.by_reason["jump"]))])
