from __future__ import annotations

import shutil
import subprocess
from contextlib import closing

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.movies import open_movie

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
SHAPE = (7, 16, 24)


@pytest.fixture
def stack():
    return np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)


def encode(path, frames, pixels="gray", *options):
    height, width = frames.shape[1:3]
    given = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", "10", "-i", "-"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *given, *options, str(path)], input=frames.tobytes(), check=True, timeout=60
    )
    return path


@pytest.mark.parametrize("name", ["m.avi", "a name ü.mkv"])
def test_lossless_grey_comes_back(tmp_path, stack, name):
    path = encode(tmp_path / name, stack, "gray", "-c:v", "ffv1", "-pix_fmt", "gray")
    with closing(open_movie(path)) as movie:
        assert movie.shape == (7, 1, 16, 24)
        assert (movie.dt_s, movie.pixel_size_um, movie.axes_named) == (None, None, True)
        for t in (0, 3, 6, 2, 2, 0):  # forward, back, again
            assert np.array_equal(movie.read(t, 0), stack[t])
        with pytest.raises(InputError, match="no frame 7"):
            movie.read(7, 0)


def test_sixteen_bits(tmp_path):
    deep = np.random.default_rng(1).integers(0, 2**16, SHAPE).astype("<u2")
    path = encode(tmp_path / "m.mkv", deep, "gray16le", "-c:v", "ffv1", "-pix_fmt", "gray16le")
    with closing(open_movie(path)) as movie:
        assert movie.dtype == np.uint16
        assert np.array_equal(movie.read(5, 0), deep[5])


def test_equal_red_green_and_blue_are_grey(tmp_path, stack):
    path = encode(tmp_path / "m.avi", np.repeat(stack[..., None], 3, axis=3), "rgb24", "-c:v", "png")
    with closing(open_movie(path)) as movie:
        assert np.array_equal(movie.read(6, 0), stack[6])


def test_h264_is_close(tmp_path):
    y, x = np.mgrid[:32, :48]
    smooth = np.stack([128 + 80 * np.sin((x + 2 * t) / 8) * np.cos(y / 9) for t in range(20)]).astype(np.uint8)
    path = encode(tmp_path / "m.mp4", smooth, "gray", "-c:v", "mpeg4", "-q:v", "2")
    with closing(open_movie(path)) as movie:
        assert movie.shape[0] == 20
        error = [np.abs(movie.read(t, 0).astype(float) - smooth[t]).mean() for t in (0, 11, 19)]
    assert max(error) < 4  # a frame off would be 9 or more


def test_colour_is_refused(tmp_path, stack):
    colour = np.stack([stack, stack // 2, 255 - stack], axis=3)
    movie = open_movie(encode(tmp_path / "m.avi", colour, "rgb24", "-c:v", "png"))
    with closing(movie), pytest.raises(InputError, match=r"m\.avi, frame 0: a colour image"):
        movie.read(0, 0)


def test_what_is_no_video(tmp_path, stack):
    (tmp_path / "m.avi").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"m\.avi: not a video that ffmpeg can read"):
        open_movie(tmp_path / "m.avi")
    path = encode(tmp_path / "m.mkv", stack, "gray", "-c:v", "ffv1")
    with pytest.raises(InputError, match="a video is TYX"):
        open_movie(path, axes="TCYX")


def test_a_cut_file_is_an_error_or_shorter_never_a_wrong_frame(tmp_path, stack):
    path = encode(tmp_path / "m.avi", stack, "gray", "-c:v", "ffv1", "-pix_fmt", "gray")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    try:
        with closing(open_movie(path)) as movie:
            for t in range(movie.shape[0] - 1):
                assert np.array_equal(movie.read(t, 0), stack[t])
    except InputError as error:
        assert "m.avi" in str(error)


def test_without_ffmpeg(tmp_path, stack, monkeypatch):
    path = encode(tmp_path / "m.avi", stack, "gray", "-c:v", "ffv1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"m\.avi: video files need the program ffmpeg"):
        open_movie(path)
