"""The error rate of links, from links drawn at random and judged by a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Z = 1.959963984540054
"""Of the 95 % interval."""


@dataclass(frozen=True)
class ErrorRate:
    """Share of wrong links among those drawn and judged.

    Attributes
    ----------
    wrong, judged : counts; links that nobody could judge are left out.
    unclear : how many those were.
    low, high : Wilson's 95 % interval (Wilson 1927); 0 to 1 where nothing was judged.
    """

    wrong: int
    judged: int
    unclear: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """NaN where nothing was judged."""
        return self.wrong / self.judged if self.judged else float("nan")

    def record(self) -> dict[str, Any]:
        """Plain JSON values; the rate is None where nothing was judged."""
        return {**asdict(self), "rate": self.rate if self.judged else None, "words": self.words()}

    def words(self) -> str:
        """For reports: "4 of 50 links drawn at random were wrong: 8.0 % (95 % interval 3.2 to 18.8 %)"."""
        if not self.judged:
            return "no links were judged"
        left = f"; {self.unclear} more could not be judged and are left out" if self.unclear else ""
        return (
            f"{self.wrong} of {self.judged} links drawn at random were wrong: {self.rate:.1%} "
            f"(95 % interval {self.low:.1%} to {self.high:.1%}){left}"
        )


def error_rate(verdicts: Sequence[str]) -> ErrorRate:
    """Share of wrong links with its interval.

    Parameters
    ----------
    verdicts : "right", "wrong" or "unclear" of each link.
    """
    wrong, right, unclear = (sum(one == verdict for one in verdicts) for verdict in ("wrong", "right", "unclear"))
    return ErrorRate(wrong, wrong + right, unclear, *wilson(wrong, wrong + right))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; 0 to 1 for no trials."""
    if not n:
        return 0.0, 1.0
    share, square = hits / n, _Z**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def draw_keys(frame: Ints, y: Floats, x: Floats, sample: int) -> NDArray[np.uint64]:
    """A random number for each link from where its later cell is: the links with the least numbers are the sample.

    So a link keeps its place in the sample when others are corrected, and the same sample is drawn anew on any machine.

    Parameters
    ----------
    frame, y, x : (L,) of the later cells; px.
    sample : its number.
    """
    key = np.full(len(frame), np.uint64(sample))
    for part in (frame, np.rint(np.asarray(y) * 16), np.rint(np.asarray(x) * 16)):
        key = _mixed(key ^ np.asarray(part).astype(np.int64).view(np.uint64))
    return key


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble the bits (splitmix64, Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
