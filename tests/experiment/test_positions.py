from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
import zarr

import napari_cellstate as cs
from napari_cellstate.cli import main
from tests.experiment_kit import blobs
from tests.formats.test_ome_zarr import write_image


@pytest.fixture
def plate(tmp_path):
    """Three positions in one OME-Zarr."""
    group = zarr.open_group(tmp_path / "screen.ome.zarr", mode="w", zarr_format=3)
    group.attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    for nth in range(3):
        write_image(group.create_group(str(nth)), blobs(6, seed=nth), "tyx", "0.5")
    return tmp_path / "screen.ome.zarr"


def test_positions_become_movies(plate, tmp_path, capsys):
    root = str(tmp_path / "e.cellstate")
    assert main(["new", root]) == 0
    assert main(["add", root, str(plate)]) == 2
    assert "3 positions in one file: 0 (0), 1 (1), 2 (2)" in capsys.readouterr().err
    for position in ("1", "2"):
        assert main(["add", root, str(plate), "--position", position, "--json"]) == 0
    exp = cs.Experiment(root)
    assert [entry.name for entry in exp.movies] == ["screen_p01", "screen_p02"]
    assert [entry.dt_s for entry in exp.movies] == [pytest.approx(390)] * 2
    with pytest.raises(cs.InputError, match="added already, as 'screen_p02'"):
        cs.add(exp, plate, position=2)
    for entry, seed in zip(exp.movies, (1, 2), strict=True):
        movie = exp.movie(entry.name)
        assert np.array_equal(movie.image(3), blobs(6, seed=seed)[3])
        movie.close()
    assert len({entry.images.ground for entry in exp.movies}) == 2  # the keys of the two must differ
    cs.run(exp, until="measure")
    keys = {exp.record("segment", entry.name)["key"] for entry in exp.movies}
    assert len(keys) == 2
    assert json.loads((exp.root / "experiment.json").read_text())["movies"][0]["images"]["position"] == 1


def test_series_of_an_ome_tiff(tmp_path):
    with tifffile.TiffWriter(tmp_path / "m.ome.tif", ome=True) as tiff:
        for nth in range(2):
            tiff.write(blobs(4, seed=nth), metadata={"axes": "TYX", "Name": f"well {nth}", "TimeIncrement": 60.0 + nth})
    exp = cs.new(tmp_path / "e.cellstate")
    with pytest.raises(cs.InputError, match=r"2 positions in one file: 0 \(well 0\), 1 \(well 1\)"):
        cs.add(exp, tmp_path / "m.ome.tif")
    entry = cs.add(exp, tmp_path / "m.ome.tif", position=1)
    assert (entry.name, entry.dt_s) == ("m_p01", 61)
    movie = exp.movie(entry.name)
    assert np.array_equal(movie.image(2), blobs(4, seed=1)[2])
    movie.close()


def test_a_position_of_nothing(tmp_path):
    exp = cs.new(tmp_path / "e.cellstate")
    with pytest.raises(cs.InputError, match="only a movie has positions"):
        cs.add(exp, tracks=tmp_path / "t.csv", position=1)
    tifffile.imwrite(tmp_path / "m.tif", blobs(4), photometric="minisblack")
    with pytest.raises(cs.InputError, match="no position 3; found 1"):
        cs.add(exp, tmp_path / "m.tif", position=3, dt=60)
