"""What was read from a file and need not be read again, as long as the file is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_MOST = 8


class Recall:
    """The last few things that were read, each by its file; whoever gets one must not change it.

    A file is the same while its inode, its size and its time are: all of ours are replaced, or appended to. It may be
    asked by the window and by what runs beside it at once.

    Parameters
    ----------
    most : how many are kept.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Path, object], tuple[tuple[int, int, int], Any]] = OrderedDict()
        self._lock = Lock()

    def of(self, path: Path, read: Callable[[Path], T], what: object = "") -> T:
        """What `read(path)` gives, or gave when the file was the same.

        Parameters
        ----------
        what : tells two ways to read one file from each other.
        """
        if not path.exists():
            return read(path)
        stamp, key = _stamp(path), (path, what)
        with self._lock:
            there = self._kept.get(key)
            if there is not None and there[0] == stamp:
                self._kept.move_to_end(key)
                found: T = there[1]
                return found
        found = read(path)
        self._keep(key, stamp, found)
        return found

    def put(self, path: Path, found: object, what: object = "") -> None:
        """Keep what was just written, by the only one who may write."""
        self._keep((path, what), _stamp(path), found)

    def forget(self, path: Path, what: object = "") -> None:
        """Read this file again when it is asked for: it was just written, maybe with the stamp that it had before."""
        with self._lock:
            self._kept.pop((path, what), None)

    def put_table(self, path: Path, table: pd.DataFrame) -> None:
        """Keep a table that was just written."""
        self.put(path, table, ())

    def table(self, path: Path, columns: tuple[str, ...] = ()) -> pd.DataFrame:
        """A parquet table, or some columns of it."""
        from napari_cellstate.formats.tables import read_parquet

        return self.of(path, lambda one: read_parquet(one, columns), columns)

    def _keep(self, key: tuple[Path, object], stamp: tuple[int, int, int], found: Any) -> None:
        with self._lock:
            self._kept[key] = stamp, found
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _stamp(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
