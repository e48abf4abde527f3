"""One writer: a file lock that the system itself drops when its process ends, however it ends."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_cellstate.core.errors import LockedError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the lock of an experiment; LockedError where another living process holds it.

    The file names pid and host of the holder. It stays when the lock is released (removing it would race with
    the next holder) and is then empty.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            _lock(file)
        except OSError:
            raise LockedError(
                f"{path.parent} is being written by {_holder(path)}; wait until it has ended, or stop it"
            ) from None
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        os.ftruncate(file, 0)
        os.write(file, content.encode())
        yield
        os.ftruncate(file, 0)
    finally:
        os.close(file)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):  # on Windows a locked file cannot be read
        return "another process"
