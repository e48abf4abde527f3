from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, ttest_ind

import napari_cellstate as cs
from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.rates import ratio_of_intervals
from napari_cellstate.dynamics.counts import count_transitions
from napari_cellstate.dynamics.intervals import TRACK
from napari_cellstate.experiment.rate_change import _of_intervals, _of_replicates, rate_changes
from tests.dynamics.chains import cyclic, paths, rows


def test_ratio_by_hand():
    ratio, low, high = ratio_of_intervals((np.array([1.0]), np.array([4.0])), (np.array([6.0]), np.array([24.0])))
    assert ratio[0] == pytest.approx(6.0)  # 12 over 2
    half = np.exp(np.hypot(np.log(2), np.log(2)))
    assert (low[0], high[0]) == pytest.approx((6.0 / half, 6.0 * half))


def counted(probability, rng):
    run, frame, state = rows(paths(probability, 40, 50, rng))
    return count_transitions(run, frame, state, 3, 1, unit=run, unit_name=TRACK)


def test_interval_over_tracks_covers_the_true_ratio():
    rng, runs, inside = np.random.default_rng(0), 60, 0
    for _ in range(runs):
        table = _of_intervals(counted(cyclic(0.1, 0.05), rng), counted(cyclic(0.2, 0.05), rng))
        row = table[(table["from"] == 1) & (table["to"] == 2)].iloc[0]
        inside += row["low"] < 2.0 < row["high"]
    assert inside >= binom.ppf(0.0005, runs, 0.95)
    assert set(table["unit_other"]) == {TRACK} and set(table["n_other"]) == {40}


def test_replicates_are_n_and_pairs_are_pairs():
    rng, probabilities = np.random.default_rng(1), (cyclic(0.1, 0.05), cyclic(0.2, 0.05))
    counts = np.stack([counted(probabilities[nth // 4], rng).counts for nth in range(8)])
    names = np.repeat(["a", "b"], 4)
    apart = make_design(find_samples(names, [str(nth) for nth in range(8)]), "a", "b")
    table = _of_replicates(counts, apart)
    assert set(table["unit_reference"]) == {"replicate"}
    assert set(table["n_reference"]) == set(table["n_other"]) == {4}
    assert not table["paired"].any()
    row = table[(table["from"] == 1) & (table["to"] == 2)].iloc[0]
    rates = np.log((counts[:, 0, 1] + 0.5) / counts[:, 0].sum(axis=1))
    ends = ttest_ind(rates[4:], rates[:4], equal_var=False).confidence_interval()
    np.testing.assert_allclose(row[["low", "high"]].astype(float), np.exp([ends.low, ends.high]))
    together = make_design(find_samples(names, [str(nth % 4) for nth in range(8)]), "a", "b")
    assert _of_replicates(counts, together)["paired"].all()


def test_never_seen_in_either_is_blank():
    counts = np.tile(np.array([[5, 0], [1, 4]]), (4, 1, 1))
    design = make_design(find_samples(["a", "a", "b", "b"], ["1", "2", "3", "4"]), "a", "b")
    table = _of_replicates(counts, design)
    assert table["ratio"].isna().tolist() == [True, False]


def test_bad_conditions(two_movies):
    with pytest.raises(cs.InputError, match="two conditions"):
        rate_changes(two_movies, "aged", "aged")
