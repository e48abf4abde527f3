"""Frames to a movie file: MP4 where an encoder is found, else GIF."""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.atomic import replacing
from napari_cellstate.core.errors import CellStateError, InputError

logger = logging.getLogger(__name__)

Image = NDArray[np.uint8]

# H.264 encoders that an ffmpeg may have, and what each is told about quality.
_ENCODERS: dict[str, tuple[str, ...]] = {
    "libx264": ("-preset", "veryfast", "-crf", "20"),
    "libopenh264": ("-b:v", "6M"),
}


def write_movie(frames: Iterator[Image], path: Path, fps: int, kind: str = "auto") -> Path:
    """Write frames as PATH.mp4 (H.264, yuv420p), or as PATH.gif where no ffmpeg with an H.264 encoder is found.

    The file is there whole or not at all; an error of the iterator (`Cancelled` too) goes through and leaves none.

    Parameters
    ----------
    frames : (H, W, 3) uint8, all of one size, asked for one at a time; odd sizes are padded for MP4.
    path : without suffix.
    fps : frames a second.
    kind : "auto" as above; "mp4", "gif" or "tiff" (a stack of RGB images, zlib) writes that and nothing else.

    Returns
    -------
    The path written.

    Raises
    ------
    InputError
        No frames, or frames of different sizes; "mp4", and no encoder is found.
    CellStateError
        The encoder stopped in the middle (disk full, killed).
    """
    first = next(frames, None)
    if first is None:
        raise InputError(f"movie file {path.name}: there are no frames to write; expected at least 1")
    checked = _checked(chain([first], frames), first.shape, path)
    if kind == "gif":
        return _write_gif(checked, path.with_name(f"{path.name}.gif"), fps)
    if kind == "tiff":
        return _write_tiff(checked, path.with_name(f"{path.name}.tif"))
    ffmpeg = shutil.which("ffmpeg")
    encoder = None if ffmpeg is None else _working_encoder(ffmpeg, first, fps)
    if kind == "mp4" and encoder is None:
        raise InputError(f"movie file {path.name}: no ffmpeg with an H.264 encoder is found; install one, or take gif")
    if ffmpeg is None or encoder is None:
        logger.info("%s: no ffmpeg with an H.264 encoder on the path; writing GIF", path.name)
        return _write_gif(checked, path.with_name(f"{path.name}.gif"), fps)
    target = path.with_name(f"{path.name}.mp4")
    with replacing(target) as temporary:
        said = _encode(_command(ffmpeg, encoder, first, fps, temporary), checked)
        if said is not None:
            raise CellStateError(f"movie file {target}: ffmpeg stopped before the end: {said}")
    return target


def _checked(frames: Iterator[Image], shape: tuple[int, ...], path: Path) -> Iterator[Image]:
    for nth, frame in enumerate(frames):
        if frame.shape != shape or frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise InputError(
                f"movie file {path.name}, frame {nth}: shape {frame.shape}, {frame.dtype}; expected "
                f"(height, width, 3) uint8, and the shape of the first frame, {shape}"
            )
        yield frame


def _working_encoder(ffmpeg: str, first: Image, fps: int) -> str | None:
    """The first encoder that takes the first frame, tried before all others are made, which happens only once."""
    with tempfile.TemporaryDirectory(prefix="cellstate-") as folder:
        for encoder in _ENCODERS:
            said = _encode(_command(ffmpeg, encoder, first, fps, Path(folder) / "try.mp4"), iter([first]))
            if said is None:
                return encoder
            logger.debug("ffmpeg with %s: %s", encoder, said)
    return None


def _command(ffmpeg: str, encoder: str, first: Image, fps: int, target: Path) -> list[str]:
    height, width = (side + side % 2 for side in first.shape[:2])
    return [
        *(ffmpeg, "-y", "-nostdin", "-loglevel", "error"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "pipe:0"),
        *("-an", "-c:v", encoder, *_ENCODERS[encoder], "-pix_fmt", "yuv420p", "-threads", "2"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"),
        *("-f", "mp4", str(target)),
    ]


def _encode(command: list[str], frames: Iterator[Image]) -> str | None:
    """Pipe frames through the encoder; what it said where it failed, None where all went well."""
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
        except OSError as error:
            return str(error)
        try:
            fed = _feed(process, frames)
            _close(process)
            failed = process.wait() != 0 or not fed
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            _close(process)
        return _last_line(errors) if failed else None


def _feed(process: subprocess.Popen[bytes], frames: Iterator[Image]) -> bool:
    """Write all frames and close the pipe; False where the encoder had closed its end."""
    pipe = process.stdin
    assert pipe is not None
    for frame in frames:
        data = _even(frame).tobytes()
        try:
            pipe.write(data)
        except OSError:
            return False
    try:
        pipe.close()
    except OSError:
        return False
    return True


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, whatever is still in it."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _even(frame: Image) -> Image:
    """Pad to even sides, as yuv420p wants them, by the last line."""
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else frame


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason"


def _write_gif(frames: Iterator[Image], target: Path, fps: int) -> Path:
    """GIF of 256 colours, chosen anew for each frame, without dithering, which would hide thin outlines."""
    from PIL import Image as Pictures

    reduced = (
        Pictures.fromarray(frame).quantize(
            colors=255, method=Pictures.Quantize.MAXCOVERAGE, dither=Pictures.Dither.NONE
        )
        for frame in frames
    )
    first = next(reduced)
    with replacing(target) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=reduced,
            duration=round(1000 / fps),
            loop=0,
            optimize=True,
        )
    return target


def _write_tiff(frames: Iterator[Image], target: Path) -> Path:
    """A page a frame, written one by one."""
    import tifffile

    with replacing(target) as temporary, tifffile.TiffWriter(temporary, bigtiff=True) as file:
        for frame in frames:
            file.write(frame, photometric="rgb", compression="zlib", contiguous=False, metadata=None)
    return target
