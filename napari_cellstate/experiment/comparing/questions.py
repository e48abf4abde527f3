"""Each question between two conditions, asked of one number a replicate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.exits import compare_exits
from napari_cellstate.compare.finding import Finding
from napari_cellstate.compare.means import compare_features, compare_states, group_means
from napari_cellstate.compare.mixed import mixed_model
from napari_cellstate.compare.occupancy import compare_occupancy
from napari_cellstate.compare.rates import compare_rates
from napari_cellstate.compare.spread import compare_spread, log_spread
from napari_cellstate.compare.steps import compare_step_lengths, step_lengths
from napari_cellstate.compare.verdict import Margins
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.pairs import row_pairs
from napari_cellstate.experiment.observations import Observations, track_means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_MIXED = 40
"""Features up to which each gets a mixed model."""


def find_differences(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """All findings with a t-test on two conditions, not yet corrected."""
    findings: list[Finding] = []
    if seen.states:
        findings += _of_states(seen, design, margins)
    if seen.features:
        findings += _steps(seen, design, margins)
        findings += _means(seen, design, margins)
    return findings


def _of_states(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """Rates, dwell, occupancy, and where the states are."""
    counts, rows = count_samples(seen)
    unit = f"ratio of rates (per {seen.time_unit})"
    findings = compare_rates(
        counts, design, names=seen.states, time=seen.pair_time, margin=margins.rate_ratio, unit=unit
    )
    findings += compare_exits(counts, design, names=seen.states, time=seen.pair_time, margin=margins.rate_ratio)
    findings += compare_occupancy(rows, design, names=seen.states, margin=margins.occupancy)
    if seen.features:
        k, movies = len(seen.states), len(seen.samples.of)
        means = group_means(seen.scaled, seen.state - 1, seen.movie, groups=k, movies=movies)
        findings += compare_states(
            means, seen.samples, design, states=seen.states, features=seen.features, margin=margins.mean_sd
        )
    return findings


def count_samples(seen: Observations) -> tuple[Ints, Ints]:
    """Transitions, (S, k, k), and rows in each state, (S, k), of each sample."""
    k, size = len(seen.states), len(seen.samples.condition)
    counted = count_transitions(seen.run, seen.frame, seen.state, k, seen.lag, unit=seen.sample)
    counts = np.zeros((size, k, k), np.int64)
    counts[counted.units] = counted.unit_counts
    here = seen.state > 0
    rows = np.bincount(seen.sample[here] * k + seen.state[here] - 1, minlength=size * k)
    return counts, rows.reshape(size, k)


def groups_of(seen: Observations) -> tuple[Ints, list[str]]:
    """State of each row from 0, -1 for none, and the names; without states all rows are one group."""
    if seen.states:
        return seen.state - 1, list(seen.states)
    return np.zeros(len(seen.movie), np.int64), []


def _steps(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """Spread of the rows and lengths of the steps, in each state."""
    group, names = groups_of(seen)
    known = seen.placed
    group = np.where(known, group, -1)
    size, groups = len(seen.samples.condition), max(len(names), 1)
    spread = log_spread(np.where(known[:, None], seen.space, 0.0), group, seen.sample, groups=groups, samples=size)
    labels = [f"spread {name}" for name in names] or ["spread"]
    findings = compare_spread(spread, design, names=labels, margin=margins.rate_ratio)
    if not len(seen.frame) or not np.ptp(seen.frame):  # a table without time
        return findings
    pairs = row_pairs(seen.run, seen.frame, seen.lag)
    if not len(pairs):
        return findings
    lengths = step_lengths(seen.space, pairs, group, seen.sample, groups=groups, samples=size)
    labels = [f"step length {name}" for name in names] or ["step length"]
    return findings + compare_step_lengths(lengths, design, names=labels, margin=margins.rate_ratio)


def _means(seen: Observations, design: Design, margins: Margins) -> list[Finding]:
    """Means of the features: over the rows of a track, its tracks, the movies of a replicate."""
    by_track, movie_of = by_tracks(seen)
    whole = np.zeros(len(by_track), np.int64)
    found = group_means(by_track, whole, movie_of, groups=1, movies=len(seen.samples.of))
    values = seen.samples.mean(found.means[:, 0])
    findings = compare_features(values, design, features=seen.features, sd=found.sd[0], margin=margins.mean_sd)
    if len(findings) > MOST_MIXED or not design.enough:
        return findings
    return [
        replace(one, mixed_p=mixed_model(column, movie_of, seen.samples, design).p)
        for one, column in zip(findings, by_track.T, strict=True)
    ]


def by_tracks(seen: Observations) -> tuple[Floats, Ints]:
    """Mean of each feature over each track, (tracks, F), and the movie of each track."""
    by_track = track_means(seen.values, seen.track)
    movie_of = np.zeros(len(by_track), np.int64)
    movie_of[seen.track] = seen.movie
    return by_track, movie_of
