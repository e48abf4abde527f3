from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.markov import chapman_kolmogorov, implied_timescales
from napari_cellstate.dynamics.stationary import relaxation_times
from tests.dynamics.chains import BIRTH_DEATH, paths, rows


def test_timescales_of_a_chain_are_level():
    run, frame, state = rows(paths(BIRTH_DEATH, 400, 100, np.random.default_rng(0)))
    found = implied_timescales(run, frame, state, 5, [1, 2, 4])  # the fifth state is never visited
    expected = relaxation_times(BIRTH_DEATH)
    for times in found.times:
        np.testing.assert_allclose(times[0], expected[0], rtol=0.1)
        np.testing.assert_allclose(times[1], expected[1], rtol=0.15)
    assert np.isnan(found.times[:, 3]).all()


def test_chain_predicts_itself():
    small = 0
    for seed in range(20):
        run, frame, state = rows(paths(BIRTH_DEATH, 100, 40, np.random.default_rng([1, seed])))
        found = chapman_kolmogorov(run, frame, state, 4, 1, unit=run, draws=99)
        small += found.p < 0.05
    assert small <= 5  # binomial, 99.9 % of 20 at 5 %
    np.testing.assert_allclose(found.predicted.sum(axis=2), 1)
    assert found.seen.shape == (4, 4, 4)


def test_lumped_states_have_a_memory():
    state = paths(BIRTH_DEATH, 300, 60, np.random.default_rng(2))
    run, frame, lumped = rows(np.array([0, 0, 1, 1])[state])
    assert chapman_kolmogorov(run, frame, lumped, 2, 1, unit=run, draws=99).p == pytest.approx(0.01)


def test_one_track_cannot_be_resampled():
    with pytest.raises(InputError, match="1 units"):
        chapman_kolmogorov(np.zeros(9, int), np.arange(9), np.tile([1, 2, 1], 3), 2, 1, unit=np.zeros(9))
