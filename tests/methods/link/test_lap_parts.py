"""What the linker learns, on data made by known laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.spatial import cKDTree

from napari_cellstate.methods.link._divisions import NEVER, Division, fit_division
from napari_cellstate.methods.link._history import LEVELS, History, fit_weights
from napari_cellstate.methods.link._looks import Looks, appearance, fit_looks
from napari_cellstate.methods.link._shift import common_shift
from napari_cellstate.methods.link._spread import Spread, fit_spread


def _known(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells with a long past and usual steps."""
    return np.full(n, LEVELS - 1), np.ones(n)


@pytest.mark.parametrize("dims", [2, 3])
def test_the_density_is_student_t(dims: int) -> None:
    spread, at = Spread(np.full(LEVELS, 2.5), 4.0, 0.0, dims), np.random.default_rng(0).normal(0, 3, (20, dims))
    expected = stats.multivariate_t(np.zeros(dims), 2.5 * np.eye(dims), df=4).logpdf(at)
    assert_allclose(spread.log((at**2).sum(1), np.full(20, 2.5)), expected)
    reach = spread.reach(-9.0, 2.5)
    assert_allclose(spread.log(np.array(reach**2), np.array(2.5)), -9.0)


@pytest.mark.parametrize(("tail", "least", "most"), [(2.0, 2, 3), (4.0, 3, 6), (1e6, 20, 100)])
def test_scale_and_tails_are_found(tail: float, least: float, most: float) -> None:
    at = stats.multivariate_t(np.zeros(2), 4 * np.eye(2), df=tail, seed=1).rvs(6000)
    found = fit_spread((at**2).sum(1), *_known(6000), LEVELS, 2, 200.0)
    assert least <= found.tail <= most
    assert_allclose(found.scale2[-1], 4, rtol=0.15)


def test_a_few_wrong_links_do_not_make_tails() -> None:
    rng = np.random.default_rng(2)
    at = rng.normal(0, 2, (3000, 2))
    at[:60] = rng.uniform(-30, 30, (60, 2))
    found = fit_spread((at**2).sum(1), *_known(3000), LEVELS, 2, 30.0)
    assert found.tail >= 10
    assert_allclose(found.scale2[-1], 4, rtol=0.15)


def test_cells_of_their_own_speed_are_remembered() -> None:
    rng = np.random.default_rng(3)
    size = rng.choice([0.25, 4.0], 3000)
    at = rng.normal(0, 1, (3000, 2)) * np.sqrt(size)[:, None]
    assert fit_spread((at**2).sum(1), np.full(3000, 3), size, LEVELS, 2, 50.0).memory >= 0.6
    shuffled = rng.permutation(size)
    assert fit_spread((at**2).sum(1), np.full(3000, 3), shuffled, LEVELS, 2, 50.0).memory <= 0.3


def _lessons(steps: np.ndarray) -> tuple[np.ndarray, ...]:
    """Past and next step of cells (N, T, D)."""
    history, everyone = History.none(len(steps), steps.shape[2]), np.arange(len(steps))
    ways, level, step = [], [], []
    for t in range(steps.shape[1]):
        ways.append(history.ways())
        level.append(history.level())
        step.append(steps[:, t])
        history = history.after(everyone, everyone, steps[:, t], np.ones(len(steps)), len(steps))
    return tuple(np.concatenate(part) for part in (ways, level, step))


def test_brownian_cells_have_no_use_for_their_past() -> None:
    ways, level, step = _lessons(np.random.default_rng(0).normal(0, 2, (400, 12, 2)))
    told = np.einsum("ndk,nk->nd", ways, fit_weights(ways, level, step, 4.0)[level])
    assert told.var() < 0.01 * step.var()


def test_correlated_steps_repeat_the_last() -> None:
    rng, steps = np.random.default_rng(1), [np.zeros((400, 2))]
    for _ in range(14):
        steps.append(0.8 * steps[-1] + 0.6 * rng.normal(0, 2, (400, 2)))
    ways, level, step = _lessons(np.stack(steps[3:], axis=1))
    weights = fit_weights(ways, level, step, 4.0)
    assert_allclose(weights[-1].sum(), 0.8, atol=0.1)
    left = step - np.einsum("ndk,nk->nd", ways, weights[level])
    assert_allclose(left[level == LEVELS - 1].var(), 1.44, rtol=0.1)  # the innovation: nothing better exists


def test_directed_cells_repeat_their_mean() -> None:
    rng = np.random.default_rng(2)
    steps = rng.normal(0, 3, (300, 1, 2)) + rng.normal(0, 1, (300, 20, 2))
    ways, level, step = _lessons(steps)
    weights = fit_weights(ways, level, step, 9.0)
    left = (step - np.einsum("ndk,nk->nd", ways, weights[level]))[level == LEVELS - 1]
    assert left.var() < 1.25  # 1 where the direction is known


@pytest.mark.parametrize("jump", [(0.0, 0.0), (2.0, -1.0), (70.0, 45.0)])
def test_jumps_are_found(jump: tuple[float, float]) -> None:
    rng = np.random.default_rng(4)
    there = rng.uniform(0, 500, (150, 2))
    after = (there + rng.normal(0, 1, there.shape) + jump)[rng.random(150) > 0.1]
    tree, usual = cKDTree(after), np.full(150, np.sqrt(2.0))
    distance, index = tree.query(there, distance_upper_bound=15)
    found = common_shift(there, after, tree, distance, np.minimum(index, len(after) - 1), usual)
    assert_allclose(found, jump, atol=4 * 1.25 / np.sqrt(130))


def _families(n: int, starts: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """`n` divisions, daughters 16 px apart, among `starts` chance pairs: start, middle, distance."""
    rng = np.random.default_rng(seed)
    middle = np.append((rng.normal(0, 1, (n, 2)) ** 2).sum(1), rng.uniform(0, 400, starts))
    distance = np.append(16 * np.exp(rng.normal(0, 0.15, n)), 30 * np.sqrt(rng.random(starts)))
    return np.arange(n + starts), middle, distance


def test_divisions_are_learned() -> None:
    start, middle, distance = _families(80, 100)
    spread, against = Spread(np.full(LEVELS, 1.0), 100.0, 0.0, 2), np.full(180, -4.0 - 12.0)
    law = fit_division(start, middle, distance, against, spread, np.ones(180), 4000)
    assert_allclose(law.apart, 16, rtol=0.05)
    assert_allclose(np.exp(law.log_rate), 0.02, rtol=0.2)


def test_chance_is_no_division() -> None:
    start, middle, distance = _families(0, 40)
    spread = Spread(np.full(LEVELS, 1.0), 100.0, 0.0, 2)
    # a density of starts under which chance pairs are as many as they are
    law = fit_division(start, middle, distance, np.full(40, -4.0 - 8.0), spread, np.ones(40), 4000)
    assert law == NEVER
    none = np.empty(0)
    assert fit_division(np.empty(0, np.int64), none, none, none, spread, none, 1) == NEVER


def test_the_law_of_divisions_is_a_density() -> None:
    law, spread = Division(np.log(0.02), 16.0, 0.2), Spread(np.full(LEVELS, 1.0), 10.0, 0.0, 2)
    rng = np.random.default_rng(0)
    first, second = rng.uniform(-25, 25, (2, 400_000, 2))  # both daughters, beside their mother's place
    middle, distance = (((first + second) / 2) ** 2).sum(1), np.sqrt(((first - second) ** 2).sum(1))
    total = np.exp(law.log(middle, distance, spread, np.ones(400_000))).mean() * 50.0**4
    assert_allclose(total, 0.02, rtol=0.15)


def test_looks_count_for_what_they_tell() -> None:
    rng = np.random.default_rng(5)
    other = rng.normal(0, np.sqrt(2), (800, 2))
    same = np.column_stack([rng.normal(0, 0.1, 800), rng.normal(0, np.sqrt(2), 800)])  # the second tells nothing
    looks = fit_looks(same, other)
    assert looks.ratio(np.array([[0.0, 0.0]]))[0] > 1.5
    assert looks.ratio(np.array([[2.0, 0.0]]))[0] < -1.5
    assert abs(np.ptp(looks.ratio(np.array([[0.0, 0.0], [0.0, 2.0]])))) < 0.3
    assert_allclose(Looks.unknown(2).ratio(other), 0, atol=1e-12)
    assert fit_looks(same[:0, :0], other[:0, :0]).ratio(np.empty((3, 0))).tolist() == [0, 0, 0]


def test_columns_that_say_nothing_are_left_out() -> None:
    cells = pd.DataFrame(
        {"area": [10.0, 20.0], "solidity": [0.5, 0.5], "intensity_mean_0": [np.nan, 3.0], "who": [1, 2]}
    )
    assert appearance(cells).shape == (2, 1)
    assert appearance(cells.assign(intensity_mean_0=[4.0, 3.0])).shape == (2, 2)
