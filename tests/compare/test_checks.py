from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.checks import check_markov, check_stationarity


def chain(rng, tracks, frames, *, early=0.05, late=0.05, memory=1.0):
    """Two states; a state just entered is left `memory` times as readily. Four samples of a movie each."""
    run, frame = np.repeat(np.arange(tracks), frames), np.tile(np.arange(frames), tracks)
    state = np.zeros((tracks, frames), int)
    state[:, 0] = rng.integers(2, size=tracks)
    new = np.zeros(tracks, bool)
    for t in range(1, frames):
        chance = np.where(new, memory, 1.0) * (early if t * 2 < frames else late)
        switch = rng.random(tracks) < chance
        state[:, t] = state[:, t - 1] ^ switch
        new = switch
    sample = run * 4 // tracks
    return run, frame, state.ravel() + 1, sample


def rejections(name, **law):
    found = []
    for seed in range(40):
        run, frame, state, sample = chain(np.random.default_rng(seed), 80, 60, **law)
        if name == "markov":
            found.append(check_markov(run, frame, state, sample, lag=1, k=2))
        else:
            found.append(check_stationarity(run, frame, state, sample, sample, lag=1))
    return np.mean([one.p < 0.05 for one in found]), np.median([one.value for one in found])


@pytest.mark.parametrize("name", ["markov", "stationarity"])
def test_nothing_is_said_against_a_chain(name):
    share, value = rejections(name)
    assert share <= 0.2  # binomial 99.9 % of 40 at 5 %
    assert value == pytest.approx(1, abs=0.1)


def test_memory_is_seen():
    share, value = rejections("markov", memory=4.0)
    assert share > 0.5 and value == pytest.approx(4, rel=0.25)


def test_slowing_down_is_seen():
    share, value = rejections("stationarity", late=0.02)
    assert share > 0.8 and value == pytest.approx(0.4, rel=0.2)


def test_few_replicates_say_nothing():
    run, frame, state, sample = chain(np.random.default_rng(0), 80, 60)
    assert check_markov(run, frame, state, sample // 2, lag=1, k=2).says == "too few replicates to tell"
