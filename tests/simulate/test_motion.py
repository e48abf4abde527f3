from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ive

from napari_cellstate.simulate.chain import generator
from napari_cellstate.simulate.crowd import first_crowd
from napari_cellstate.simulate.motion import move, push_apart, step_lengths, turns
from napari_cellstate.simulate.movie import walk
from napari_cellstate.simulate.scene import Behaviour, Scene

BEHAVIOUR = Behaviour()
RATES = generator(20.0, BEHAVIOUR.jumps)


def test_step_lengths_are_gamma_with_the_mean_of_the_state() -> None:
    state = np.repeat([0, 1, 2], 5000)
    steps = step_lengths(state, BEHAVIOUR, np.random.default_rng(0)).reshape(3, 5000)
    np.testing.assert_allclose(steps.mean(axis=1), BEHAVIOUR.speeds, rtol=4 * 0.5 / np.sqrt(5000))
    np.testing.assert_allclose(steps.std(axis=1) / steps.mean(axis=1), 0.5, rtol=0.06)


def test_turns_are_uniform_and_von_mises() -> None:
    state = np.repeat([0, 1, 2], 5000)
    found = np.cos(turns(state, BEHAVIOUR, np.random.default_rng(0))[:, 0]).reshape(3, 5000).mean(axis=1)
    kappa = np.array(BEHAVIOUR.turning)
    np.testing.assert_allclose(found, ive(1, kappa) / ive(0, kappa), atol=0.03)


@pytest.fixture(scope="module")
def laws() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Steps and cosines of turns of each state, in the default crowd."""
    scene, steps, cosines = Scene(), [[], [], []], [[], [], []]
    frames = [crowd for _, crowd in zip(range(80), walk(scene, RATES, np.random.default_rng(5)), strict=False)]
    before: dict[int, np.ndarray] = {}
    for now, after in pairwise(frames):
        at = dict(zip(after.track.tolist(), after.centre, strict=True))
        last, before = before, {}
        for track, state, centre in zip(now.track.tolist(), now.state, now.centre, strict=True):
            if track in at:
                before[track] = step = at[track] - centre
                steps[state].append(np.hypot(*step))
                if track in last:
                    cosines[state].append(step @ last[track] / np.hypot(*step) / np.hypot(*last[track]))
    return [np.array(item) for item in steps], [np.array(item) for item in cosines]


def test_crowding_leaves_step_lengths_as_they_are(laws: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    for steps, speed in zip(laws[0], BEHAVIOUR.speeds, strict=True):
        assert len(steps) > 500
        assert steps.mean() == pytest.approx(speed, rel=0.1)
        assert steps.std() / steps.mean() == pytest.approx(0.5, rel=0.15)


def test_crowding_and_walls_bend_paths_only_a_little(laws: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    for cosines, kappa in zip(laws[1], BEHAVIOUR.turning, strict=True):
        assert cosines.mean() == pytest.approx(ive(1, kappa) / ive(0, kappa), abs=0.08)


def test_walls_keep_cells_in_the_field() -> None:
    scene = Scene(size=96, cells=6)
    for _, crowd in zip(range(60), walk(scene, RATES, np.random.default_rng(0)), strict=False):
        assert (crowd.centre > 6).all()
        assert (crowd.centre < 89).all()


def test_a_step_into_a_wall_comes_back_with_its_length() -> None:
    scene = Scene(cells=1)
    crowd = first_crowd(scene, RATES, np.random.default_rng(0))
    wall = crowd.axes[0][0] * 1.1
    crowd = replace(crowd, centre=np.array([[wall + 0.5, 200.0]]), heading=np.array([-np.pi / 2]), state=np.array([2]))
    moved = move(crowd, scene, np.random.default_rng(1))
    assert moved.centre[0, 0] >= wall
    assert np.sin(moved.heading[0]) > 0


def test_overlapping_cells_are_pushed_apart_softly() -> None:
    scene = Scene(cells=2)
    crowd = first_crowd(scene, RATES, np.random.default_rng(0))
    crowd = replace(crowd, centre=np.array([[200.0, 200.0], [200.0, 212.0]]))
    pushed = push_apart(crowd, scene)
    step = np.hypot(*(pushed.centre - crowd.centre).T)
    assert (step > 0.1).all()
    assert (step <= 1.0 + 1e-9).all()
    assert np.hypot(*(pushed.centre[1] - pushed.centre[0])) > 12.0
    far = replace(crowd, centre=np.array([[100.0, 100.0], [200.0, 200.0]]))
    np.testing.assert_array_equal(push_apart(far, scene).centre, far.centre)
