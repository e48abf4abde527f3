from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from skimage.io import imsave

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.experiment.doubt import doubt
from napari_cellstate.methods.segment.threshold import Threshold
from tests.experiment_kit import blobs, write_movie


def test_a_movie_becomes_one_stack(tmp_path):
    movie = write_movie(tmp_path / "m.tif", blobs(3))
    done = cs.segment(movie, tmp_path / "labels.tif")
    labels = tifffile.imread(tmp_path / "labels.tif")
    assert labels.shape == (3, 96, 96)
    assert labels.dtype == np.uint16
    assert done[0].cells == tuple(len(np.unique(frame)) - 1 for frame in labels)
    assert all(abs(cells - 6) <= 1 for cells in done[0].cells)
    assert done[0].method["diameter"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.tif", "m.tif"]


def test_a_stack_that_names_no_axes_is_a_movie(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", np.stack(blobs(3)), photometric="minisblack")
    done = cs.segment(tmp_path / "m.tif", tmp_path / "labels.tif", model="classical")
    assert len(done[0].cells) == 3 and min(done[0].cells) > 0
    assert tifffile.imread(tmp_path / "labels.tif").shape == (3, 96, 96)


def test_a_folder_image_by_image_of_any_size_and_type(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    frame = blobs(1)[0]
    grey = (frame / frame.max() * 255).astype(np.uint8)
    tifffile.imwrite(folder / "a_1.tif", frame)
    imsave(folder / "second.png", grey[:80], check_contrast=False)
    imsave(folder / "colour.png", np.repeat(grey[:, :70, None], 3, axis=2), check_contrast=False)
    tifffile.imwrite(folder / "float.tiff", frame.astype(np.float32))
    (folder / "notes.txt").write_text("no image")
    done = cs.segment(folder, tmp_path / "out", diameter=12)
    shapes = {path.name: tifffile.imread(path).shape for path in sorted((tmp_path / "out").iterdir())}
    assert shapes == {"a_1.tif": (96, 96), "colour.tif": (96, 70), "float.tif": (96, 96), "second.tif": (80, 96)}
    assert len(done) == 4
    assert (tifffile.imread(tmp_path / "out" / "a_1.tif") == tifffile.imread(tmp_path / "out" / "float.tif")).all()


def test_verb(tmp_path, capsys):
    movie = write_movie(tmp_path / "m.tif", blobs(1))
    assert main(["segment", str(movie), "--out", str(tmp_path / "l.tif"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["path"].endswith("l.tif")
    assert main(["segment", str(movie), "--out", str(tmp_path / "c.tif"), "--model", "classical"]) == 0
    assert "c.tif: 6 cells" in capsys.readouterr().out
    assert main(["segment", str(movie), "--out", str(tmp_path / "d.tif"), "--model", "none such"]) == 2
    assert "known: default" in capsys.readouterr().err
    assert not (tmp_path / "d.tif").exists()


def test_models_lists_the_shipped_one(capsys):
    assert main(["models", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["default"]["shipped"]


def test_bad_input(tmp_path):
    movie = write_movie(tmp_path / "m.tif", blobs(1))
    with pytest.raises(InputError, match="no such file"):
        cs.segment(tmp_path / "nothing.tif", tmp_path / "l.tif")
    with pytest.raises(InputError, match="channel 2 was asked for, and it has 1"):
        cs.segment(movie, tmp_path / "l.tif", channel=2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images in this folder"):
        cs.segment(tmp_path / "empty", tmp_path / "out")
    twice = tmp_path / "twice"
    twice.mkdir()
    tifffile.imwrite(twice / "a.tif", blobs(1)[0])
    tifffile.imwrite(twice / "a.tiff", blobs(1)[0])
    with pytest.raises(InputError, match=r"would both become a\.tif"):
        cs.segment(twice, tmp_path / "out")


def test_cancel_leaves_nothing_half(tmp_path):
    movie = write_movie(tmp_path / "m.tif", blobs(3))

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        cs.segment(movie, tmp_path / "l.tif", diameter=12, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["m.tif"]


def test_doubt_counts_shared_cells():
    frame = blobs(1)[0]
    labels = Threshold().segment(frame)
    same = doubt(frame, labels)
    assert (same.cells, same.classical, same.shared, same.serious) == (6, 6, 6, False)
    none = doubt(frame, np.zeros_like(labels))
    assert (none.cells, none.shared, none.serious) == (0, 0, True)
    half = doubt(frame, np.where(labels <= 3, labels, 0))
    assert (half.shared, half.serious) == (3, False)
    assert "the net finds 0 cells" in none.text("frame 1")


def test_no_cells_on_both_sides_is_no_doubt():
    flat = np.random.default_rng(0).normal(100, 2, (64, 64))
    assert not doubt(flat, np.zeros((64, 64), np.uint32)).serious
