"""Whether cells leave each state as readily: the hazard behind dwell survival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.rates import HALF
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def log_hazards(counts: Ints, *, time: float = 1.0) -> Floats:
    """Log of the exits (+0.5) from each state over the time at risk; (..., S, k, k) to (..., S, k)."""
    at_risk = counts.sum(axis=-1)
    hazard = np.full(at_risk.shape, np.nan)
    np.divide(_exits(counts) + HALF, at_risk * time, out=hazard, where=at_risk > 0)
    return np.asarray(np.log(hazard))


def _exits(counts: Ints) -> Ints:
    k = np.arange(counts.shape[-1])
    return np.asarray(counts.sum(axis=-1) - counts[..., k, k])


def compare_exits(
    counts: Ints,
    design: Design,
    *,
    names: Sequence[str] = (),
    time: float = 1.0,
    margin: float = 1.25,
    unit: str = "hazard ratio",
) -> list[Finding]:
    """Compare how readily each state is left, whatever comes next.

    Parameters
    ----------
    counts : (S, k, k) as for `rates.log_rates`, one a sample.
    names : (k,) of the states; default 1, 2, ...
    time : length of one pair, such as hours.
    margin : hazards within this factor are called the same.

    Returns
    -------
    "dwell STATE" for each state, a ratio of hazards: below 1, cells of the other condition stay longer. Not yet
    corrected.

    Notes
    -----
    One log hazard (exits + 0.5 over the time at risk) a replicate: stays whose end was not seen count as time at
    risk. It is the ratio of two constant hazards; where states have a memory (check "markov") it is an average. A
    state is tested if both conditions together showed on average one exit a replicate.
    """
    counts = np.asarray(counts)
    k = counts.shape[-1]
    names = list(names) or [str(nth + 1) for nth in range(k)]
    logs = log_hazards(counts, time=time).T
    here = np.concatenate([design.a, design.b])
    enough = _exits(counts)[here].sum(axis=0) >= len(here)
    a, b = design.split(logs)
    wording = Wording("dwell", unit, "log hazard of leaving (+0.5 exits)", (1 / margin, margin), np.exp)
    means = np.exp(np.stack([finite_mean(a), finite_mean(b)], axis=1))
    contrast, permutation = compare_conditions(logs, design), permute(a, b, paired=design.paired)
    notes = ["" if one else "too few exits to test" for one in enough]
    labels = [f"dwell {name}" for name in names]
    found = make_findings(labels, contrast, permutation, design, wording, values=means, notes=notes)
    return [one if well else replace(one, p=nan, permutation_p=nan) for one, well in zip(found, enough, strict=True)]
