from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.population import simulate_population, spread_rates

RATES = np.array([[0, 0.1], [0.05, 0]])


def test_counts_are_those_of_the_law():
    rng = np.random.default_rng(0)
    law = spread_rates(rng, RATES, sd=0.0, populations=2)
    assert law.shape == (2, 2, 2)
    np.testing.assert_allclose(law[0, 0], [np.exp(-0.1), 1 - np.exp(-0.1)])
    found = simulate_population(rng, law, tracks=500, frames=101)
    assert found.counts.sum(axis=(1, 2)).tolist() == [50_000, 50_000]
    assert found.switches.sum() == found.counts[:, 0, 1].sum() + found.counts[:, 1, 0].sum()
    seen = found.counts / found.counts.sum(axis=-1, keepdims=True)
    spread = np.sqrt(law * (1 - law) / found.counts.sum(axis=-1, keepdims=True))
    assert (np.abs(seen - law) < 4 * spread).all()
    stationary = law[0, 1, 0] / (law[0, 0, 1] + law[0, 1, 0])
    assert found.rows[0, 0] / found.rows[0].sum() == pytest.approx(stationary, abs=0.03)


def test_spread_is_the_one_asked_for():
    law = spread_rates(np.random.default_rng(1), RATES, sd=0.3, populations=4000)
    logs = np.log(-np.log(law[:, 0, 0]))
    assert logs.std() == pytest.approx(0.3, abs=0.3 * 4 / np.sqrt(2 * 4000))


def test_a_law_must_sum_to_one():
    with pytest.raises(InputError, match="sum to 1"):
        simulate_population(np.random.default_rng(0), np.full((1, 2, 2), 0.6), tracks=1, frames=2)
