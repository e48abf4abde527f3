"""AVI, MP4 and other video files, decoded by the programs ffprobe and ffmpeg."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.formats.format import Format, choose_position, no_stack, reading

SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv")
_SECONDS = 300
_GREY_WITHIN = 4
"""Grey levels by which red, green and blue may differ: lossy codecs do not keep them quite equal."""


class VideoMovie:
    """A grey video, read frame by frame; a decoder runs until `close`.

    Frames are decoded one after the other, so going back starts again from the first: slow, but always the frame
    that was asked for. Frame interval and pixel size are not known: the speed of a video is that of its playing.
    See `core.movie.FrameSource` for the attributes. Read it from one thread at a time.
    """

    def __init__(self, path: Path, *, axes: str = "") -> None:
        if axes.upper() not in ("", "TYX"):
            raise InputError(f"{path}: axes {axes!r}; a video is TYX, one image a frame")
        self._path = path
        stream = _probe(path)
        with reading(str(path)):
            height, width = int(stream["height"]), int(stream["width"])
            frames = int(stream["nb_read_packets"])
        if min(height, width, frames) < 1:
            raise InputError(f"{path}: {frames} frames of {height} x {width} px; expected at least one")
        grey = str(stream.get("pix_fmt", "")).startswith("gray")
        deep = grey and str(stream["pix_fmt"])[4:5].isdigit()  # gray10le ...; 8 bits are called gray alone
        self._samples = 1 if grey else 3
        self._pixels = ("gray16le" if deep else "gray") if grey else "rgb24"
        self.shape = (frames, 1, height, width)
        self.dtype = np.dtype(np.uint16 if deep else np.uint8)
        self.axes_named = True
        self.dt_s: float | None = None
        self.pixel_size_um: float | None = None
        self.times_s: tuple[float, ...] = ()
        self.channels: tuple[str, ...] = ("channel 0",)
        self._decoder: subprocess.Popen[bytes] | None = None
        self._next = 0
        self._last: tuple[int, Array] | None = None

    def read(self, t: int, c: int) -> Array:
        """One plane, (Y, X), as decoded.

        Raises
        ------
        InputError
            A colour frame, a broken one, or a video that ends before it.
        """
        if c != 0 or not 0 <= t < self.shape[0]:
            raise InputError(f"no frame {t}, channel {c}; found {self.shape[0]} frames and 1 channel, from 0")
        if self._last is None or self._last[0] != t:
            self._last = (t, self._decode(t))
        return self._last[1]

    def close(self) -> None:
        """Stop the decoder."""
        if self._decoder is not None:
            self._decoder.kill()
            self._decoder.communicate()
            self._decoder = None

    def _decode(self, t: int) -> Array:
        if self._decoder is None or t < self._next:
            self.close()
            self._decoder, self._next = _start(self._path, self._pixels), 0
        _, _, height, width = self.shape
        size = height * width * self._samples * self.dtype.itemsize
        stdout = self._decoder.stdout
        if stdout is None:
            raise AssertionError("opened with a pipe")
        while self._next <= t:
            raw = stdout.read(size)
            if len(raw) < size:
                said = self._decoder.communicate()[1].decode(errors="replace").strip().splitlines()
                self._decoder = None
                reason = f" ({said[-1]})" if said else ""
                raise InputError(
                    f"{self._path}, frame {t}: the video ends after {self._next} of {self.shape[0]} frames{reason}; "
                    "copy it again, or save it as TIFF"
                )
            self._next += 1
        plane = np.frombuffer(raw, self.dtype).reshape(height, width, self._samples)
        return self._grey(plane, t)

    def _grey(self, plane: Array, t: int) -> Array:
        if self._samples == 1:
            return plane[..., 0].copy()
        differ = int(np.ptp(plane, axis=2).max())
        if differ > _GREY_WITHIN:
            raise InputError(
                f"{self._path}, frame {t}: a colour image (red, green and blue differ by up to {differ} levels); "
                "expected grey; save the channels as a TIFF (axes TCYX)"
            )
        return plane[..., 1].copy()


def _program(name: str, path: Path) -> str:
    found = shutil.which(name)
    if found is None:
        raise InputError(
            f"{path}: video files need the program {name}, which is not on the path; install ffmpeg (5.1 or newer), or "
            "save the video as TIFF"
        )
    return found


def _source(path: Path) -> list[str]:
    """How a file is named to them; only files may be opened, whatever a playlist inside says."""
    return ["-protocol_whitelist", "file,pipe", "-i", f"file:{path.resolve()}"]


def _probe(path: Path) -> dict[str, Any]:
    """What the file says about its first video stream, and how many frames it has."""
    asked = ["-v", "error", "-select_streams", "v:0", "-count_packets", "-of", "json"]
    shown = ["-show_entries", "stream=width,height,pix_fmt,nb_read_packets"]
    _program("ffmpeg", path)
    command = [_program("ffprobe", path), *asked, *shown, *_source(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: ffprobe did not answer within {_SECONDS} s; the file is damaged") from None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    with reading(str(path)):
        streams = json.loads(done.stdout or b"{}").get("streams", [])
    if done.returncode or not streams:
        reason = said[-1] if said else "no video in it"
        raise InputError(f"{path}: not a video that ffmpeg can read ({reason}); copy it again, or save it as TIFF")
    return dict(streams[0])


def _start(path: Path, pixels: str) -> subprocess.Popen[bytes]:
    ffmpeg = _program("ffmpeg", path)
    asked = ["-v", "fatal", "-nostdin", "-threads", "1", "-noautorotate"]
    given = ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", pixels, "-"]
    return subprocess.Popen([ffmpeg, *asked, *_source(path), *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _open(path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = "") -> VideoMovie:
    choose_position([""], position, str(path))
    no_stack(project, str(path), "a video")
    return VideoMovie(path, axes=axes)


FORMAT = Format("video", "*.avi, *.mp4", lambda path: path.is_file() and path.suffix.lower() in SUFFIXES, _open)
