from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import Samples, find_samples, make_design
from napari_cellstate.compare.discriminate import tell_apart
from napari_cellstate.compare.emissions import compare_emissions
from napari_cellstate.core.errors import InputError


def cloud(seed, *, shift=0.0, width=1.0, rows=80, replicates=4, spread=0.15, paired=False):
    rng = np.random.default_rng(seed)
    sample = np.repeat(np.arange(2 * replicates), rows)
    names = np.arange(2 * replicates) % replicates if paired else np.arange(2 * replicates)
    alone = find_samples(["a"] * replicates + ["b"] * replicates, names)
    other = sample >= replicates
    points = rng.normal(size=(len(sample), 4)) * np.where(other, width, 1.0)[:, None]
    points += rng.normal(0, spread, (2 * replicates, 4))[sample]
    points[:, 0] += shift * other
    return points, Samples(alone.condition, alone.replicate, sample), make_design(alone, "a", "b")


def test_a_shift_is_told_by_its_normal_distribution():
    found = tell_apart(*cloud(0, shift=2.0, spread=0.0, rows=400))
    assert found.mean == pytest.approx(0.841, abs=0.03)  # two normals 2 apart: half of the distance is 1 sd
    assert found.p == pytest.approx(1 / 35) == found.smallest_p and found.accuracy.shape == (8,)


@pytest.mark.parametrize("paired", [False, True])
def test_one_law_is_chance_and_other_spread_is_seen(paired):
    null, wider = tell_apart(*cloud(1, paired=paired)), tell_apart(*cloud(1, width=1.6, paired=paired))
    assert abs(null.mean - 0.5) < 0.1 and null.p > 0.05
    assert wider.mean > 0.6 and wider.p == pytest.approx(wider.smallest_p)


def test_two_replicates_have_no_p():
    points, samples, design = cloud(2, shift=3.0, replicates=2)
    assert np.isnan(tell_apart(points, samples, design).p) and tell_apart(points, samples, design).mean > 0.8
    state = np.ones(len(points), np.int64)
    assert np.isnan(compare_emissions(points, state, samples.of, design, states=1).p)


def test_points_must_be_finite():
    points, samples, design = cloud(3)
    points[5, 1] = np.nan
    with pytest.raises(InputError, match="finite"):
        tell_apart(points, samples, design)
    with pytest.raises(InputError, match="finite"):
        compare_emissions(points, np.ones(len(points), np.int64), samples.of, design, states=1)


def test_states_of_their_own_are_worth_it_only_where_they_differ():
    points, samples, design = cloud(4, rows=200)
    state = 1 + (points[:, 1] > 0)
    same = compare_emissions(points, state, samples.of, design, states=2)
    assert same.mean < 0.01 and same.p > 0.05
    moved = points + np.where((samples.of >= 4) & (state == 2), 1.5, 0.0)[:, None] * np.eye(4)[3]
    found = compare_emissions(moved, state, samples.of, design, states=2)
    assert found.mean > 0.05 and found.p == pytest.approx(1 / 35)


def test_gain_of_known_gaussians():
    """Shift d of one state in one dimension: the shared state has variance 1 + d^2 / 4."""
    points, samples, design = cloud(5, shift=2.0, spread=0.0, rows=3000)
    found = compare_emissions(points, np.ones(len(points), np.int64), samples.of, design, states=1)
    # the shared fit lacks the left out sample: 3 of one side to 4 of the other
    mean, variance = 2 * 4 / 7, 1 + 4 * 12 / 49
    shared = -0.5 * (np.log(variance) + (1 + mean**2) / variance)
    assert found.mean == pytest.approx(-0.5 - shared, abs=0.02)
