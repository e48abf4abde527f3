from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from napari_cellstate.simulate.chain import (
    advance,
    generator,
    sample_paths,
    spread_rates,
    stationary,
    transition_matrix,
)
from napari_cellstate.simulate.scene import Behaviour

JUMPS = Behaviour().jumps


def test_generator_stays_the_mean_dwell_and_jumps_as_told() -> None:
    rates = generator(20.0, JUMPS)
    np.testing.assert_allclose(rates.sum(axis=1), 0.0, atol=1e-15)
    np.testing.assert_allclose(np.diag(rates), -1 / 20)
    assert rates[0, 1] == pytest.approx(0.6 / 20)


def test_transition_matrix_of_two_states_is_the_closed_form() -> None:
    a, b, t = 0.3, 0.1, 2.5
    found = transition_matrix(np.array([[-a, a], [b, -b]]), t)
    gone = a / (a + b) * (1 - np.exp(-(a + b) * t))
    assert found[0, 1] == pytest.approx(gone)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_stationary_shares_are_the_closed_form_and_do_not_change() -> None:
    np.testing.assert_allclose(stationary(np.array([[-0.3, 0.3], [0.1, -0.1]])), [0.25, 0.75])
    np.testing.assert_allclose(stationary(generator(20.0, JUMPS)), 1 / 3)
    rates = spread_rates(generator(20.0, JUMPS), 0.5, np.random.default_rng(0))
    np.testing.assert_allclose(stationary(rates) @ transition_matrix(rates, 7.0), stationary(rates))


@pytest.mark.parametrize("dwell", [2.0, 20.0])
def test_sampled_transitions_are_those_of_the_matrix_exponential(dwell: float) -> None:
    # a short dwell has several jumps inside one frame
    rates = generator(dwell, JUMPS)
    paths = sample_paths(rates, 400, 100, np.random.default_rng(1))
    counts = np.zeros((3, 3))
    np.add.at(counts, (paths[:, :-1].ravel(), paths[:, 1:].ravel()), 1)
    expected = counts.sum(axis=1, keepdims=True) * transition_matrix(rates)
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert statistic < chi2.ppf(0.999, df=6)


def test_first_states_come_in_the_long_run_shares() -> None:
    rates = np.array([[-0.3, 0.3], [0.1, -0.1]])
    first = sample_paths(rates, 4000, 1, np.random.default_rng(2))[:, 0]
    assert abs((first == 1).mean() - 0.75) < 3.5 * np.sqrt(0.75 * 0.25 / 4000)


def test_dwell_in_frames_has_the_mean_of_the_chain() -> None:
    rates = generator(20.0, JUMPS)
    start = np.zeros(4000, np.int64)
    path = sample_paths(rates, 4000, 200, np.random.default_rng(3), start=start)
    left = (path != 0).any(axis=1)
    first = np.where(left, (path != 0).argmax(axis=1), 200)
    stay = transition_matrix(rates)[0, 0]  # a switch and a return inside one frame go unseen
    mean = (1 - stay**200) / (1 - stay)
    assert abs(first.mean() - mean) < 4 * mean / np.sqrt(4000)


def test_an_absorbing_state_is_never_left() -> None:
    rates = np.array([[-5.0, 5.0], [0.0, 0.0]])
    path = sample_paths(rates, 50, 20, np.random.default_rng(0), start=np.zeros(50, np.int64))
    assert (path[:, -1] == 1).all()
    assert (np.diff(path, axis=1) >= 0).all()


def test_advance_leaves_its_input_alone_and_takes_no_cells() -> None:
    rates = generator(1.0, JUMPS)
    states = np.zeros(20, np.int64)
    advance(states, rates, np.random.default_rng(0))
    assert (states == 0).all()
    assert len(advance(np.empty(0, np.int64), rates, np.random.default_rng(0))) == 0


def test_spread_of_rates_is_lognormal_and_none_without() -> None:
    rates = generator(20.0, JUMPS)
    np.testing.assert_allclose(spread_rates(rates, 0.0, np.random.default_rng(0)), rates)
    rng = np.random.default_rng(0)
    logs = np.array([np.log(spread_rates(rates, 0.1, rng)[0, 1] / rates[0, 1]) for _ in range(2000)])
    assert abs(logs.mean()) < 0.01
    assert logs.std() == pytest.approx(0.1, rel=0.07)
