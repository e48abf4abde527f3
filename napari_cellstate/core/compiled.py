"""Compile a function when its module is first imported, once for all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Machine code of a function over arrays and numbers, kept in a cache on disk.

    Other threads go on while it runs. Sums stay in the order written (no fast-math), so the same input gives the
    same bytes. A compiled function must not call one of another file: the cache would not notice that one's change.
    Import modules that use this inside functions, for numba takes a third of a second to load.
    """
    import numba

    try:
        made: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package nor the user's cache folder can be written: compile in each process
        made = numba.njit(nogil=True)(function)
    return made
