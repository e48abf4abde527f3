from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cellstate.compare.design import find_samples, make_design
from napari_cellstate.compare.finding import correct
from napari_cellstate.compare.means import compare_features, compare_states, group_means
from napari_cellstate.compare.occupancy import compare_occupancy
from napari_cellstate.compare.rates import compare_rates, log_rates
from napari_cellstate.compare.statement import statement, verdict_of
from napari_cellstate.compare.verdict import DIFFERS, SAME, UNDECIDED
from napari_cellstate.core.errors import InputError
from napari_cellstate.simulate.population import simulate_population, spread_rates

RATES = np.array([[0, 0.03, 0.01], [0.02, 0, 0.02], [0.01, 0.03, 0]])


def two_conditions(seed=0, *, factor=1.0, sd=0.1, replicates=4, tracks=100, frames=100):
    rng = np.random.default_rng(seed)
    law = spread_rates(rng, np.stack([RATES, RATES * factor]), sd=sd, populations=replicates)
    found = simulate_population(rng, law.reshape(-1, 3, 3), tracks=tracks, frames=frames)
    names = [f"{condition}{nth}" for condition in "ya" for nth in range(replicates)]
    samples = find_samples(np.repeat(["young", "aged"], replicates), names)
    return found, samples, make_design(samples, "young", "aged")


def state_values(seed, *, shift=0.0, replicates=4, rows=200):
    """Rows of three states, one feature; state 2 of the second condition is shifted by so many sd."""
    rng = np.random.default_rng(seed)
    movie = np.repeat(np.arange(2 * replicates), 3 * rows)
    group = np.tile(np.repeat(np.arange(3), rows), 2 * replicates)
    centre = group * 3.0 + rng.normal(0, 0.05, 2 * replicates)[movie]
    values = rng.normal(centre + shift * ((group == 1) & (movie >= replicates)), 1.0)
    return group_means(values[:, None], group, movie, groups=3, movies=2 * replicates)


def test_log_rates_by_hand():
    counts = np.array([[[8, 2], [0, 0]], [[5, 0], [3, 7]]])
    found = log_rates(counts, time=0.5)
    assert found.pairs.tolist() == [[0, 1], [1, 0]]
    np.testing.assert_allclose(found.values, [[np.log(2.5 / 5), np.nan], [np.log(0.5 / 2.5), np.log(3.5 / 5)]])
    with pytest.raises(InputError, match="expected"):
        log_rates(counts[0])


def test_slower_transitions_of_the_same_states():
    found, samples, design = two_conditions(factor=0.6)
    findings = compare_rates(found.counts, design) + compare_occupancy(found.rows, design)
    findings += compare_states(state_values(0), samples, design, states="123", features=["speed"])
    findings = correct(findings)
    speed = findings[0]
    assert speed.name == "overall rate" and speed.verdict == DIFFERS
    assert speed.low < 0.62 < speed.high and speed.q == speed.p
    assert statement(findings).startswith("same states, slower transitions")
    assert {one.name for one in findings if one.question == "rates"} >= {"rate 1->2", "rate 3->1"}


def test_a_shifted_state_is_a_changed_state_and_not_a_changed_rate():
    found, samples, design = two_conditions(1)
    findings = compare_rates(found.counts, design)
    moved = state_values(1, shift=1.0)
    findings = correct(findings + compare_states(moved, samples, design, states="123", features=["speed"]))
    said = statement(findings)
    assert said.startswith("changed states, moved: 2 speed;") and "transitions" not in said
    state = next(one for one in findings if one.name == "state 2 speed")
    assert state.low < 1.0 < state.high
    assert verdict_of(findings, "overall rate") != DIFFERS


def test_large_numbers_of_alike_replicates_are_the_same_within_the_margin():
    found, _, design = two_conditions(2, sd=0.0, replicates=8, tracks=300)
    findings = correct(compare_rates(found.counts, design) + compare_occupancy(found.rows, design))
    assert [verdict_of(findings, question) for question in ("overall rate", "rates", "occupancy")] == [SAME] * 3
    assert statement(findings) == "same states, same rates, same occupancy (states as given, not compared)"


@pytest.mark.parametrize("factor", [1.0, 0.1])
def test_two_replicates_always_end_undecided(factor):
    found, samples, design = two_conditions(3, factor=factor, replicates=2)
    means = compare_states(state_values(3, shift=5, replicates=2), samples, design, states="123", features=["speed"])
    findings = correct(compare_rates(found.counts, design) + compare_occupancy(found.rows, design) + means)
    assert {one.verdict for one in findings} == {UNDECIDED}
    assert all(np.isnan(one.p) and np.isnan(one.q) and np.isfinite(one.estimate) for one in findings)


def test_movies_of_one_replicate_are_not_counted_twice():
    found, _, _ = two_conditions(4, replicates=4)
    twice = np.concatenate([found.counts, found.counts])
    condition = np.tile(np.repeat(["y", "a"], 4), 2)
    samples = find_samples(condition, np.tile([f"r{nth}" for nth in range(8)], 2))
    design = make_design(samples, "y", "a")
    assert design.n == (4, 4)
    findings = compare_rates(samples.total(twice), design)
    assert findings[0].n == (4, 4)


def test_rare_transitions_are_shown_and_not_tested():
    found, _, design = two_conditions(5)
    counts = found.counts.copy()
    counts[:, 0, 2] = 0
    counts[0, 0, 2] = 1
    rare = next(one for one in correct(compare_rates(counts, design)) if one.name == "rate 1->3")
    assert np.isnan(rare.p) and rare.verdict == UNDECIDED and "few events" in rare.note and np.isfinite(rare.estimate)


def test_occupancy_interval_and_p_agree():
    found, _, design = two_conditions(6, sd=0.3)
    findings = correct(compare_occupancy(found.rows, design, names=["rest", "run", "turn"]))
    assert [one.name for one in findings] == ["occupancy rest", "occupancy run", "occupancy turn"]
    for one in findings:
        assert (one.low > 0 or one.high < 0) == (one.p < 0.05)
        assert one.estimate == pytest.approx(one.values[1] - one.values[0])


def test_a_state_that_one_condition_lacks_is_no_same_state():
    found, _, design = two_conditions(7)
    rows = found.rows.copy()
    rows[design.a, 2] = 0
    findings = correct(compare_occupancy(rows, design))
    assert findings[2].note == "never seen in young"
    assert statement(findings).startswith("other states, ")


def test_a_state_never_seen_by_a_replicate():
    counts = np.zeros((6, 2, 2), int)
    counts[:, 0, 0] = 50
    counts[1:, 0, 1] = counts[1:, 1, 0] = 5
    samples = find_samples(["a"] * 3 + ["b"] * 3, list("123456"))
    findings = correct(compare_rates(counts, make_design(samples, "a", "b"), names=["rest", "run"]))
    assert [one.n for one in findings if one.name == "rate run->rest"] == [(2, 3)]
    assert {one.verdict for one in findings if one.name == "rate run->rest"} == {UNDECIDED}


def test_means_are_those_of_replicates():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(8, 2))
    samples = find_samples(["a"] * 4 + ["b"] * 4, [*"1234", *"1234"])
    design = make_design(samples, "a", "b")
    found = correct(compare_features(values, design, features=["speed", "area"], sd=np.array([2.0, 1.0])))
    assert found[0].paired and found[0].name == "mean speed" and "paired t" in found[0].test
    assert found[0].p == pytest.approx(stats.ttest_rel(values[:4, 0], values[4:, 0]).pvalue)
    assert found[0].estimate == pytest.approx((values[4:, 0] - values[:4, 0]).mean() / 2)
    assert found[0].values[0] == pytest.approx(values[:4, 0].mean())
    with pytest.raises(InputError, match="no correction"):
        correct(found, "none")


def test_group_means_by_hand():
    values = np.array([[1.0], [3.0], [10.0], [np.nan], [5.0]])
    found = group_means(values, np.array([0, 0, 1, 1, -1]), np.array([0, 0, 1, 1, 1]), groups=2, movies=2)
    np.testing.assert_allclose(found.means[..., 0], [[2, np.nan], [np.nan, 10]])
    np.testing.assert_allclose(found.sd[0], np.sqrt(2))
    assert found.rows.tolist() == [[2, 0], [0, 2]]


def test_a_missing_value_costs_its_feature_only():
    values = np.array([[1.0, np.nan], [3.0, 4.0], [np.nan, 8.0]])
    found = group_means(values, np.zeros(3, int), np.zeros(3, int), groups=1, movies=1)
    assert found.means[0, 0].tolist() == [2.0, 6.0]
