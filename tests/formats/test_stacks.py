"""Z-stacks: refused, or projected on an explicit word, in each format that can hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.crop import parse_roi
from napari_cellstate.formats.movies import open_movie, positions
from tests.experiment_kit import blobs, write_movie
from tests.formats.test_ome_zarr import write_image

STACK = np.random.default_rng(0).integers(0, 60_000, (3, 2, 4, 20, 24)).astype(np.uint16)
"""T, C, Z, Y, X."""


@pytest.fixture(params=["tiff", "ome-tiff", "imagej", "zarr"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "zarr":
        import zarr

        group = zarr.open_group(tmp_path / "a.ome.zarr", mode="w", zarr_format=3)
        write_image(group, STACK, "tczyx", "0.5")
        return tmp_path / "a.ome.zarr"
    if request.param == "imagej":
        tifffile.imwrite(tmp_path / "a.tif", STACK.swapaxes(1, 2), imagej=True, metadata={"axes": "TZCYX"})
    else:
        ome = request.param == "ome-tiff"
        tifffile.imwrite(tmp_path / "a.tif", STACK, ome=ome, metadata={"axes": "TCZYX"})
    return tmp_path / "a.tif"


def test_a_stack_is_refused_by_name_and_told_what_to_do(path: Path) -> None:
    with pytest.raises(InputError, match=r"a z-stack \(4 planes.*--project max or --project mean"):
        open_movie(path)


@pytest.mark.parametrize("project", ["max", "mean"])
def test_projections(path: Path, project: str) -> None:
    movie = open_movie(path, project=project)
    assert movie.shape == (3, 2, 20, 24)
    expected = getattr(STACK, project)(axis=2)
    for t, c in ((0, 0), (2, 1), (1, 0)):
        plane = movie.read(t, c)
        assert plane.dtype == movie.dtype == (np.uint16 if project == "max" else np.float32)
        np.testing.assert_allclose(plane, expected[t, c], rtol=1e-6)
    movie.close()


def test_a_projection_of_nothing_and_an_unknown_one(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="projection 'sum'; expected max or mean"):
        open_movie(path, project="sum")
    flat = write_movie(tmp_path / "flat.ome.tif", blobs(3))
    with pytest.raises(InputError, match="there is no z-stack in it"):
        open_movie(flat, project="max")


def test_a_projected_movie_in_an_experiment(tmp_path: Path) -> None:
    stack = np.stack([blobs(4), blobs(4) // 2], axis=1)
    tifffile.imwrite(tmp_path / "a.tif", stack, metadata={"axes": "TZYX"})
    root = tmp_path / "e.cellstate"
    exp = cs.new(root)
    assert main(["add", str(root), str(tmp_path / "a.tif"), "--dt", "60"]) == 2
    assert main(["add", str(root), str(tmp_path / "a.tif"), "--dt", "60", "--project", "max"]) == 0
    movie = exp.movie("a")
    assert np.array_equal(movie.image(3), blobs(4)[3])
    movie.close()
    assert exp.entry("a").images.project == "max"
    assert exp.entry("a").images.ground.endswith(" max")


def test_positions_are_listed_and_added_all_at_once(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "m.ome.tif", ome=True) as tiff:
        for nth in range(3):
            tiff.write(blobs(3, seed=nth), metadata={"axes": "TYX", "Name": f"well {nth}"})
    assert positions(tmp_path / "m.ome.tif") == ("well 0", "well 1", "well 2")
    assert cs.positions(write_movie(tmp_path / "one.ome.tif", blobs(3))) == ("",)
    root = tmp_path / "e.cellstate"
    exp = cs.new(root)
    movie = str(tmp_path / "m.ome.tif")
    assert main(["add", str(root), movie, "--position", "0,2"]) == 0
    assert [entry.name for entry in exp.movies] == ["m_p00", "m_p02"]
    assert main(["add", str(root), movie, "--position", "two"]) == 2
    other = tmp_path / "f.cellstate"
    cs.new(other)
    assert main(["add", str(other), movie, "--position", "all"]) == 0
    assert [entry.name for entry in cs.Experiment(other).movies] == ["m_p00", "m_p01", "m_p02"]


def test_bioio_reads_what_we_do_not(tmp_path: Path) -> None:
    pytest.importorskip("bioio_tifffile")
    from napari_cellstate.formats.bioio import BioioMovie

    tifffile.imwrite(tmp_path / "a.tif", STACK.swapaxes(1, 2), imagej=True, metadata={"axes": "TZCYX"})
    with pytest.raises(InputError, match="--project"):
        BioioMovie(tmp_path / "a.tif")
    movie = BioioMovie(tmp_path / "a.tif", project="max")
    assert movie.shape == (3, 2, 20, 24)
    assert np.array_equal(movie.read(2, 1), STACK[2, 1].max(axis=0))
    with pytest.raises(InputError, match=r"a\.xyz: not a movie that we can read.*bioio"):
        (tmp_path / "a.xyz").write_bytes(b"what is this")
        open_movie(tmp_path / "a.xyz")
    (tmp_path / "b.tif").write_bytes(b"II*\0nonsense")
    with pytest.raises(InputError, match=r"b\.tif"):
        BioioMovie(tmp_path / "b.tif")


def test_without_bioio_a_user_is_told_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_cellstate.formats import bioio

    monkeypatch.setattr(bioio, "_installed", lambda: False)
    (tmp_path / "a.czi").write_bytes(b"ZISRAWFILE")
    with pytest.raises(InputError, match=r"a\.czi: not a movie.*pip install bioio bioio-czi"):
        open_movie(tmp_path / "a.czi")


def test_a_region_of_interest_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_movie(tmp_path / "a.ome.tif", blobs(6))
    root = tmp_path / "e.cellstate"
    exp = cs.new(root)
    arguments = ["--roi", "10:80,4:60", "--frames", "1:6", "--reason", "a hair lies right of it"]
    assert main(["add", str(root), str(path), *arguments]) == 0
    [entry] = exp.movies
    assert (entry.shape, entry.roi, entry.reason) == ((6, 1, 70, 56), (10, 80, 4, 60), "a hair lies right of it")
    movie = exp.movie("a")
    assert np.array_equal(movie.image(2), blobs(6)[2, 10:80, 4:60])
    movie.close()
    cs.run(exp, until="measure")
    assert exp.labels("a").shape == (6, 70, 56)
    assert main(["status", str(root)]) == 0
    said = "only frames 1:6 of 6 and rows 10:80, columns 4:60 in use (a hair lies right of it)"
    assert said in capsys.readouterr().out
    assert cs.check(exp) == ()


def test_labels_and_tracks_of_a_region(tmp_path: Path) -> None:
    import pandas as pd

    path = write_movie(tmp_path / "a.ome.tif", blobs(4))
    labels = np.zeros((4, 96, 96), np.uint16)
    labels[:, 20:30, 20:30] = 1
    labels[:, 50:60, 80:90] = 2
    tifffile.imwrite(tmp_path / "l.tif", labels, metadata={"axes": "TYX"})
    rows = [(track, t, y, x) for track, (y, x) in enumerate(((24.5, 24.5), (54.5, 84.5))) for t in range(4)]
    pd.DataFrame(rows, columns=["track", "frame", "y", "x"]).to_csv(tmp_path / "t.csv", index=False)
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, path, labels=tmp_path / "l.tif", tracks=tmp_path / "t.csv", roi="10:96,10:60")
    movie = exp.movie("a")
    assert np.array_equal(movie.labels.read(3, 0), labels[3, 10:96, 10:60])
    assert movie.points.points[["y", "x"]].drop_duplicates().to_numpy().tolist() == [[14.5, 14.5]]
    movie.close()
    cs.run(exp, until="link")
    assert len(exp.cells("a")) == 4


@pytest.mark.parametrize("text", ["1:2", "0:97,0:96", "5:5,0:9", "-1:5,0:9", "a:b,c:d", "0:9,0:9,0:9"])
def test_a_region_that_makes_no_sense(text: str) -> None:
    with pytest.raises(InputError, match="--roi"):
        parse_roi(text, 96, 96)
