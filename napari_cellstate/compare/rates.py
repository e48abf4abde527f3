"""Whether cells switch between the states at the same rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.permutation import permute
from napari_cellstate.compare.replicate_tests import compare_conditions, finite_mean
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF = 0.5
"""Events added to each count, so that none seen is not a rate of zero."""


@dataclass(frozen=True, eq=False)
class LogRates:
    """One log rate for each sample and transition.

    Attributes
    ----------
    pairs : (T, 2) states left and entered, from 0.
    values : (..., S, T) natural log of events per unit of time in the state left; NaN for a sample never in it.
    events : (..., S, T) events.

    Notes
    -----
    Rates are those seen at one lag. States that judge each row by itself flicker, and overlapping windows smooth;
    both change rates, in both conditions alike only where these were treated alike.
    """

    pairs: Ints
    values: Floats
    events: Ints

    @property
    def mean(self) -> Floats:
        """Mean over the transitions of each sample, (..., S): one number for how quickly cells switch."""
        return np.asarray(self.values.mean(axis=-1))

    def keep(self, wanted: NDArray[np.bool_]) -> LogRates:
        """The same with the wanted transitions only."""
        return LogRates(self.pairs[wanted], self.values[..., wanted], self.events[..., wanted])


def log_rates(counts: Ints, *, time: float = 1.0) -> LogRates:
    """Log rates from transition counts.

    Parameters
    ----------
    counts : (..., S, k, k) pairs of rows from the state of the row to the state of the column, staying ones too,
        summed over the movies of each sample (`Transitions.unit_counts` through `Samples.total`).
    time : length of one pair (lag x frame interval), such as hours.
    """
    counts = np.asarray(counts)
    if counts.ndim < 3 or counts.shape[-1] != counts.shape[-2]:
        raise InputError(f"compare: counts of shape {counts.shape}; expected (samples, states, states)")
    k = counts.shape[-1]
    pairs = np.argwhere(~np.eye(k, dtype=bool))
    events = counts[..., pairs[:, 0], pairs[:, 1]]
    exposure = counts.sum(axis=-1)[..., pairs[:, 0]] * time
    values = np.full(events.shape, np.nan)
    np.divide(events + HALF, exposure, out=values, where=exposure > 0)
    return LogRates(pairs, np.log(values), events)


def compare_rates(
    counts: Ints,
    design: Design,
    *,
    names: Sequence[str] = (),
    time: float = 1.0,
    margin: float = 1.25,
    unit: str = "ratio of rates",
) -> list[Finding]:
    """Compare transition rates: their mean first, then each.

    Parameters
    ----------
    counts : (S, k, k) as for `log_rates`, one a sample.
    names : (k,) of the states; default 1, 2, ...
    time : length of one pair, such as hours; only the values of each condition depend on it.
    margin : rates within this factor are called the same.

    Returns
    -------
    "overall rate" (a question by itself: one test), then "rate a->b" for each transition. Not yet corrected.

    Notes
    -----
    Estimates are ratios, other over reference. A transition is tested if both conditions together showed, on
    average, one event a replicate: a rule that does not know which replicate is of which condition. The others are
    listed with their ratio and without a p. The overall rate is the mean log rate of the tested transitions, each
    with the same weight; it sees all slowing down, not some speeding up while others slow down.
    """
    k = counts.shape[-1]
    names = list(names) or [str(nth + 1) for nth in range(k)]
    found = log_rates(counts, time=time)
    here = np.concatenate([design.a, design.b])
    tested = found.events[here].sum(axis=0) >= len(here)
    findings = []
    whole = found.keep(tested & np.isfinite(found.values[here]).all(axis=0))
    if len(whole.pairs):
        note = f"mean log rate over {len(whole.pairs)} of {len(found.pairs)} transitions"
        findings += _findings(["overall rate"], whole.mean[:, None], design, "overall rate", margin, unit, [note])
    labels = [f"rate {names[a]}->{names[b]}" for a, b in found.pairs]
    few = ["" if enough else "too few events to test" for enough in tested]
    each = _findings(labels, found.values, design, "rates", margin, unit, few)
    rare = [replace(one, p=nan, permutation_p=nan) for one in each]
    return findings + [one if enough else other for one, other, enough in zip(each, rare, tested, strict=True)]


def ratio_of_intervals(reference: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Ratio of two independent rates, and its interval, from the interval of each.

    Parameters
    ----------
    reference, other : low and high of each rate, above 0; NaN where it has no interval.

    Returns
    -------
    ratio, low, high : the ratio is that of the middles of the intervals on the log scale.

    Notes
    -----
    The variance of a difference is recovered from the distances of the limits from their middles, on the log scale
    (Zou and Donner 2008, Stat. Med. 27:1693). It holds for what the intervals hold for: tracks of one movie are no
    replicates.
    """
    (low_a, high_a), (low_b, high_b) = (tuple(np.log(one) for one in both) for both in (reference, other))
    change = (low_b + high_b) / 2 - (low_a + high_a) / 2
    half = np.hypot((high_a - low_a) / 2, (high_b - low_b) / 2)  # the intervals are symmetric on this scale
    return np.exp(change), np.exp(change - half), np.exp(change + half)


def _findings(
    names: Sequence[str], values: Floats, design: Design, question: str, margin: float, unit: str, notes: Sequence[str]
) -> list[Finding]:
    """Findings on logs, (S, T), shown as ratios."""
    quantity = "mean log rate" if question == "overall rate" else "log rate (+0.5 events)"
    wording = Wording(question, unit, quantity, (1 / margin, margin), np.exp)
    a, b = design.split(values.T)
    means = np.exp(np.stack([finite_mean(a), finite_mean(b)], axis=1))
    contrast = compare_conditions(values.T, design)
    permutation = permute(a, b, paired=design.paired)
    return make_findings(names, contrast, permutation, design, wording, values=means, notes=notes)
