from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.state_evidence import suggestion
from napari_cellstate.methods.states._held_out import HeldOut, held_out_likelihood, transitions_by_condition
from napari_cellstate.methods.states.hmm import Hmm, standard
from tests.dynamics.chains import paths

STEP = np.array([[0.9, 0.1], [0.1, 0.9]])


def made(seed, tracks=24, frames=25, apart=1.2, step=STEP):
    rng = np.random.default_rng(seed)
    state = paths(step, tracks, frames, rng)
    points = apart * state.ravel()[:, None] + rng.normal(0, 1, (tracks * frames, 1))
    return Rows(points, np.repeat(np.arange(tracks), frames))


def test_two_states_foretell_better_than_one_and_three_no_better():
    rows = made(0, apart=4.0)
    held = [held_out_likelihood(Hmm(starts=2), rows, rows.run // 4, k, folds=3) for k in (1, 2, 3)]
    gain, error = held[1].over(held[0])
    assert gain > 4 * error > 0
    more, error = held[2].over(held[1])
    assert more < 2 * error


def test_suggestion_is_the_fewest_as_good_and_found_again():
    def held(value):
        return HeldOut(np.arange(4), value + np.array([0.0, 0.02, -0.02, 0.0]), np.full(4, 10))

    table = pd.DataFrame({"k": [2, 3, 4], "stability": [0.95, 0.9, 0.5]})
    assert suggestion(table, [held(-3.0), held(-2.0), held(-1.0)], "movie")[0] == 3
    assert suggestion(table, [held(-2.0), held(-2.0), held(-1.0)], "movie")[0] == 2
    unstable = table.assign(stability=0.3)
    assert "No number of states" in suggestion(unstable, [held(-2.0)] * 3, "track")[1]


def test_decoding_with_the_condition_s_own_matrix_finds_what_is_not_there():
    """Null data: both conditions are alike. Track means of occupancy are tested, blind and not blind."""
    runs, rejected = 40, np.zeros(2)
    for seed in range(runs):
        rows = made([1, seed], tracks=20, frames=12, apart=0.7)
        condition = (np.arange(20) % 2)[rows.run]
        method = Hmm(k=2, starts=1, evidence=1.0)
        points = standard(rows.points)
        fitted = method.learn(points, rows.run, 2, Runtime())
        blind = held_posterior(points, rows, fitted)
        own = transitions_by_condition(points, rows.run, condition, fitted, evidence=1.0)
        assert own.gain > -1.0  # the prior of the transitions costs a little
        for nth, posterior in enumerate((blind, own.posterior)):
            share = np.bincount(rows.run, posterior[:, 1]) / 12
            rejected[nth] += ttest_ind(share[::2], share[1::2]).pvalue < 0.05
    assert rejected[0] <= 7  # binomial 99.9 % of 40 at 5 %
    assert rejected[1] >= 2 * max(rejected[0], 4)


def held_posterior(points, rows, fitted):
    from napari_cellstate.methods.states._hmm_em import expectation
    from napari_cellstate.methods.states._hmm_start import packed_points

    packed, columns = packed_points(points, rows.run, fitted.model)
    found = np.empty((len(points), 2))
    found[packed.order] = expectation(packed, columns, fitted.model, 1.0).posterior.T
    return found
