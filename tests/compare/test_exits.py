from __future__ import annotations

import numpy as np
import pytest

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.exits import compare_exits, log_hazards


def counts_of(hazards, pairs=100_000):
    """Exact counts of two states that are left with given chances, (S, 2)."""
    leaves = np.round(np.asarray(hazards) * pairs).astype(np.int64)
    return np.stack(
        [np.stack([pairs - leaves[:, 0], leaves[:, 0]], 1), np.stack([leaves[:, 1], pairs - leaves[:, 1]], 1)], 1
    )


def test_hazard_is_exits_over_time_at_risk():
    found = log_hazards(np.array([[[90, 10], [0, 0]]]), time=0.5)
    assert found[0, 0] == pytest.approx(np.log(10.5 / 50)) and np.isnan(found[0, 1])


def test_longer_stays_have_a_hazard_ratio_below_one():
    spread = np.array([0.95, 1.0, 1.05, 1.0])[:, None]
    hazards = np.concatenate([spread * [[0.1, 0.2]], spread * [[0.05, 0.2]]])
    samples = find_samples(["a"] * 4 + ["b"] * 4, range(8))
    longer, same = compare_exits(counts_of(hazards), make_design(samples, "a", "b"), names=["rest", "run"])
    assert longer.name == "dwell rest" and longer.estimate == pytest.approx(0.5, rel=1e-3) and longer.p < 0.001
    assert same.estimate == pytest.approx(1, rel=1e-3) and same.p > 0.9


def test_a_state_that_is_never_left_is_not_tested():
    counts = np.tile([[[50, 0], [5, 45]]], (8, 1, 1))
    samples = find_samples(["a"] * 4 + ["b"] * 4, range(8))
    never, often = compare_exits(counts, make_design(samples, "a", "b"))
    assert np.isnan(never.p) and never.note == "too few exits to test" and np.isfinite(often.p)
