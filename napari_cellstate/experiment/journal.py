"""The journal of corrections: a line a gesture, appended; undo and redo are lines too.

A line is ``{"at": time, "do": {"kind": ..., ...}}``, ``{"at": time, "undo": true}`` or ``{"at": time, "redo": true}``.
What was written stays written: the journal tells later who changed what, and a kill costs the gesture in hand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.errors import InputError


def read_journal(path: Path, kinds: Mapping[str, type[Edit]]) -> History:
    """Edits in force.

    Parameters
    ----------
    path : the file; none is an empty journal.
    kinds : class of each kind of edit.

    Raises
    ------
    InputError
        A line that is not whole JSON (but the last, which a kill may have cut: it is left out), or no known edit.
    """
    if not path.exists():
        return History()
    lines = path.read_bytes().split(b"\n")
    history = History()
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line break was cut, or is nothing
        history = _step(history, line, kinds, f"{path} line {number}")
    return history


def append(path: Path, content: dict[str, Any]) -> None:
    """Add one line, and see that it is on disk; what a kill left of an earlier line is cut off first."""
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **content}, ensure_ascii=False)
    with path.open("ab+") as stream:
        _cut_torn_line(stream)
        stream.write(line.encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _cut_torn_line(stream: Any) -> None:
    size = stream.seek(0, os.SEEK_END)
    if not size:
        return
    stream.seek(size - 1)
    if stream.read(1) != b"\n":
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)


def _step(history: History, line: bytes, kinds: Mapping[str, type[Edit]], where: str) -> History:
    try:
        content = json.loads(line)
        if "undo" in content:
            return history.undo()
        if "redo" in content:
            return history.redo()
        record = dict(content["do"])
        kind = record.pop("kind")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{where}: not a line of a journal of corrections: {line[:60]!r}; put back a copy of the file, or take "
            "the line out, and the correction with it"
        ) from None
    if kind not in kinds:
        raise InputError(f"{where}: no correction is called {kind!r}; made by a newer version? update napari-cellstate")
    try:
        return history.do(kinds[kind].model_validate_json(json.dumps(record)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where}: {kind}: {place}: {first['msg']}") from None
