"""Open a movie, whatever its format. To add a format: one file beside this one, one line in `FORMATS`."""

from __future__ import annotations

from pathlib import Path

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import FrameSource
from napari_cellstate.formats import bioio, folder, nd2, ome_zarr, png, tiff, video
from napari_cellstate.formats.format import Format

FORMATS: tuple[Format, ...] = (
    tiff.FORMAT,
    ome_zarr.FORMAT,
    folder.FORMAT,
    png.FORMAT,
    nd2.FORMAT,
    video.FORMAT,
    bioio.FORMAT,
)

_TABLES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".xml", ".geff")


def open_movie(
    path: Path, *, axes: str = "", time_given: bool = False, position: int | None = None, project: str = ""
) -> FrameSource:
    """Open a movie; its frames are read one at a time.

    Parameters
    ----------
    path : a file or a folder.
    axes : what the axes of the file are, such as "TCYX"; "" takes what the file says.
    time_given : the frame interval is known, so a single axis without a name is time.
    position : which of several positions (series, fields) in the file, from 0; None where it has one.
    project : "max" or "mean" makes one plane of each z-stack; "" refuses z-stacks.

    Raises
    ------
    InputError
        No such file, not an image, truncated, colour, z-stack without a projection, axes that cannot be told,
        several positions and none asked for.
    """
    return _format_of(path).open(path, axes=axes, time_given=time_given, position=position, project=project)


def positions(path: str | Path) -> tuple[str, ...]:
    """Names of the positions (series, fields, scenes) in a movie's file, "" for those without one; at least one.

    Raises
    ------
    InputError
        No such file, or not a movie that we can read.
    """
    path = Path(path)
    return tuple(_format_of(path).positions(path))


def _format_of(path: Path) -> Format:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; check the path")
    for known in FORMATS:
        if known.accepts(path):
            return known
    expected = "; ".join(known.looks_like for known in FORMATS)
    hint = "; a track table is added with --tracks" if path.suffix.lower() in _TABLES else ""
    raise InputError(
        f"{path}: not a movie that we can read ({path.suffix or 'a name without an ending'}); expected {expected}{hint}"
        f"{bioio.hint(path)}"
    )
