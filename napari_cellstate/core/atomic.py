"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def naming_full_disk(path: Path) -> Iterator[None]:
    """Let a full disk be an OSError with its number and `path`, whatever a library makes of it."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def make_room(path: Path, size: int) -> None:
    """Raise OSError where a file of `size` bytes has no room at `path`, which does not exist yet.

    HDF5 may crash the whole process where a disk turns full while it writes.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        with naming_full_disk(path), path.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(size, 1))
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on leaving without an error it takes the place of `path`.

    Whatever goes wrong inside, `path` is what it was before and the temporary file is gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    try:
        with naming_full_disk(path):
            yield temporary
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def building_folder(path: Path) -> Iterator[Path]:
    """Give a new folder beside `path`; on leaving without an error it takes the place of `path`."""
    building = path.with_name(f".{path.name}.building")
    if building.exists():
        shutil.rmtree(building)
    building.mkdir(parents=True)
    try:
        with naming_full_disk(path):
            yield building
        replace_folder(building, path)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically, with the same bytes on every system."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def replace_folder(new: Path, path: Path) -> None:
    """Put the folder `new` in the place of `path`; at no moment is `path` half of both."""
    old = path.with_name(f".{path.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if path.exists():
        os.replace(path, old)
    os.replace(new, path)
    if old.exists():
        shutil.rmtree(old)


def sweep(folder: Path) -> None:
    """Remove what a killed process left: temporary files and replaced folders."""
    for left in folder.glob(".*"):
        if ".tmp" in left.name and left.is_file():
            left.unlink()
        elif left.is_dir() and (left.name.endswith(".old") or ".tmp" in left.name):
            shutil.rmtree(left)
