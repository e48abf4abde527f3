from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellstate.methods.features.paths import (
    gyration,
    mean,
    msd_exponent,
    net_distance,
    persistence,
    ratio,
    spread,
    steps,
    straightness,
    total_distance,
    turning,
)

NAN = np.nan
LINE = np.array([[[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [9.0, 12.0], [12.0, 16.0]]])
SQUARE = np.array([[[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0], [0.0, 0.0]]])
STILL = np.full((1, 5, 2), 0.1)
GAP = np.array([[[0.0, 0.0], [0.0, 1.0], [NAN, NAN], [0.0, 4.0], [0.0, 6.0]]])
OUTER = np.array([[[NAN, NAN], [0.0, 1.0], [3.0, 5.0], [NAN, NAN], [NAN, NAN]]])
NONE = np.full((1, 5, 2), NAN)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_line_square_and_rest() -> None:
    at = np.concatenate([LINE, SQUARE, STILL])
    assert_allclose(net_distance(at), [20, 0, 0])
    assert_allclose(total_distance(at), [20, 8, 0])
    assert_allclose(straightness(at), [1, 0, NAN])
    assert_allclose(persistence(steps(at)), [1, 0, NAN])
    assert_allclose(msd_exponent(at), [2, np.log2(2), NAN])  # square: lag 1 is 4, lag 2 is 8


def test_turning_has_sign_and_size() -> None:
    # y grows downwards: from +x to +y is a right turn on the screen, and positive
    assert_allclose(turning(steps(SQUARE)), [[np.pi / 2] * 3])
    assert_allclose(turning(steps(SQUARE[:, :, ::-1])), [[-np.pi / 2] * 3])
    back = np.array([[[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    assert_allclose(np.abs(turning(steps(back))), [[np.pi]])
    assert np.isnan(turning(steps(STILL))).all()


def test_gyration_of_a_line_and_of_a_square() -> None:
    radius, anisotropy = gyration(np.concatenate([LINE, SQUARE[:, [0, 1, 2, 3, 3]], STILL, NONE]))
    assert_allclose(radius[[0, 2, 3]], [5 * np.sqrt(2), 0, NAN])
    assert_allclose(anisotropy[[0, 2, 3]], [1, NAN, NAN])
    corners, round_ = gyration(SQUARE[:, :4])
    assert_allclose(corners, [np.sqrt(2)])
    assert_allclose(round_, [0], atol=1e-15)


def test_gaps_are_bridged_by_distances_and_left_out_of_steps() -> None:
    assert_allclose(net_distance(GAP), [6])
    assert_allclose(total_distance(GAP), [6])
    assert_allclose(np.hypot(*steps(GAP).T).T, [[1, NAN, NAN, 2]])
    assert np.isnan(turning(steps(GAP))).all()
    assert_allclose(msd_exponent(GAP), [np.log2((9.0) / 2.5)])  # lag 1: 1, 4; lag 2: 9
    assert_allclose(gyration(GAP)[0], [np.std([0, 1, 4, 6])])
    assert_allclose(net_distance(OUTER), [5])
    assert_allclose(total_distance(OUTER), [5])


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8])
def test_short_and_empty_paths_are_not_defined_but_do_not_fail(width: int) -> None:
    for at in (NONE[:, :1].repeat(width, 1), np.empty((0, width, 2)), np.zeros((1, width, 2))):
        moved = steps(at)
        for value in (net_distance(at), total_distance(at), straightness(at), persistence(moved), msd_exponent(at)):
            assert value.shape == (len(at),)
        assert turning(moved).shape == (len(at), max(width - 2, 0))
        assert gyration(at)[0].shape == (len(at),)
    assert np.isnan(net_distance(NONE)).all()
    assert np.isnan(total_distance(NONE)).all()


def test_msd_exponent_of_two_positions_is_not_defined() -> None:
    assert np.isnan(msd_exponent(LINE[:, :2])).all()
    assert_allclose(msd_exponent(LINE[:, :3]), [2])


def test_msd_exponent_uses_half_the_window() -> None:
    at = np.cumsum(np.random.default_rng(0).normal(size=(4, 12, 2)), axis=1)
    lags = np.arange(1, 7)
    for path, found in zip(at, msd_exponent(at), strict=True):
        msd = [((path[lag:] - path[:-lag]) ** 2).sum(1).mean() for lag in lags]
        assert_allclose(found, np.polyfit(np.log(lags), np.log(msd), 1)[0])


def test_means_pass_over_what_is_missing() -> None:
    values = np.array([[1.0, NAN, 3.0], [NAN, NAN, 2.0], [NAN, NAN, NAN]])
    assert_allclose(mean(values), [2, 2, NAN])
    assert_allclose(spread(values), [1, NAN, NAN])
    assert_allclose(ratio(np.array([1.0, 1.0, NAN]), np.array([2.0, 0.0, 1.0])), [0.5, NAN, NAN])


def test_persistence_lies_between_minus_one_and_one() -> None:
    at = np.random.default_rng(1).normal(size=(500, 5, 2))
    value = persistence(steps(at))
    assert (np.abs(value) <= 1).all()
    to_and_fro = np.array([[[0.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 1.0]]])
    assert_allclose(persistence(steps(to_and_fro)), [-1])
