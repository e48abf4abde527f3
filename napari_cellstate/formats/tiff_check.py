"""Is a TIFF whole? Read from its directories alone, without its pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from napari_cellstate.core.errors import InputError

_AGAIN = "copy or export it again"
_BYTES = np.array([0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8], np.uint64)
"""Bytes of a value of each TIFF data type."""
_NEEDED = np.array([258, 270, 273, 279, 282, 283, 324, 325, 339, 347], np.uint64)
"""Tags that a frame cannot do without; private ones of some microscopes point nowhere, and do no harm."""


@dataclass(frozen=True)
class _Kind:
    """How numbers stand in a classic TIFF or a BigTIFF."""

    header: int
    count: str
    offset: str
    entry: np.dtype[np.void]


def _kind(order: str, *, big: bool) -> _Kind:
    word = "u8" if big else "u4"
    fields = [("tag", f"{order}u2"), ("type", f"{order}u2"), ("count", f"{order}{word}"), ("value", f"{order}{word}")]
    return _Kind(16 if big else 8, f"{order}{'Q' if big else 'H'}", f"{order}{'Q' if big else 'I'}", np.dtype(fields))


def check_directories(path: Path) -> None:
    """Raise InputError if a file is not a TIFF, is empty, or ends before one of its page directories does.

    Notes
    -----
    TIFF 6.0, section 2, and the BigTIFF proposal: a header points to the first directory, each directory to its
    values and to the next. Readers stop quietly where this chain leaves the file: frames, or the names of the
    axes, would be missing without a word.
    """
    size = path.stat().st_size
    if size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes); expected a TIFF; {_AGAIN}")
    with path.open("rb") as stream:
        head = stream.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(f"{order}H", head[2:4])[0] if order and len(head) >= 4 else 0
        if version not in (42, 43):
            raise InputError(f"{path}: not a TIFF (it starts with {head[:4]!r}); expected a TIFF by its name")
        kind = _kind(order, big=version == 43)
        if len(head) < kind.header:
            raise InputError(f"{path}: truncated in its header ({size} bytes); {_AGAIN}")
        width = struct.calcsize(kind.offset)
        offset, seen = struct.unpack(kind.offset, head[kind.header - width : kind.header])[0], set[int]()
        while offset:
            what = f"{path}, page {len(seen)} (counted from 0)"
            if offset in seen:
                raise InputError(f"{what}: points back to an earlier page; the file is damaged: {_AGAIN}")
            seen.add(offset)
            offset = _next(stream, what, size, offset, kind)
    if not seen:
        raise InputError(f"{path}: a TIFF without any page; expected at least one image; {_AGAIN}")


def _next(stream: BinaryIO, what: str, size: int, offset: int, kind: _Kind) -> int:
    """Where the next directory is, 0 for none; this one and all its values must lie inside the file."""
    count_size, offset_size = struct.calcsize(kind.count), struct.calcsize(kind.offset)
    stream.seek(offset)
    raw = stream.read(count_size)
    entries = struct.unpack(kind.count, raw)[0] if len(raw) == count_size else 0
    end = offset + count_size + entries * kind.entry.itemsize + offset_size
    _check(what, "its directory", end, size)
    tags = np.frombuffer(stream.read(entries * kind.entry.itemsize), kind.entry)
    known = tags[(tags["type"] < len(_BYTES)) & np.isin(tags["tag"], _NEEDED)]
    length = known["count"].astype(np.uint64) * _BYTES[known["type"]]
    outside = length > offset_size  # shorter values stand in the directory itself
    ends = known["value"].astype(np.uint64)[outside] + length[outside]
    _check(what, "its description", int(ends.max(initial=0)), size)
    return int(struct.unpack(kind.offset, stream.read(offset_size))[0])


def check_data(what: str, end: int, size: int) -> None:
    """Raise InputError if pixels that end at byte `end` are not all in a file of `size` bytes."""
    _check(what, "its image", end, size)


def _check(what: str, part: str, end: int, size: int) -> None:
    if end > size:
        raise InputError(f"{what}: truncated: {part} ends at byte {end}, the file at byte {size}; {_AGAIN}")
