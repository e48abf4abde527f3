"""Main effects and interactions of conditions made of several factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.factors import Effect, Factors, effect_contrast, find_effects
from napari_cellstate.compare.finding import Finding, Wording, make_findings
from napari_cellstate.compare.means import group_means
from napari_cellstate.compare.occupancy import logit_occupancy
from napari_cellstate.compare.permutation import Permutation
from napari_cellstate.compare.rates import log_rates
from napari_cellstate.compare.verdict import Margins
from napari_cellstate.experiment.comparing.questions import by_tracks, count_samples
from napari_cellstate.experiment.observations import Observations

Floats = NDArray[np.float64]


def find_factor_effects(seen: Observations, factors: Factors, margins: Margins) -> list[Finding]:
    """Each main effect and interaction on rates, occupancy and means, not yet corrected."""
    findings: list[Finding] = []
    for effect in find_effects(factors):
        for question, names, values, unit, margin, to_unit in _quantities(seen, margins):
            contrast = effect_contrast(values, seen.samples, factors, effect)
            wording = Wording(f"{effect.name}, {question}", unit, _QUANTITY[question], margin, to_unit)
            nothing = Permutation(np.full(len(names), np.nan), float("nan"), 0, True)
            labels = [f"{effect.name}, {name}" for name in names]
            findings += make_findings(
                labels, contrast, nothing, _design(factors, effect, paired=contrast.paired), wording
            )
    return findings


_QUANTITY = {
    "overall rate": "mean log rate",
    "rates": "log rate (+0.5 events)",
    "occupancy": "logit occupancy",
    "means": "mean",
}


def _quantities(
    seen: Observations, margins: Margins
) -> list[tuple[str, list[str], Floats, str, tuple[float, float], Callable[[NDArray[Any]], NDArray[Any]]]]:
    """Question, names, one number a sample (T, S), unit, margin, and how it is shown."""
    found: list[Any] = []
    within = (1 / margins.rate_ratio, margins.rate_ratio)
    if seen.states:
        counts, rows = count_samples(seen)
        logs = log_rates(counts, time=seen.pair_time)
        tested = logs.events.sum(axis=0) >= len(counts)
        labels = [f"rate {seen.states[a]}->{seen.states[b]}" for a, b in logs.pairs[tested]]
        kept = logs.keep(tested)
        if len(labels):
            found.append(("overall rate", ["overall rate"], kept.mean[None], "ratio of rates", within, np.exp))
            found.append(("rates", labels, kept.values.T, "ratio of rates", within, np.exp))
        odds = [f"occupancy {name}" for name in seen.states]
        wide = (float("nan"), float("nan"))
        found.append(("occupancy", odds, logit_occupancy(rows).T, "ratio of odds", wide, np.exp))
    if seen.features:
        by_track, movie_of = by_tracks(seen)
        means = group_means(
            by_track, np.zeros(len(by_track), np.int64), movie_of, groups=1, movies=len(seen.samples.of)
        )
        values = seen.samples.mean(means.means[:, 0]) / np.where(means.sd[0] > 0, means.sd[0], np.nan)
        names = [f"mean {name}" for name in seen.features]
        found.append(("means", names, values.T, "sd of cells", (-margins.mean_sd, margins.mean_sd), np.asarray))
    return found


def _design(factors: Factors, effect: Effect, *, paired: bool) -> Design:
    """What stands against what, in words; samples are named by the contrast."""
    nothing = np.empty(0, np.int64)
    if effect.interaction:
        return Design("effects add up", effect.name, nothing, nothing, paired)
    name, _, level = effect.name.partition(": ")
    return Design(factors.order(factors.names.index(name))[0], level, nothing, nothing, paired)


def factor_names(findings: Sequence[Finding]) -> list[str]:
    """Effects in the order in which they come."""
    return list(dict.fromkeys(one.question.rpartition(", ")[0] for one in findings))
