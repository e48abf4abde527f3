"""Progress is a plain callable; it raises `Cancelled` when the user asks to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[int, int, str], None]
"""``progress(done, total, what)``: called in every loop that can take longer than a second."""


def silent(done: int, total: int, what: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Runtime:
    """How to compute, as opposed to what: none of this is part of a result's key, but `threads`.

    Attributes
    ----------
    device : "auto", "cpu", "cuda" or "mps".
    threads : the recipe's thread count; it can change the order of sums, so the pipeline adds it to the keys.
    progress : called in every loop.
    folder : where a method that trains a net keeps its checkpoint and the net, and finds them again; None: nowhere.
    """

    device: str = "auto"
    threads: int = 2
    progress: Progress = silent
    folder: Path | None = None
