"""What an image format is, and how its reader says that a file is broken."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


class Opener(Protocol):
    """Opens a file of one format; see `formats.movies.open_movie` for what the settings mean."""

    def __call__(self, path: Path, *, axes: str, time_given: bool) -> FrameSource:
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
    """

    name: str
    looks_like: str
    accepts: Callable[[Path], bool]
    open: Opener


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
