"""How a check says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Broken(AssertionError):
    """A method does not keep a rule."""


def expect(kept: bool, rule: str) -> None:
    """Raise `Broken` with the rule where it is not kept."""
    if not kept:
        raise Broken(rule)


def same_bytes(make: Callable[[], Any]) -> None:
    """What is made twice must be equal to the last bit."""
    expect(make() == make(), "the same input and seed must give the same bytes")
