from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.state_suggestion import suggestion
from napari_cellstate.methods.states._held_out import (
    HeldOut,
    held_out_likelihood,
    refitted,
    sharing_no_frame,
    transitions_by_condition,
)
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


def held(value):
    return HeldOut(np.arange(4), value + np.array([0.0, 0.02, -0.02, 0.0]), np.full(4, 10))


def of(stability, slow, likelihood=(-4.0, -3.0, -2.0, -1.0)):
    table = pd.DataFrame({"k": [1, 2, 3, 4], "stability": stability, "slow": slow, "gain": [np.nan, 1.0, 1.0, 1.0]})
    return suggestion(table, [held(one) for one in likelihood], "movie")


def test_suggestion_counts_slow_processes_of_models_that_are_found_again():
    assert of([1, 0.95, 0.9, 0.9], [0, 1, 2, 3])[0] == 4
    k, why = of([1, 0.95, 0.9, 0.9], [0, 1, 2, 2])
    assert k == 3
    assert "still rises up to 4" in why
    assert of([1, 0.95, 0.9, 0.9], [0, 1, 1, 2])[0] == 3, "a shape of its own comes before the third behaviour"
    k, why = of([1, 0.95, 0.9, 0.5], [0, 1, 2, 3])
    assert k == 3
    assert "4 states show 1 more, but resamples do not find them again (0.50" in why
    k, why = of([1, 0.95, 0.9, 0.9], [0, 1, 2, 3], (-4.0, -3.0, -3.0, -3.0))
    assert k == 2
    assert "3 states show 1 more, but they foretell no better" in why
    k, why = of([1, 0.95, 0.9, 0.9], [0, 0, 0, 0])
    assert k == 1
    assert "No state lasts" in why
    assert "No number of states" in of([0.3] * 4, [0, 1, 2, 3])[1]


def test_shapes_of_a_state_add_no_slow_process():
    """Two behaviours; in one of them the values jump between two far places from row to row."""
    rng = np.random.default_rng(3)
    state = paths(STEP, 60, 25, rng).ravel()
    place = np.where(state == 0, 0.0, 8.0 + 6.0 * rng.integers(0, 2, len(state)))
    rows = Rows((place + rng.normal(0, 1, len(state)))[:, None], np.repeat(np.arange(60), 25))
    tracks = rows.run
    slow = [refitted(Hmm(starts=3), rows, tracks, k, 0).slow() for k in (1, 2, 3)]
    assert slow == [0, 1, 1]


def test_rows_that_share_no_frame():
    run = np.array([0, 0, 0, 0, 0, 1, 1, 2])
    assert sharing_no_frame(run, 3.0).tolist() == [0, 3, 5, 7]
    assert sharing_no_frame(run, 1.0).tolist() == list(range(8))
    assert sharing_no_frame(run[:0], 3.0).tolist() == []


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
