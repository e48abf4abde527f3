"""A movie that grows while it is imaged: only its new frames are segmented and measured."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.cli import main
from tests.experiment_kit import blobs, results, write_movie

ALL = blobs(16)


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twelve")
    write_movie(folder / "a.ome.tif", ALL[:12])
    exp = cs.new(folder / "e.cellstate")
    cs.add(exp, folder / "a.ome.tif")
    cs.run(exp)
    return folder


@pytest.fixture
def young(twelve, tmp_path):
    """Twelve of sixteen frames, every stage done."""
    shutil.copytree(twelve, tmp_path, dirs_exist_ok=True)
    return cs.Experiment(tmp_path / "e.cellstate")


def steps(exp: cs.Experiment) -> list[tuple[str, int]]:
    """What a run did, and at which frame it began."""
    seen: list[tuple[str, int]] = []

    def progress(done: int, total: int, what: str) -> None:
        if what not in [one for one, _ in seen]:
            seen.append((what, done))

    cs.run(exp, progress=progress)
    return seen


def test_only_new_frames_are_segmented_and_measured(young, tmp_path, capsys):
    old = np.asarray(young.labels("a"))
    write_movie(tmp_path / "a.ome.tif", ALL)
    assert main(["status", str(young.root)]) == 0
    assert f"napari-cellstate grow {young.root} a" in capsys.readouterr().out
    assert main(["grow", str(young.root), "a"]) == 0
    assert "4 new frames, 16 now; 12 need not be segmented and measured again" in capsys.readouterr().out
    assert (young.entry("a").shape[0], young.entry("a").frames, young.entry("a").grown_from) == (16, (0, 16), 12)
    done = dict(steps(young))
    assert (done["a: segment"], done["a: measure"]) == (12, 12)
    assert np.array_equal(np.asarray(young.labels("a"))[:12], old)
    assert sorted(young.cells("a")["frame"].unique()) == list(range(16))
    assert cs.check(young) == ()
    assert set(cs.status(young)["movies"][0]["stages"].values()) == {"fresh"}

    again = tmp_path / "again.cellstate"
    shutil.copytree(young.root, again)
    shutil.rmtree(again / "movies")
    cs.run(again)
    assert results(again) == results(young.root)


def test_a_movie_grows_twice(young, tmp_path):
    for frames in (14, 16):
        write_movie(tmp_path / "a.ome.tif", ALL[:frames])
        found = cs.grow(young, "a")
        assert found.new_frames == 2
        assert found.entry.grown_from == 12
        assert dict(steps(young))["a: segment"] == frames - 2


def test_a_folder_of_images_grows(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for t in range(12):
        tifffile.imwrite(folder / f"t{t:03d}.tif", ALL[t])
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, folder, dt=60)
    cs.run(exp, until="measure")
    for t in range(12, 16):
        tifffile.imwrite(folder / f"t{t:03d}.tif", ALL[t])
    assert cs.grow(exp, "images").kept_frames == 12
    cs.run(exp, until="measure")
    assert exp.labels("images").shape[0] == 16


def test_without_results_there_is_nothing_to_keep(tmp_path):
    write_movie(tmp_path / "a.ome.tif", ALL[:12])
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, tmp_path / "a.ome.tif")
    write_movie(tmp_path / "a.ome.tif", ALL)
    found = cs.grow(exp, "a")
    assert (found.new_frames, found.kept_frames, found.entry.grown_from) == (4, 0, 0)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        (ALL[:12], "12 frames, not more than the 12"),
        (ALL[:9], "9 frames, fewer than the 12"),
        (blobs(16, seed=5), "frame 0 is not what it was"),
        (ALL[:, :80], "80 x 96 px; expected 1 of 96 x 96 px as before"),
    ],
)
def test_what_has_not_grown_is_refused_and_nothing_is_lost(young, tmp_path, stack, message):
    before = results(young.root)
    write_movie(tmp_path / "a.ome.tif", stack)
    with pytest.raises(cs.InputError, match=message):
        cs.grow(young, "a")
    assert results(young.root) == before


def test_a_movie_cut_at_its_end_does_not_grow(tmp_path):
    write_movie(tmp_path / "a.ome.tif", ALL[:12])
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, tmp_path / "a.ome.tif", frames="0:10")
    write_movie(tmp_path / "a.ome.tif", ALL)
    with pytest.raises(cs.InputError, match="only frames up to 10 of 12 are in use"):
        cs.grow(exp, "a")
