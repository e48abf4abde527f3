from __future__ import annotations

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states import hmm
from napari_cellstate.methods.states._hmm_em import Prior, expectation
from napari_cellstate.methods.states._hmm_em import fit as improve
from napari_cellstate.methods.states._hmm_forward import best_path, forward_backward
from napari_cellstate.methods.states._hmm_model import Model, log_emission, moments
from napari_cellstate.methods.states._hmm_runs import pack
from napari_cellstate.methods.states._hmm_start import smoothed
from napari_cellstate.methods.states.gaussian_mixture import GaussianMixture
from napari_cellstate.methods.states.hmm import Hmm
from napari_cellstate.metrics.agreement import adjusted_rand
from tests.dynamics.chains import paths

STEP = np.array([[0.92, 0.05, 0.03], [0.04, 0.9, 0.06], [0.1, 0.02, 0.88]])


def chains(seed, lengths, axes=4, apart=1.0):
    """Points, runs, true states: three states whose clouds overlap."""
    rng = np.random.default_rng(seed)
    run = np.repeat(np.arange(len(lengths)), lengths)
    truth = np.zeros(len(run), np.int64)
    new = np.r_[True, run[1:] != run[:-1]]
    for row in range(len(run)):
        share = np.full(3, 1 / 3) if new[row] else STEP[truth[row - 1]]
        truth[row] = rng.choice(3, p=share)
    centres = apart * np.random.default_rng(99).normal(size=(3, axes))
    return centres[truth] + rng.normal(size=(len(run), axes)), run, truth


def model(axes=4, *, diagonal=False, seed=5):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(3, axes, axes)) / 2 + np.eye(axes)
    covariance = 0.5 + rng.random((3, axes)) if diagonal else root @ root.transpose(0, 2, 1) + 0.1 * np.eye(axes)
    return Model(np.array([0.2, 0.5, 0.3]), STEP, rng.normal(size=(3, axes)), covariance)


def oracle(of):
    other = GaussianHMM(len(of.start), "diag" if of.diagonal else "full")
    other.startprob_, other.transmat_, other.means_, other.covars_ = of.start, of.step, of.mean, of.covariance
    return other


def unpacked(packed, values):
    result = np.empty(values.T.shape, values.dtype)
    result[packed.order] = values.T
    return result


LENGTHS = {"even": [30] * 20, "ragged": [1, 40, 7, 1, 1, 90, 2, 13, 40], "one long": [400], "ones": [1] * 50}


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_same_posteriors_and_path_as_hmmlearn(lengths, diagonal):
    points, run, _ = chains(1, lengths)
    packed, of = pack(run), model(diagonal=diagonal)
    columns = points[packed.order].T
    found = expectation(packed, columns, of)
    likelihood, posterior = oracle(of).score_samples(points, lengths)
    assert found.log_likelihood == pytest.approx(likelihood, rel=1e-9)
    np.testing.assert_allclose(unpacked(packed, found.posterior), posterior, atol=1e-9)
    path = unpacked(packed, best_path(packed, log_emission(columns, of), of.start, of.step))
    np.testing.assert_array_equal(path, oracle(of).predict(points, lengths))
    assert found.pairs.sum() == pytest.approx(len(run) - len(lengths))


def test_one_iteration_is_hmmlearns():
    lengths = [25] * 40
    points, run, _ = chains(2, lengths)
    packed, of = pack(run), model()
    found = improve(packed, points[packed.order].T, of, Prior(), iterations=1, tolerance=-np.inf)
    other = GaussianHMM(3, "full", n_iter=1, init_params="", covars_prior=0, covars_weight=0, min_covar=0)
    other.startprob_, other.transmat_, other.means_, other.covars_ = of.start, of.step, of.mean, of.covariance
    other.fit(points, lengths)
    np.testing.assert_allclose(found.model.step, other.transmat_, atol=1e-9)
    np.testing.assert_allclose(found.model.start, other.startprob_, atol=1e-9)
    np.testing.assert_allclose(found.model.mean, other.means_, atol=1e-9)


def test_posterior_of_two_rows_by_hand():
    of = Model(np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.0], [1.0]]), np.ones((2, 1)))
    density = np.exp(-0.5 * (np.array([0.3, 0.9])[:, None] - of.mean.T) ** 2)
    joint = of.start[:, None] * density[0][:, None] * of.step * density[1]
    joint /= joint.sum()
    found = expectation(pack(np.zeros(2, np.int64)), np.array([[0.3, 0.9]]), of)
    np.testing.assert_allclose(found.pairs, joint)
    np.testing.assert_allclose(found.posterior, np.stack([joint.sum(axis=1), joint.sum(axis=0)], axis=1))


def test_row_far_from_every_state_has_a_posterior():
    of = Model(np.array([1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0], [500.0]]), np.ones((2, 1)))
    found = expectation(pack(np.zeros(3, np.int64)), np.array([[0.0, 500.0, 1e6]]), of)  # state 2 is out of reach
    np.testing.assert_array_equal(found.posterior[0], 1.0)
    assert np.isfinite(found.log_likelihood)


def test_packed_rows_go_back_and_know_the_row_before():
    run = np.repeat([4, 5, 9, 7], [2, 5, 1, 3])
    packed = pack(run)
    assert sorted(packed.order.tolist()) == list(range(11))
    assert packed.first == 4
    after = packed.order[packed.first :]
    np.testing.assert_array_equal(packed.order[packed.before], after - 1)
    np.testing.assert_array_equal(run[after], run[after - 1])
    assert pack(np.zeros(0, np.int64)).first == 0


def test_no_rows_have_no_likelihood():
    found = forward_backward(pack(np.zeros(0, np.int64)), np.zeros((3, 0)), np.full(3, 1 / 3), STEP)
    assert found.log_likelihood == 0.0


@pytest.mark.parametrize("diagonal", [False, True])
def test_moments_are_those_of_numpy(diagonal):
    rng = np.random.default_rng(3)
    points, weight = rng.normal(size=(5, 4000)), rng.random((2, 4000))
    total, mean, covariance = moments(points, weight, diagonal=diagonal)
    for state in range(2):
        expected = np.cov(points, aweights=weight[state], ddof=0)
        np.testing.assert_allclose(mean[state], np.average(points, axis=1, weights=weight[state]), atol=1e-12)
        np.testing.assert_allclose(covariance[state], np.diag(expected) if diagonal else expected, atol=1e-10)
    np.testing.assert_allclose(total, weight.sum(axis=1))


def test_likelihood_never_falls():
    points, run, _ = chains(4, [20] * 30)
    packed, last = pack(run), -np.inf
    columns, now = points[packed.order].T, model()
    for _ in range(15):
        fitted = improve(packed, columns, now, Prior(stay=5, move=0.5), iterations=1, tolerance=-np.inf)
        assert fitted.objective >= last - 1e-8 * abs(last)
        now, last = fitted.model, fitted.objective


def fit(points, run, **settings):
    return Hmm(**settings).fit(Rows(points, run), Runtime())


@pytest.mark.parametrize("seed", [0, 1])
def test_time_helps_where_clouds_overlap(seed):
    points, run, truth = chains(seed, [60] * 60, apart=0.9)
    ours = fit(points, run, evidence=1.0)
    mixture = GaussianMixture(starts=3).fit(Rows(points, run), Runtime())
    true_model = Model(np.full(3, 1 / 3), STEP, 0.9 * np.random.default_rng(99).normal(size=(3, 4)), np.ones((3, 4)))
    packed = pack(run)
    best = unpacked(packed, expectation(packed, points[packed.order].T, true_model).posterior).argmax(axis=1)
    assert adjusted_rand(ours.state, truth) > adjusted_rand(mixture.state, truth) + 0.2
    assert adjusted_rand(ours.state, truth) > 0.93 * adjusted_rand(best, truth)
    assert adjusted_rand(ours.cluster, truth) < adjusted_rand(ours.state, truth)


def test_transitions_of_the_truth_are_found():
    points, run, truth = chains(6, [80] * 100, apart=1.5)
    state = fit(points, run, evidence=1.0).state
    name = [np.bincount(truth[state == one], minlength=3).argmax() for one in range(3)]
    same = run[1:] == run[:-1]
    counts = np.zeros((3, 3))
    np.add.at(counts, (np.array(name)[state[:-1]][same], np.array(name)[state[1:]][same]), 1)
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), STEP, atol=0.025)


def test_less_evidence_and_more_stickiness_switch_less():
    points, run, _ = chains(7, [50] * 30, apart=0.8)
    switches = []
    for settings in ({"evidence": 1.0}, {"evidence": 0.4}, {"evidence": 1.0, "stay": 20_000.0}):
        state = fit(points, run, k=2, **settings).state
        switches.append(int(((state[1:] != state[:-1]) & (run[1:] == run[:-1])).sum()))
    assert switches[1] < switches[0]
    assert switches[2] < switches[0]


def test_runs_of_one_row_are_a_mixture():
    points, _, truth = chains(8, [60] * 20, apart=4.0)
    fitted = fit(points, np.arange(len(points)))
    assert adjusted_rand(fitted.state, truth) > 0.95
    assert any("no row follows another" in note for note in fitted.notes)


def test_order_of_states_does_not_depend_on_units():
    points, run, _ = chains(9, [40] * 20, apart=2.0)
    one, other = fit(points, run), fit(points * 1e-6 + 7.0, run)
    assert adjusted_rand(one.state, other.state) > 0.99


def test_state_that_nothing_visits_is_left_out_and_said():
    cluster, state = np.array([0, 0, 2, 2]), np.array([0, 0, 2, 3])
    posterior = np.array([[0.5, 0.2, 0.2, 0.1], [1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]])
    found = hmm._present(cluster, state, posterior, ())
    assert found.cluster.tolist() == [0, 0, 1, 1]
    assert found.state.tolist() == [0, 0, 1, 2]
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0)
    assert found.notes == ("3 states instead of 4: the others had no rows",)


def test_more_states_than_the_rows_hold_come_to_an_end():
    points, run, _ = chains(10, [3, 1, 2])
    found = fit(points, run, k=6)
    assert found.state.shape == (6,)
    assert any("rows are few" in note for note in found.notes)


def test_starts_on_a_sample_of_whole_runs(monkeypatch):
    monkeypatch.setattr(hmm, "SAMPLE", 300)
    points, run, truth = chains(11, [30] * 60, apart=2.0)
    chosen = hmm.sample_runs(points, run, 3, 0)
    assert 300 <= len(chosen) < 360
    assert set(np.bincount(run[chosen])) <= {0, 30}
    assert adjusted_rand(fit(points, run).state, truth) > 0.9


def test_smoothing_stays_in_its_run():
    points = np.arange(6.0)[:, None]
    run = np.array([0, 0, 0, 0, 1, 1])
    assert smoothed(points, run, 3).ravel().tolist() == [0.5, 1.0, 2.0, 2.5, 4.5, 4.5]
    assert smoothed(points, run, 1) is points


def test_mixture_of_a_state_is_one_state():
    # state 1 has two places far apart; with two components a state, the places are one state
    rng = np.random.default_rng(11)
    truth = np.concatenate([paths(np.array([[0.95, 0.05], [0.05, 0.95]]), 1, 60, rng)[0] for _ in range(60)])
    place = np.where(truth == 0, rng.choice([-6.0, 6.0], len(truth)), 0.0)
    points = np.stack([place, rng.normal(0, 1, len(truth))], axis=1) + rng.normal(0, 0.5, (len(truth), 2))
    run = np.repeat(np.arange(60), 60)
    found = Hmm(k=2, emission="mixture", components=2).fit(Rows(points, run), Runtime())
    assert adjusted_rand(found.state, truth) > 0.95


def test_autoregressive_states_differ_in_how_they_move_on():
    # both states have the same mean and variance; one keeps its value, the other turns it round
    rng = np.random.default_rng(12)
    truth = np.concatenate([paths(np.array([[0.97, 0.03], [0.03, 0.97]]), 1, 80, rng)[0] for _ in range(40)])
    values = np.zeros((len(truth), 2))
    for nth in range(1, len(truth)):
        values[nth] = (0.9 if truth[nth] == 0 else -0.9) * values[nth - 1] + rng.normal(0, np.sqrt(1 - 0.81), 2)
    run = np.repeat(np.arange(40), 80)
    found = Hmm(k=2, emission="autoregressive").fit(Rows(values, run), Runtime())
    plain = Hmm(k=2).fit(Rows(values, run), Runtime())
    assert adjusted_rand(found.state, truth) > 0.8
    assert adjusted_rand(plain.state, truth) < 0.3


@pytest.mark.parametrize("emission", ["mixture", "autoregressive"])
def test_other_emissions_at_the_edges(emission):
    points = np.random.default_rng(13).normal(size=(12, 2))
    for run in (np.arange(12), np.zeros(12, np.int64)):
        found = Hmm(k=2, emission=emission, starts=2).fit(Rows(points, run), Runtime())
        assert found.posterior is not None
        assert np.isfinite(found.posterior).all()


def test_evidence_follows_overlap():
    rows = Rows(np.zeros((1, 1)), np.zeros(1, np.int64))
    assert Hmm().estimated(rows).evidence == 1.0
    assert Hmm().estimated(Rows(rows.points, rows.run, 3.0)).evidence == 0.5
    assert Hmm(evidence=0.7).estimated(Rows(rows.points, rows.run, 3.0)).evidence == 0.7
