from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from sklearn.metrics import adjusted_rand_score

from napari_cellstate.simulate.chain import generator, sample_paths, stationary, transition_matrix
from napari_cellstate.simulate.motion import step_lengths, turns
from napari_cellstate.simulate.movie import Simulation
from napari_cellstate.simulate.oracle import decode, log_likelihood, posterior
from napari_cellstate.simulate.scene import Behaviour, Scene

SCENE = Scene()
RATES = generator(20.0, SCENE.behaviour.jumps)


def free_tracks(n: int, frames: int, seed: int, scene: Scene = SCENE) -> pd.DataFrame:
    """Cells by the laws of the scene, without crowd or walls."""
    rng, behaviour = np.random.default_rng(seed), scene.behaviour
    state = sample_paths(RATES, n, frames, rng)
    flat = state.ravel()
    length = step_lengths(flat, behaviour, rng).reshape(n, frames)
    heading = np.cumsum(turns(flat, behaviour, rng)[:, 0].reshape(n, frames), axis=1)
    steps = length[..., None] * np.stack([np.sin(heading), np.cos(heading)], axis=-1)
    at = np.cumsum(steps, axis=1) - steps + rng.normal(0, behaviour.position_noise, (n, frames, 2))
    return pd.DataFrame(
        {
            "frame": np.tile(np.arange(frames), n),
            "track": np.repeat(np.arange(1, n + 1), frames),
            "state": flat + 1,
            "y": at[..., 0].ravel(),
            "x": at[..., 1].ravel(),
        }
    )


def test_the_oracle_knows_the_default_movie_far_better_than_single_steps_tell(default: Simulation) -> None:
    found = decode(default.cells, default.scene, default.rates)
    alone = log_likelihood(default.cells, default.scene).argmax(axis=1) + 1
    with_time = adjusted_rand_score(default.cells["state"], found)
    assert with_time > 0.85
    assert with_time > adjusted_rand_score(default.cells["state"], alone) + 0.3


def test_posteriors_are_probabilities_that_mean_what_they_say() -> None:
    cells = free_tracks(150, 60, seed=0)
    share = posterior(cells, SCENE, RATES)
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    right = np.eye(3)[cells["state"] - 1]
    for low, high in ((0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.98)):
        some = (share > low) & (share < high)
        assert some.sum() > 100
        assert right[some].mean() == pytest.approx(share[some].mean(), abs=0.08)


def test_forward_backward_is_the_sum_over_all_paths() -> None:
    cells = free_tracks(3, 5, seed=1)
    logs = log_likelihood(cells, SCENE).reshape(3, 5, 3)
    step, start = transition_matrix(RATES), stationary(RATES)
    paths = np.stack(np.meshgrid(*[range(3)] * 5, indexing="ij"), axis=-1).reshape(-1, 5)
    prior = start[paths[:, 0]] * step[paths[:, :-1], paths[:, 1:]].prod(axis=1)
    expected = np.zeros((3, 5, 3))
    for track in range(3):
        weight = prior * np.exp(logs[track][np.arange(5), paths].sum(axis=1))
        for t in range(5):
            expected[track, t] = np.bincount(paths[:, t], weights=weight, minlength=3) / weight.sum()
    np.testing.assert_allclose(posterior(cells, SCENE, RATES).reshape(3, 5, 3), expected, rtol=1e-8)


def test_step_density_is_the_gamma_law_seen_through_jitter() -> None:
    from scipy.special import ive
    from scipy.stats import gamma

    cells = pd.DataFrame({"frame": [0, 1], "track": [1, 1], "y": [0.0, 0.0], "x": [0.0, 1.3]})
    found = log_likelihood(cells, SCENE)
    s2 = 2 * 0.3**2
    for k, speed in enumerate(SCENE.behaviour.speeds):
        law = gamma(4, scale=speed / 4)

        def density(true: float, law: object = law) -> float:
            return law.pdf(true) * np.exp(-((1.3 - true) ** 2) / 2 / s2) * ive(0, 1.3 * true / s2) / s2

        assert found[0, k] == pytest.approx(np.log(quad(density, 0, 20)[0]), abs=0.02)
    assert (found[1] == 0).all()


def test_rows_may_come_in_any_order() -> None:
    cells = free_tracks(5, 20, seed=2)
    order = np.random.default_rng(0).permutation(len(cells))
    mixed = cells.iloc[order].reset_index(drop=True)
    np.testing.assert_allclose(posterior(mixed, SCENE, RATES), posterior(cells, SCENE, RATES)[order])


def test_a_gap_is_bridged_by_the_chain_alone() -> None:
    cells = free_tracks(1, 30, seed=3)
    share = posterior(cells.drop(index=[10, 11]), SCENE, RATES)
    assert share.shape == (28, 3)
    np.testing.assert_allclose(share.sum(axis=1), 1.0)


def test_one_frame_tells_the_long_run_shares_and_no_cells_nothing() -> None:
    one = free_tracks(1, 1, seed=4)
    np.testing.assert_allclose(posterior(one, SCENE, RATES)[0], stationary(RATES))
    assert posterior(one.iloc[:0], SCENE, RATES).shape == (0, 3)


def test_without_jitter_and_with_a_still_cell_densities_stay_finite() -> None:
    scene = Scene(behaviour=Behaviour(position_noise=0.0))
    cells = pd.DataFrame({"frame": np.arange(6), "track": 1, "y": 5.0, "x": [5.0, 5.0, 5.0, 90.0, 90.0, 90.0]})
    assert np.isfinite(log_likelihood(cells, scene)).all()
    assert np.isfinite(posterior(cells, scene, RATES)).all()
