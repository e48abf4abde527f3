"""What an image format is, and how its reader says that a file is broken."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import FrameSource

_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # of the decoders
    LookupError,
    ArithmeticError,
    TypeError,  # these three are what parsers stumble into when a header tells nonsense
    AttributeError,
    AssertionError,
    struct.error,
)

_LISTED = 10


class Opener(Protocol):
    """Opens a file of one format; see `formats.movies.open_movie` for what the settings mean."""

    def __call__(
        self, path: Path, *, axes: str, time_given: bool, position: int | None = None, project: str = ""
    ) -> FrameSource:
        """Open it, or raise InputError."""
        ...


@dataclass(frozen=True)
class Format:
    """One image format: how to know it, and how to open it.

    Attributes
    ----------
    name : for messages.
    looks_like : what such paths look like, for messages.
    accepts : whether a path that exists is of this format, by its name.
    open : gives its frames.
    positions : names of all positions in a file of this format, "" for those without a name.
    """

    name: str
    looks_like: str
    accepts: Callable[[Path], bool]
    open: Opener
    positions: Callable[[Path], list[str]] = field(default=lambda path: [""])


def choose_position(names: Sequence[str], position: int | None, where: str) -> int:
    """Number of the position that is meant, from 0.

    Parameters
    ----------
    names : what the positions (series, fields) of the file are called.
    position : what the user asks for, or None.
    where : the file, for messages.

    Raises
    ------
    InputError
        Several positions and none asked for, or no such position.
    """
    if position is None and len(names) == 1:
        return 0
    listed = ", ".join(f"{nth} ({name})" if name else str(nth) for nth, name in enumerate(names[:_LISTED]))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    if position is None:
        raise InputError(
            f"{where}: {len(names)} positions in one file: {listed}{more}; expected one; "
            "add each as a movie of its own with --position"
        )
    if not 0 <= position < len(names):
        raise InputError(f"{where}: no position {position}; found {len(names)}, counted from 0: {listed}{more}")
    return position


def no_stack(project: str, where: str, what: str) -> None:
    """Raise InputError where a projection is asked for in a format that has no z-stacks."""
    if project:
        raise InputError(f"{where}: --project {project}, but {what} has no z-stacks; leave it out")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken or vanished file into an InputError that names it.

    Parameters
    ----------
    what : the file, and the frame in it where there is one.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{what}: the file is gone; expected it where it was when it was opened") from error
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise InputError(f"{what}: cannot be read ({reason}); the file is damaged: copy or export it again") from error
