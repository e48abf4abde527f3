"""Stationary law, relaxation, passage, committors, flux and cycles of chains known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.cycles import cycle_fluxes, entropy_production, net_flux
from napari_cellstate.dynamics.passage import committor, mean_first_passage
from napari_cellstate.dynamics.stationary import relaxation_times, stationary, visited
from tests.dynamics.chains import BIRTH_DEATH, cyclic

TWO = np.array([[0.9, 0.1], [0.3, 0.7]])


def test_two_states():
    np.testing.assert_allclose(stationary(TWO), [0.75, 0.25])
    np.testing.assert_allclose(relaxation_times(TWO, 2.0), -2.0 / np.log(0.6))
    np.testing.assert_allclose(mean_first_passage(TWO), [[1 / 0.75, 10], [1 / 0.3, 4]])


def test_ring_of_three():
    p, q = 0.3, 0.1
    ring = cyclic(p, q)
    np.testing.assert_allclose(stationary(ring), 1 / 3)
    assert net_flux(ring)[0, 1] == pytest.approx((p - q) / 3)
    (cycle,) = cycle_fluxes(ring)
    assert cycle.states == (0, 1, 2)
    assert cycle.flux == pytest.approx((p - q) / 3)
    assert entropy_production(ring) == pytest.approx((p - q) * np.log(p / q))


def test_reversible_chain_has_no_flux():
    assert cycle_fluxes(BIRTH_DEATH) == ()
    assert entropy_production(BIRTH_DEATH) == pytest.approx(0, abs=1e-12)
    share = stationary(BIRTH_DEATH)
    np.testing.assert_allclose(share[1:] / share[:-1], [0.1 / 0.06, 0.1 / 0.08, 0.1 / 0.12])


def test_cycles_carry_the_whole_flux():
    rng = np.random.default_rng(0)
    probability = rng.random((6, 6))
    probability /= probability.sum(axis=1, keepdims=True)
    carried = np.zeros((6, 6))
    for cycle in cycle_fluxes(probability, least=1e-14):
        for at, source in enumerate(cycle.states):
            carried[source, cycle.states[(at + 1) % len(cycle.states)]] += cycle.flux
    np.testing.assert_allclose(carried - carried.T, net_flux(probability), atol=1e-9)


def test_step_without_a_way_back():
    ring = np.array([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]])
    assert entropy_production(ring) == np.inf


def test_passage_along_a_line_and_committor_of_a_gambler():
    n, p = 6, 0.6
    walk = np.diag(np.full(n - 1, p), 1) + np.diag(np.full(n - 1, 1 - p), -1)
    walk[0], walk[-1] = np.eye(n)[1], np.eye(n)[-2]
    ratio = (1 - p) / p
    ruin = (1 - ratio ** np.arange(n)) / (1 - ratio ** (n - 1))
    np.testing.assert_allclose(committor(walk, [0], [n - 1]), ruin)
    fair = np.diag(np.full(n - 1, 0.5), 1) + np.diag(np.full(n - 1, 0.5), -1)
    fair[0], fair[-1] = np.eye(n)[1], np.eye(n)[-2]
    np.testing.assert_allclose(mean_first_passage(fair)[:-1, -1], (n - 1) ** 2 - np.arange(n - 1) ** 2)
    np.testing.assert_allclose(np.diag(mean_first_passage(fair)), 1 / stationary(fair))


def test_states_out_of_reach():
    trap = np.array([[0.5, 0.25, 0.25], [0, 1, 0], [0, 0, 1.0]])
    times = mean_first_passage(trap)
    assert np.isinf(times[0, 1])  # it may fall into the other trap
    assert np.isinf(times[1, 0])
    assert committor(trap, [1], [2])[0] == pytest.approx(0.5)
    apart = np.eye(2)
    np.testing.assert_allclose(stationary(apart), 0.5)
    assert np.isinf(relaxation_times(apart)).all()
    assert np.isnan(committor(np.eye(3), [0], [1])[2])


def test_one_state():
    one = np.ones((1, 1))
    assert stationary(one).tolist() == [1.0]
    assert relaxation_times(one).tolist() == []
    assert mean_first_passage(one).tolist() == [[1.0]]
    assert cycle_fluxes(one) == ()


def test_states_that_are_never_left_are_found():
    counts = np.array([[5, 2, 0], [1, 3, 1], [0, 0, 0]])
    assert visited(counts).tolist() == [0, 1]
    assert visited(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])).tolist() == []


@pytest.mark.parametrize("bad", [np.full((2, 2), 0.4), np.array([[np.nan, 1], [0, 1]]), np.ones((2, 3)),
                                 np.array([[1.5, -0.5], [0, 1]])])  # fmt: skip
def test_not_a_transition_matrix(bad):
    with pytest.raises(InputError):
        stationary(bad)


@pytest.mark.parametrize(("start", "end"), [([0], [0]), ([], [1]), ([0], [9])])
def test_committor_needs_two_different_ends(start, end):
    with pytest.raises(InputError, match="committor"):
        committor(TWO, start, end)
