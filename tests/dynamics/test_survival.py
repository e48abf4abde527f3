from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from napari_cellstate.dynamics.dwell import find_bouts
from napari_cellstate.dynamics.survival import kaplan_meier, survival, survivals
from tests.dynamics.chains import BIRTH_DEATH, paths, rows


def test_survival_by_hand():
    # ends at 2 (of 5 at risk), 3 (of 4), 5 (of 2); still going on at 3 and 6
    times, share = kaplan_meier([2, 3, 3, 5, 6], [True, True, False, True, False])
    assert times.tolist() == [0, 2, 3, 5, 6]
    assert share == pytest.approx([1, 4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 1 / 2, 0.3])


def test_survival_of_the_leukaemia_trial():
    # remission in weeks under 6-mercaptopurine, Freireich et al. 1963; estimates as in Kalbfleisch and Prentice 2002
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    over = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    times, share = kaplan_meier(weeks, over)
    assert times.tolist() == [0, 6, 7, 10, 13, 16, 22, 23, 35]
    assert share == pytest.approx([1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448], abs=5e-4)


def test_survival_without_censoring_is_the_share_that_lasts_longer():
    lengths = np.random.default_rng(1).geometric(0.2, 300)
    times, share = kaplan_meier(lengths, np.ones(300, bool))
    assert share == pytest.approx([(lengths > time).mean() for time in times])


def test_survival_at_the_edges():
    assert [part.tolist() for part in kaplan_meier([], [])] == [[0], [1]]
    assert [part.tolist() for part in kaplan_meier([4, 2], [False, False])] == [[0, 4], [1, 1]]


def two_state(leave, tracks, frames, rng):
    """Chains of two states, each left with its own probability."""
    return paths(np.array([[1 - leave[0], leave[0]], [leave[1], 1 - leave[1]]]), tracks, frames, rng)


def curve(state, wanted=1, unit=None):
    run, frame, state = rows(state)
    bouts = find_bouts(run, frame, state)
    return survival(bouts, bouts.state == wanted, unit=run if unit is None else unit[run], unit_name="track")


def test_geometric_dwell_is_recovered_in_spite_of_censoring():
    rng = np.random.default_rng(0)
    found = curve(two_state((0.1, 0.3), 400, 40, rng))
    at = np.searchsorted(found.frames, [5, 10, 20])
    np.testing.assert_allclose(found.share[at], 0.9 ** np.array([5, 10, 20]), atol=0.03)
    assert found.median == pytest.approx(np.log(0.5) / np.log(0.9), abs=1.0)
    assert found.censored > 0
    assert found.unseen > 0


def test_band_covers():
    runs, hit, t = 200, 0, 8
    for seed in range(runs):
        found = curve(two_state((0.1, 0.3), 60, 40, np.random.default_rng([1, seed])))
        at = np.searchsorted(found.frames, t, side="right") - 1
        hit += found.low[at] <= 0.9**t <= found.high[at]
    assert binom.ppf(0.001, runs, 0.93) <= hit <= binom.ppf(0.999, runs, 0.97)


def test_without_memory_and_with():
    rejected = sum(
        curve(two_state((0.15, 0.3), 60, 40, np.random.default_rng([2, seed]))).p_exponential < 0.05
        for seed in range(200)
    )
    assert rejected <= binom.ppf(0.999, 200, 0.06)
    rng = np.random.default_rng(3)
    regular = np.concatenate([np.repeat([1, 0], [6, 6]) for _ in range(4)])
    state = np.stack([np.roll(regular, shift) for shift in rng.integers(0, 12, 60)])
    found = curve(state)
    assert found.p_exponential < 0.001
    assert found.trend > 0
    mixed = np.concatenate([two_state((0.5, 0.3), 60, 40, rng), two_state((0.05, 0.3), 60, 40, rng)])
    assert curve(mixed).trend < 0
    assert curve(mixed).p_exponential < 0.001


def test_band_of_pooled_movies_is_wider_than_that_of_tracks():
    rng = np.random.default_rng(4)
    state = np.concatenate([two_state((leave, 0.3), 30, 40, rng) for leave in (0.05, 0.1, 0.2, 0.3)])
    tracks, movies = curve(state), curve(state, unit=np.repeat(np.arange(4), 30))
    at = np.searchsorted(tracks.frames, 5)
    assert (movies.high - movies.low)[at] > 2 * (tracks.high - tracks.low)[at]


def test_one_curve_for_each_condition_and_state():
    run, frame, state = rows(paths(BIRTH_DEATH, 20, 30, np.random.default_rng(5)))
    condition = np.where(run < 10, "a", "b").astype(object)
    bouts = find_bouts(run, frame, state)
    found = survivals(bouts, 5, condition=condition, movie=condition, track=run)
    assert list(found) == [(name, one) for name in "ab" for one in range(1, 6)]
    assert found["a", 5].n == 0
    assert found["a", 5].frames.tolist() == [0]
    assert found["a", 1].unit == "track"
