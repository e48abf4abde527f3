"""What happens to a user's results when the world around them breaks: one line that says what to do, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core import atomic
from tests.experiment_kit import blobs, results, write_movie

FRAMES = blobs(8)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> cs.Experiment:
    """One movie with every stage done; nothing here changes it."""
    folder = tmp_path_factory.mktemp("whole")
    exp = cs.new(folder / "e.cellstate")
    cs.add(exp, write_movie(folder / "a.ome.tif", FRAMES))
    cs.run(exp)
    return exp


@pytest.fixture
def copied(whole, tmp_path) -> cs.Experiment:
    shutil.copytree(whole.root.parent, tmp_path / "c")
    return cs.Experiment(tmp_path / "c" / "e.cellstate")


def one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that fails says."""
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    line = said.strip().splitlines()[-1]
    assert line.startswith("napari-cellstate: ")
    return line


# a full disk


def test_a_full_disk_is_named_whatever_a_library_makes_of_it(tmp_path):
    for error in (OSError(errno.ENOSPC, "x"), OSError("[errno 28] No space left"), RuntimeError("No space left on")):
        with pytest.raises(OSError, match=r"a\.txt") as caught, atomic.replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise error
        assert caught.value.errno == errno.ENOSPC
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="other"), atomic.replacing(tmp_path / "a.txt"):
        raise OSError(errno.EIO, "other")


def test_room_is_made_sure_of_before_hdf5_writes(tmp_path, monkeypatch):
    atomic.make_room(tmp_path / "a", 1000)
    assert list(tmp_path.iterdir()) == []

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match=r"'.*a'") as caught:
        atomic.make_room(tmp_path / "a", 1000)
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kb", [120, 260, 340])
def test_a_run_on_a_full_disk_goes_on_where_it_stopped(whole, tmp_path, kb):
    """A file system of so many kB, which is made larger afterwards."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kb}k,nr_inodes=0", "tmpfs", str(disk)]
    if not hasattr(os, "geteuid") or os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        exp = cs.new(disk / "e.cellstate")
        cs.add(exp, whole.root.parent / "a.ome.tif")
        command = [sys.executable, "-m", "napari_cellstate.cli", "run", str(exp.root)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "the disk is full; make room, and the same command goes on" in done.stderr.splitlines()[-1]
        assert not [one for one in cs.check(exp) if "left by a process" not in one.problem]
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        cs.run(exp)
        ours, theirs = results(exp.root), results(whole.root)
        assert {name: ours[name] for name in theirs if name != "experiment.json"} == {
            name: data for name, data in theirs.items() if name != "experiment.json"
        }
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


# files that go, folders that cannot be written


def test_a_file_that_vanishes_in_the_middle_of_a_run(tmp_path, capsys):
    folder = tmp_path / "images"
    folder.mkdir()
    for t, frame in enumerate(FRAMES):
        tifffile.imwrite(folder / f"t{t:03d}.tif", frame)
    exp = cs.new(tmp_path / "e.cellstate")
    cs.add(exp, folder, dt=60)

    def lose(done: int, total: int, what: str) -> None:
        if what.endswith("segment") and done == 3:
            (folder / "t006.tif").unlink(missing_ok=True)

    with pytest.raises(cs.InputError, match=r"frame 6: .*t006\.tif: the file is gone"):
        cs.run(exp, until="segment", progress=lose)
    assert not (exp.movie_paths("images").labels).exists()
    assert "has changed since it was added" in one_line(["run", str(exp.root)], capsys)
    tifffile.imwrite(folder / "t006.tif", FRAMES[6])
    seen: list[int] = []
    cs.run(exp, until="segment", progress=lambda done, total, what: seen.append(done))
    assert seen[0] == 6


def test_a_folder_that_cannot_be_written(copied, tmp_path, capsys, monkeypatch):
    """As root may write anywhere, the system's refusal is played."""

    def refuse(path: object, *_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    before = results(copied.root)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert "Read-only file system" in one_line(["run", str(copied.root)], capsys)
    assert main(["status", str(copied.root)]) == 0
    assert results(copied.root) == before


# other times, other versions


def test_results_of_a_newer_version_are_left_alone(copied, tmp_path, capsys):
    path = copied.root / "experiment.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 99'))
    before = results(copied.root)
    for verb in (
        ["run"],
        ["status"],
        ["export", str(tmp_path / "out")],
        ["add", "x.tif"],
        ["pack", str(tmp_path / "p")],
    ):
        assert "made by a newer version" in one_line([verb[0], str(copied.root), *verb[1:]], capsys)
    assert main(["check", str(copied.root)]) == 1
    assert "update napari-cellstate" in capsys.readouterr().out
    assert results(copied.root) == before


def test_records_of_a_newer_version_are_read_or_made_anew(copied):
    for path in copied.root.rglob("records/*.json"):
        content = json.loads(path.read_text())
        path.write_text(json.dumps({**content, "version": "99.0", "key": "of another age", "more": [1]}))
    assert "stale" in cs.status(copied)["movies"][0]["stages"].values()
    cs.run(copied)
    assert set(cs.status(copied)["movies"][0]["stages"].values()) == {"fresh"}


@pytest.mark.parametrize("seconds", [-1.6e9, 3e9])
def test_a_clock_that_jumps_changes_nothing(copied, seconds):
    for path in [*copied.root.rglob("*"), copied.root.parent / "a.ome.tif"]:
        time = path.stat().st_mtime + seconds
        os.utime(path, (time, time))
    before = results(copied.root)
    found = cs.status(copied)
    assert set(found["movies"][0]["stages"].values()) | set(found["stages"].values()) == {"fresh"}
    cs.run(copied)
    assert results(copied.root) == before
    assert cs.check(copied) == ()


# names


@pytest.mark.parametrize(
    "name",
    [
        "with two  blanks",
        "Zellkörper ßÄ",
        "emoji 🧬 移動",
        "x/../y",
        "a'b\"c$d;e",
        "l" * 100 + "/" + "m" * 100 + "/" + "n" * 100,
    ],
)
def test_names_of_folders_and_movies(tmp_path, name):
    folder = tmp_path / name
    Path(os.path.normpath(folder)).mkdir(parents=True)
    (tmp_path / "x").mkdir(exist_ok=True)
    stem = Path(name).name
    movie = write_movie(folder / f"{stem}.ome.tif", FRAMES)
    outside = {path for path in tmp_path.rglob("*") if path.is_file()}
    root = folder / f"{stem}.cellstate"
    assert main(["new", str(root)]) == 0
    assert main(["add", str(root), str(movie)]) == 0
    assert main(["run", str(root), "--until", "link"]) == 0
    assert main(["export", str(root), str(folder / "out"), "--format", "csv"]) == 0
    assert main(["export", str(root), str(folder / "ctc"), "--format", "ctc"]) == 0
    exp = cs.Experiment(root)
    assert cs.check(exp) == ()
    assert len(exp.cells(exp.movies[0].name)) > 20
    inside = [Path(os.path.normpath(folder / part)) for part in (root.name, "out", "ctc")]
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - outside
    assert all(any(path.is_relative_to(one) for one in inside) for path in made)


def test_names_that_no_system_takes(tmp_path, capsys):
    long = "e" * 300
    assert "File name too long" in one_line(["new", str(tmp_path / long)], capsys)
    exp = cs.new(tmp_path / "e.cellstate")
    path = write_movie(tmp_path / "a.ome.tif", FRAMES)
    for name in ("../b", "a/b", "..", "", " ", "con", "n" * 121, "a\0b", "a:b"):
        if name:
            assert "movie name" in one_line(["add", str(exp.root), str(path), "--name", name], capsys)
    assert exp.movies == ()
    assert "File name too long" in one_line(["add", str(exp.root), str(tmp_path / f"{long}.tif")], capsys)


def test_a_movie_with_a_long_name_gets_a_shorter_one(tmp_path):
    path = write_movie(tmp_path / f"{'ö' * 110}.ome.tif", FRAMES)
    exp = cs.new(tmp_path / "e.cellstate")
    assert len(cs.add(exp, path).name.encode()) <= 120
    assert np.array_equal(exp.movie(exp.movies[0].name).image(0), FRAMES[0])
