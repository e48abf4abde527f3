"""Three words: differs, same within the margin, undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIFFERS = "differs"
SAME = "same within the margin"
UNDECIDED = "undecided"

ALPHA = 0.05


@dataclass(frozen=True)
class Margins:
    """How small a difference is called none; settings, printed with every verdict.

    Attributes
    ----------
    rate_ratio : rates within this factor, either way.
    occupancy : shares of time within so much (0.05 is five points).
    mean_sd : means within so many standard deviations of the rows.
    """

    rate_ratio: float = 1.25
    occupancy: float = 0.05
    mean_sd: float = 0.25


def decide(
    q: NDArray[Any], low90: NDArray[Any], high90: NDArray[Any], *, low: float, high: float, alpha: float = ALPHA
) -> NDArray[np.object_]:
    """One of the three words for each test.

    Parameters
    ----------
    q : (...) corrected p; NaN where there is none (too few replicates): always undecided.
    low90, high90 : (...) 90 % interval, in the units of the margin.
    low, high : the margin around no difference.

    Notes
    -----
    "Same" needs the 90 % interval inside the margin, which is the two one-sided tests procedure at 5 % (Schuirmann
    1987, J Pharmacokinet Biopharm 15:657). It is never concluded from a large p. A difference that is certain but
    smaller than the margin is called a difference; look at the interval.
    """
    q, low90, high90 = np.asarray(q), np.asarray(low90), np.asarray(high90)
    words = np.full(q.shape, UNDECIDED, object)
    with np.errstate(invalid="ignore"):
        words[np.isfinite(q) & (low90 > low) & (high90 < high)] = SAME
        words[q < alpha] = DIFFERS
    return words


def overall(words: Sequence[str]) -> str:
    """Verdict of a question from those of its parts.

    It differs where one part does (their q are corrected for their number); it is the same only where every part is
    (an intersection-union test, which needs no correction).
    """
    if DIFFERS in words:
        return DIFFERS
    return SAME if words and all(word == SAME for word in words) else UNDECIDED
