from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, t

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.counts import Transitions, count_transitions, transitions_table
from napari_cellstate.dynamics.intervals import MOVIE, TRACK, intervals, unit_of_n
from tests.dynamics.chains import paths, rows

STEP = np.array([[0.94, 0.04, 0.02], [0.03, 0.94, 0.03], [0.01, 0.05, 0.94]])
AWAY = ~np.eye(3, dtype=bool)


def of_units(unit_counts, lag=1):
    unit_counts = np.asarray(unit_counts)
    return Transitions(unit_counts.sum(axis=0), lag, None, np.arange(len(unit_counts)), unit_counts)


def one_movie(seed):
    run, frame, state = rows(paths(STEP, 100, 80, np.random.default_rng([1, seed])))
    return intervals(count_transitions(run, frame, state, 3, 1, unit=run), TRACK)


def six_movies(seed):
    rng = np.random.default_rng([2, seed])
    states = []
    for _ in range(6):
        step = np.where(AWAY, STEP * np.exp(rng.normal(0, 0.3, STEP.shape)), 0)
        states.append(paths(step + np.diag(1 - step.sum(axis=1)), 40, 60, rng))
    run, frame, state = rows(np.concatenate(states))
    return intervals(count_transitions(run, frame, state, 3, 1, unit=run // 40), MOVIE)


@pytest.mark.parametrize("make", [one_movie, six_movies])
def test_intervals_cover(make):
    runs = 500
    found = [make(seed) for seed in range(runs)]
    within = np.mean([(one.rate_low <= STEP) & (one.rate_high >= STEP) for one in found], axis=0)[AWAY]
    assert 0.92 <= within.mean() <= 0.98
    assert (within >= binom.ppf(0.0005, runs, 0.94) / runs).all()
    sure = np.mean([(one.low <= STEP) & (one.high >= STEP) for one in found], axis=0)
    assert 0.92 <= sure[AWAY].mean() <= 0.98


def test_movies_by_hand():
    counts = [[[90, 10], [20, 80]], [[80, 20], [20, 80]], [[95, 5], [30, 70]]]
    found = intervals(of_units(counts, lag=2), MOVIE)
    logs = np.log([0.1, 0.2, 0.05])
    wide = t.ppf(0.975, 2) * logs.std(ddof=1) / np.sqrt(3)
    assert found.rate_low[0, 1] == pytest.approx(np.exp(logs.mean() - wide) / 2)
    assert found.rate_high[0, 1] == pytest.approx(np.exp(logs.mean() + wide) / 2)
    logits = np.log([0.1 / 0.9, 0.2 / 0.8, 0.05 / 0.95])
    wide = t.ppf(0.975, 2) * logits.std(ddof=1) / np.sqrt(3)
    assert found.high[0, 1] == pytest.approx(1 / (1 + np.exp(-(logits.mean() + wide))))
    assert (found.unit, found.n) == (MOVIE, 3)
    assert np.isnan(found.rate_low.diagonal()).all()
    assert found.low[0, 0] == pytest.approx(1 - found.high[0, 1])


def test_never_seen_and_one_unit_have_no_interval():
    found = intervals(of_units([[[9, 1, 0], [1, 9, 0], [0, 0, 0]], [[8, 2, 0], [1, 9, 0], [0, 0, 0]]]), MOVIE)
    assert np.isnan(found.low[0, 2])
    assert np.isnan(found.low[2]).all()
    assert np.isfinite(found.high[0, 1])
    alone = intervals(of_units([[[9, 1], [1, 9]]]), TRACK)
    assert (alone.unit, alone.n) == ("", 1)
    assert np.isnan(alone.high).all()


@pytest.mark.parametrize("unit", [TRACK, MOVIE])
def test_unit_without_a_transition_still_gives_numbers(unit):
    found = intervals(of_units([[[9, 1], [1, 9]], [[10, 0], [2, 8]], [[10, 0], [0, 0]]]), unit)
    assert np.isfinite(found.low).all()
    assert (found.low <= found.high).all()
    assert (found.high <= 1).all()


def test_same_bytes_and_unknown_unit():
    counted = of_units(np.random.default_rng(0).integers(1, 9, (20, 3, 3)))
    assert intervals(counted, TRACK).low.tobytes() == intervals(counted, TRACK).low.tobytes()
    with pytest.raises(InputError, match="'row'"):
        intervals(counted, "row")


def test_table_names_its_unit():
    run, frame, state = rows(paths(STEP, 30, 40, np.random.default_rng(3)))
    counted = count_transitions(run, frame, state, 3, 1, unit=run, unit_name=TRACK)
    table = transitions_table({"a": counted}, dt_s=1800.0)
    assert (table["unit"] == TRACK).all()
    away = table[table["from"] != table["to"]]
    assert ((away["rate_low"] < away["rate_per_hour"]) & (away["rate_per_hour"] < away["rate_high"])).all()
    assert ((table["low"] <= table["probability"]) & (table["probability"] <= table["high"])).all()
    assert away["rate_low"].to_numpy() == pytest.approx(2 * intervals(counted, TRACK).rate_low[AWAY])
    assert transitions_table({"a": counted})["rate_low"].isna().all()


def test_n_is_movies_where_there_are_several_else_tracks():
    track = np.array([1, 1, 2, 2])
    for movie, name in ((np.array(["a", "a", "b", "b"], object), "movie"), (np.array(["a"] * 4, object), "track")):
        unit, found = unit_of_n(movie, track)
        assert found == name
        assert list(unit) == list(movie if name == "movie" else track)
