from __future__ import annotations

import json
import shutil
import stat
import subprocess

import numpy as np
import pytest
from PIL import Image

from napari_cellstate.core.errors import Cancelled, CellStateError, InputError
from napari_cellstate.plots import movie_file
from napari_cellstate.plots.movie_file import write_movie

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on the path")


def frames(n=6, shape=(33, 47), stop=None):
    """A white square that wanders over orange."""
    for t in range(n):
        if stop == t:
            raise Cancelled
        frame = np.empty((*shape, 3), np.uint8)
        frame[:] = 230, 159, 0
        frame[8:16, 4 * t : 4 * t + 8] = 255
        yield frame


@pytest.fixture
def no_ffmpeg(monkeypatch):
    monkeypatch.setattr(movie_file.shutil, "which", lambda name: None)


@pytest.fixture
def false_ffmpeg(tmp_path, monkeypatch):
    """Put a script in the place of ffmpeg."""

    def put(script):
        path = tmp_path / "bin" / "ffmpeg"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(movie_file.shutil, "which", lambda name: str(path))

    return put


@needs_ffmpeg
def test_mp4_has_all_frames_and_even_sides(tmp_path):
    try:
        path = write_movie(frames(), tmp_path / "out" / "film.one", 5)
    finally:
        left = sorted(each.name for each in (tmp_path / "out").iterdir())
    if path.suffix == ".gif":
        pytest.skip("this ffmpeg has no H.264 encoder")
    assert left == ["film.one.mp4"]
    if shutil.which("ffprobe"):
        asked = "stream=codec_name,pix_fmt,width,height,nb_frames,r_frame_rate"
        command = ["ffprobe", "-v", "error", "-show_entries", asked, "-of", "json", str(path)]
        (stream,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
        assert stream == {
            "codec_name": "h264",
            "pix_fmt": "yuv420p",
            "width": 48,
            "height": 34,
            "nb_frames": "6",
            "r_frame_rate": "5/1",
        }
    first = path.read_bytes()
    assert write_movie(frames(), tmp_path / "out" / "film.one", 5).read_bytes() == first


def test_gif_where_there_is_no_ffmpeg(tmp_path, no_ffmpeg):
    path = write_movie(frames(), tmp_path / "film", 10)
    assert path == tmp_path / "film.gif"
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info["duration"], film.info["loop"]) == (6, (47, 33), 100, 0)
        for t, frame in enumerate(frames()):
            film.seek(t)
            assert np.array_equal(np.asarray(film.convert("RGB")), frame)
    again = write_movie(frames(), tmp_path / "again", 10)
    assert again.read_bytes() == path.read_bytes()


def test_gif_where_ffmpeg_cannot_encode(tmp_path, false_ffmpeg):
    false_ffmpeg('echo "Unknown encoder" >&2; exit 1')
    path = write_movie(frames(), tmp_path / "out" / "film", 10)
    with Image.open(path) as film:
        assert film.n_frames == 6
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["film.gif"]


def test_gif_where_ffmpeg_cannot_be_started(tmp_path, monkeypatch):
    monkeypatch.setattr(movie_file.shutil, "which", lambda name: str(tmp_path / "not there"))
    assert write_movie(frames(), tmp_path / "film", 10).suffix == ".gif"


def test_an_encoder_that_stops_in_the_middle_is_an_error_and_leaves_no_file(tmp_path, false_ffmpeg):
    false_ffmpeg(
        'case "$*" in *try.mp4) cat >/dev/null;; *) head -c 5000 >/dev/null; echo "disk full" >&2; exit 1;; esac'
    )
    with pytest.raises(CellStateError, match="ffmpeg stopped before the end: disk full"):
        write_movie(frames(300), tmp_path / "out" / "film", 10)
    assert list((tmp_path / "out").iterdir()) == []


@needs_ffmpeg
def test_cancelled_mp4_leaves_no_file_and_no_process(tmp_path, monkeypatch):
    started = []
    begin = subprocess.Popen

    def watched(*args, **kwargs):
        started.append(begin(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(movie_file.subprocess, "Popen", watched)
    old = tmp_path / "film.mp4"
    old.write_bytes(b"as it was")
    with pytest.raises(Cancelled):
        write_movie(frames(stop=4), tmp_path / "film", 10)
    assert started
    assert all(process.poll() is not None for process in started)
    assert [each.name for each in tmp_path.iterdir()] == ["film.mp4"]
    assert old.read_bytes() == b"as it was"


def test_cancelled_gif_leaves_no_file(tmp_path, no_ffmpeg):
    with pytest.raises(Cancelled):
        write_movie(frames(stop=4), tmp_path / "film", 10)
    assert list(tmp_path.iterdir()) == []


def test_no_frames(tmp_path):
    with pytest.raises(InputError, match="there are no frames"):
        write_movie(iter([]), tmp_path / "film", 10)


@pytest.mark.parametrize("bad", [np.zeros((5, 5, 3), np.uint8), np.zeros((33, 47, 3)), np.zeros((33, 47), np.uint8)])
def test_a_frame_of_another_kind(tmp_path, no_ffmpeg, bad):
    with pytest.raises(InputError, match=r"frame 2: shape \("):
        write_movie(iter([*frames(2), bad]), tmp_path / "film", 10)
    assert list(tmp_path.iterdir()) == []


def test_one_frame(tmp_path, no_ffmpeg):
    with Image.open(write_movie(frames(1), tmp_path / "film", 10)) as film:
        assert film.size == (47, 33)
