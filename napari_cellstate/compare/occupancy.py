"""Whether cells are in each state for the same share of the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean

Floats = NDArray[np.float64]

NEVER = "never seen in"
"""How the note on a state begins that a condition does not have."""


def logit_occupancy(counts: NDArray[Any]) -> Floats:
    """Log odds of each state, with half a row added to the state and to its rest.

    Parameters
    ----------
    counts : (..., S, k) rows in each state, summed over the movies of each sample.

    Returns
    -------
    (..., S, k), NaN for a sample without rows.
    """
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        odds = np.log((counts + 0.5) / (total - counts + 0.5))
    return np.where(total > 0, odds, np.nan)


def compare_occupancy(
    counts: NDArray[Any], design: Design, *, names: Sequence[str] = (), margin: float = 0.05
) -> list[Finding]:
    """Compare the share of time in each state.

    Parameters
    ----------
    counts : (S, k) rows in each state, one line a sample.
    names : (k,) of the states; default 1, 2, ...
    margin : a difference of shares below this (0.05: five points) is called none.

    Returns
    -------
    One finding a state, not yet corrected.

    Notes
    -----
    The test is on log odds. Estimate and bounds are that difference of log odds seen as a difference of shares around
    the mean of both conditions, so that interval and p agree. Rows of one track resemble each other: their number is
    in no test. Shares sum to one, so the states are not independent findings.
    """
    names = list(names) or [str(nth + 1) for nth in range(counts.shape[-1])]
    logits = logit_occupancy(counts).T
    a, b = design.split(logits)
    names = [f"occupancy {name}" for name in names]
    means = np.stack([finite_mean(a), finite_mean(b)], axis=1)
    centre = means.mean(axis=1)

    def as_share(difference: NDArray[Any]) -> NDArray[Any]:
        return _expit(centre + difference / 2) - _expit(centre - difference / 2)

    unit = "difference of shares of time"
    wording = Wording("occupancy", unit, "logit occupancy", (-margin, margin), as_share)
    contrast, permutation = compare_conditions(logits, design), permute(a, b, paired=design.paired)
    notes = [_absent(counts[:, nth], design) for nth in range(len(names))]
    return make_findings(names, contrast, permutation, design, wording, values=_expit(means), notes=notes)


def _absent(rows: NDArray[Any], design: Design) -> str:
    """A note where a condition never shows a state."""
    sides = zip((design.reference, design.other), design.split(rows), strict=True)
    missing = [condition for condition, seen in sides if not seen.sum()]
    return f"{NEVER} {' and '.join(missing)}" if missing else ""


def _expit(values: NDArray[Any]) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))
