"""What the user calls the states and how they are coloured, for a block of code or for a window.

Names and colours are asked for deep inside figures, tables and panels; a context variable hands them there without
a parameter in every function between. It holds no result: nothing that is computed depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Looks:
    """Names and colours by state; states that are not in it have the usual ones.

    Attributes
    ----------
    names : such as ``{1: "resting"}``.
    colours : "#RRGGBB".
    """

    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)


_worn: ContextVar[Looks] = ContextVar("looks", default=Looks())  # noqa: B039 - frozen


def worn() -> Looks:
    """The looks that are in force here."""
    return _worn.get()


def wear(looks: Looks) -> None:
    """Have these looks from now on: for a window, which shows one experiment."""
    _worn.set(looks)


@contextmanager
def wearing(looks: Looks) -> Iterator[None]:
    """Have these looks inside a block; never around the `yield` of a generator."""
    token = _worn.set(looks)
    try:
        yield
    finally:
        _worn.reset(token)
