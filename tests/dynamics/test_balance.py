from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.dynamics.balance import (
    DRIFTING,
    DRIVEN,
    NO_DATA,
    NO_SIGN,
    balance,
    entropy_of_counts,
    flip_test,
    verdict,
    verdict_in_words,
)
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.stationary import stationary
from tests.dynamics.chains import BIRTH_DEATH, cyclic, paths, rows


def run_test(state, seed=0, permutations=200, lag=1):
    run, frame, state = rows(state)
    return balance(run, frame, state, lag, track=run, permutations=permutations, seed=seed)


def test_driven_ring_is_called_driven():
    found = run_test(paths(cyclic(0.3, 0.1), 100, 60, np.random.default_rng(0)))
    assert found.verdict == DRIVEN
    assert found.p_reversal == found.p_reversal_sum == pytest.approx(1 / 201)
    assert found.p_stationary >= 0.05
    assert found.entropy_production == pytest.approx(0.2 * np.log(3), rel=0.15)  # (p - q) ln(p / q)
    assert found.entropy_production > 10 * found.null["entropy_production_95"]
    assert found.n_tracks == 100


def test_reversible_chain_that_starts_in_one_state_is_called_drifting():
    state = paths(BIRTH_DEATH, 200, 20, np.random.default_rng(1), start=[1, 0, 0, 0])
    found = run_test(state)
    assert found.p_reversal < 0.05  # drift alone breaks the balance of counts
    assert found.verdict == DRIFTING


def test_both_tests_hold_their_level():
    runs, rejected = 200, np.zeros(2)
    start = stationary(BIRTH_DEATH)
    for seed in range(runs):
        state = paths(BIRTH_DEATH, 40, 30, np.random.default_rng([2, seed]), start=start)
        found = run_test(state, seed, permutations=199)
        rejected += [found.p_reversal < 0.05, found.p_stationary < 0.05]
    assert (rejected <= binom.ppf(0.999, runs, 0.05)).all()
    assert (rejected / runs <= 0.1).all()


def test_statistics_by_hand():
    run = np.zeros(8, np.int64)
    state = np.array([1, 2, 1, 2, 3, 1, 2, 3])  # 1-2: three forth, one back; 2-3: two forth; 3-1: one forth
    found = balance(run, np.arange(8), state, 1, track=run, permutations=10)
    assert found.statistic == pytest.approx(2 / np.sqrt(2))
    assert found.statistic_sum == pytest.approx(4 / 4 + 4 / 2 + 1)
    counts = count_transitions(run, np.arange(8), state, 3, 1).counts
    assert found.entropy_production == pytest.approx(entropy_of_counts(counts))
    expected = (2 * np.log(3.5 / 1.5) + 2 * np.log(2.5 / 0.5) + 1 * np.log(1.5 / 0.5)) / 7
    assert found.entropy_production == pytest.approx(expected)


def test_one_track_flipped_is_no_evidence():
    run = np.zeros(90, np.int64)
    found = balance(run, np.arange(90), np.tile([1, 2, 3], 30), 1, track=run, permutations=99)
    assert found.p_reversal == 1.0
    assert found.verdict == NO_SIGN


def test_a_track_in_two_runs_is_flipped_as_one():
    state = paths(cyclic(0.3, 0.1), 60, 40, np.random.default_rng(3))
    run, frame, state = rows(state)
    halves = run * 2 + (frame >= 20)
    whole, cut = (balance(halves, frame, state, 1, track=track) for track in (run, halves))
    assert (whole.n_tracks, cut.n_tracks) == (60, 120)
    assert whole.statistic == cut.statistic


def test_order_of_rows_and_seed():
    run, frame, state = rows(paths(BIRTH_DEATH, 30, 20, np.random.default_rng(4)))
    shuffled = np.random.default_rng(5).permutation(len(run))
    first = balance(run, frame, state, 1, track=run, seed=3)
    again = balance(run[shuffled], frame[shuffled], state[shuffled], 1, track=run[shuffled], seed=3)
    assert (first.p_reversal, first.p_stationary, first.null) == (again.p_reversal, again.p_stationary, again.null)


def test_nothing_to_test():
    run = np.arange(3)
    found = balance(run, run, np.array([1, 2, 1]), 1, track=run)
    assert found.verdict == NO_DATA
    assert np.isnan(found.p_reversal)
    staying = balance(np.zeros(5, np.int64), np.arange(5), np.full(5, 2), 1, track=np.zeros(5))
    assert staying.verdict == NO_DATA


def test_drift_is_between_halves_of_a_track():
    differences = np.array([[-2, 2], [-1, 1], [-1, 1], [-3, 3], [-1, 1], [-2, 2], [-1, 1], [-1, 1]])
    assert flip_test(differences, 4000, 0) == pytest.approx(2 / 2**8, abs=0.006)  # all one way, or all the other
    assert flip_test(np.zeros((4, 2)), 10, 0) == 1.0
    assert flip_test(np.zeros((0, 2)), 10, 0) == 1.0


def test_words():
    assert verdict(0.001, 0.5) == DRIVEN
    assert verdict(0.001, 0.01) == verdict(0.5, 0.01) == DRIFTING
    assert verdict(0.2, 0.5) == NO_SIGN


def test_both_p_values_and_why_in_words():
    assert verdict_in_words(0.001, 0.4).startswith("Driven (p of reversal 0.001, p of stationarity 0.4)")
    assert "does not drift" in verdict_in_words(0.001, 0.4)
    drifting = verdict_in_words(0.001, 0.01)
    assert drifting.startswith("Drifting: cannot be told") and "that alone breaks balance" in drifting
    assert "no proof" in verdict_in_words(0.3, 0.4)
    assert verdict_in_words(float("nan"), 1.0).startswith("Cannot be told: too few")


def test_bad_input_and_cancel():
    run, frame, state = rows(paths(BIRTH_DEATH, 10, 20, np.random.default_rng(6)))
    with pytest.raises(InputError, match="0 permutations"):
        balance(run, frame, state, 1, track=run, permutations=0)

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        balance(run, frame, state, 1, track=run, progress=stop)


def _bins(table, bins):
    """State of each sub-path: the pair of its bins of equal width along the first two principal components."""
    values = table.iloc[:, 2:56].to_numpy(float)
    spread = values.std(axis=0)
    values = np.where(spread > 0, (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1), 0.0)
    left, size, _ = np.linalg.svd(values, full_matrices=False)
    at = left[:, :2] * size[:2]
    place = np.floor((at - at.min(axis=0)) / np.ptp(at, axis=0) * bins).astype(int).clip(0, bins - 1)
    return place[:, 0] * bins + place[:, 1] + 1


def _split(data_dir, name):
    table = pd.read_csv(data_dir / "heteromotility_split_20" / f"sims__{name}_split_20.csv.gz")
    parts = table["cell_id"].str.rsplit("-", n=1)
    where = table.iloc[:, 0].astype(str) + "/" + parts.str[0]
    return table, np.unique(where.to_numpy(str), return_inverse=True)[1], parts.str[1].to_numpy(np.int64)


@pytest.mark.real
@pytest.mark.parametrize("name", ["rw2rw", "pwr2urw"])
def test_published_simulations(data_dir, name):
    table, track, frame = _split(data_dir, name)
    settings = (3, 5, 7, 10, 15)
    found = [balance(track, frame, _bins(table, bins), 1, track=track) for bins in settings]
    p = np.sort([one.p_reversal for one in found]) * np.arange(len(settings), 0, -1)  # Holm
    if name == "rw2rw":  # random walks all along
        assert p[0] > 0.05
    else:  # power-law fliers that become random walkers: imbalance, by drift alone
        assert p[0] < 0.05
        assert all(one.verdict == DRIFTING for one in found)
