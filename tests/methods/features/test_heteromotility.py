from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._heteromotility import reasons as why
from napari_cellstate.methods.features._heteromotility.names import AT
from napari_cellstate.methods.features._heteromotility.walks import EXPECTED, LIMIT, STEPS, expected_linearity
from napari_cellstate.methods.features.heteromotility import FEATURES, Heteromotility, describe_tracks
from tests.kits.inputs import StopAfter, tracks

NAMES = [feature.name for feature in FEATURES]
T = np.arange(100.0)


def described(*paths: np.ndarray, lag: int = 10) -> tuple[list[dict[str, float]], list[dict[str, int]]]:
    """Values and reasons by name, one dict a track of (T, 2) positions y, x."""
    values, reasons = describe_tracks(list(paths), lag)
    return [dict(zip(NAMES, row.tolist(), strict=True)) for row in values], [
        dict(zip(NAMES, row.tolist(), strict=True)) for row in reasons
    ]


def one(path: np.ndarray, lag: int = 10) -> tuple[dict[str, float], dict[str, int]]:
    values, reasons = described(path, lag=lag)
    return values[0], reasons[0]


def walk(n: int, seed: int = 0) -> np.ndarray:
    return 100 + np.cumsum(np.random.default_rng(seed).normal(0, 3, (n, 2)), axis=0)


def test_there_are_79_columns_each_with_a_note() -> None:
    assert len(NAMES) == len(set(NAMES)) == 79
    assert (NAMES[0], NAMES[8], NAMES[45], NAMES[-1]) == ("total_distance", "MSD_slope", "autocorr_1", "max_theta_11_6")
    assert all((feature.length, feature.time) == (0, 0) for feature in FEATURES)
    pooled = {feature.name for feature in FEATURES if feature.pooled}
    turned = {name for name in NAMES if "turn" in name or "theta" in name or "linear" in name or "spearman" in name}
    assert not pooled & turned


def test_a_straight_run_at_constant_speed() -> None:
    value, reason = one(np.stack([4 * T, 3 * T], -1))
    expected = {
        "total_distance": 495, "net_distance": 495, "linearity": 1, "spearmanrsq": 1, "progressivity": 1,
        "max_speed": 4, "min_speed": 4, "avg_speed": 5, "MSD_slope": 2, "nongauss": -2 / 3, "disp_var": 0,
        "disp_skew": 0, "rw_kurtosis01": -3, "avg_moving_speed04": 5, "avg_moving_speed05": 0, "time_moving04": 1,
        "time_moving05": 0, "rw_netdist": 495 - np.sqrt(2) * 50,
    }  # fmt: skip
    for name, number in expected.items():
        assert value[name] == pytest.approx(number, abs=1e-9), name
    for name in ("hurst_RS", "autocorr_1", "autocorr_10"):
        assert np.isnan(value[name])
        assert reason[name] == why.CONSTANT_STEPS
    assert reason["avg_moving_speed05"] == why.NEVER_FAST
    assert reason["avg_moving_speed04"] == reason["MSD_slope"] == why.OK


def test_a_cell_at_rest_keeps_the_numbers_that_the_original_defines() -> None:
    value, reason = one(np.full((100, 2), 7.3))
    assert (value["total_distance"], value["MSD_slope"], value["spearmanrsq"], value["disp_var"]) == (0, 0, 0, 0)
    assert (value["p_rturn_9_5"], value["mean_theta_9_5"]) == (0.5, 0)
    assert (reason["MSD_slope"], reason["p_rturn_9_5"]) == (why.ZERO_MSD, why.NO_TURNS)
    for name in ("progressivity", "nongauss", "linearity", "hurst_RS", "autocorr_3"):
        assert np.isnan(value[name]), name
    assert (reason["progressivity"], reason["linearity"]) == (why.NO_MOTION, why.CONSTANT_AXIS)


@pytest.mark.parametrize("length", [*range(14), 19, 20, 31, 1025, 1026, 1500])
def test_any_length_gives_a_number_or_a_reason(length: int) -> None:
    paths = [walk(length), np.round(walk(length, 1)), np.full((length, 2), 3.0), walk(length) * [0, 1]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values, reasons = describe_tracks(paths)
    assert not np.isinf(values).any()
    assert (reasons[np.isnan(values)] != why.OK).all()
    assert (reasons < len(why.REASONS)).all()
    if length >= 20:
        assert np.isfinite(values[0]).all()
        assert (reasons[0][: AT["rw_kurtosis01"]] == why.OK).all()


def test_few_displacements_are_told_from_many() -> None:
    reason = one(walk(20))[1]
    assert [reason[f"rw_kurtosis{lag:02d}"] for lag in (6, 7, 10)] == [why.OK, why.FEW_STEPS, why.FEW_STEPS]


def test_missing_ends_are_left_away_and_a_gap_is_said() -> None:
    path = walk(40)
    ends, gap, infinite = (np.concatenate([path[:1] * np.nan, path, path[:3] * np.nan]), path.copy(), path.copy())
    gap[7], infinite[7] = np.nan, np.inf
    padded = np.full((5, 44, 2), np.nan)
    padded[0, 1:41], padded[1], padded[2, :40], padded[3, :40] = path, ends, gap, infinite
    values, reasons = describe_tracks(padded)
    alone, _ = describe_tracks([path])
    assert_array_equal(values[:2], np.repeat(alone, 2, axis=0))
    assert np.isnan(values[2:]).all()
    assert_array_equal(reasons[2:], np.repeat([[why.GAP], [why.GAP], [why.EMPTY]], 79, axis=1))
    listed, _ = describe_tracks([path, ends, gap, infinite, np.empty((0, 2))])
    assert_array_equal(listed, values)


def test_equal_steps_but_for_rounding_are_marked_as_noise() -> None:
    angle = 2 * np.pi * T / 25
    value, reason = one(20 * np.stack([np.sin(angle), np.cos(angle)], -1))
    assert (value["MSD_slope"], reason["MSD_slope"]) == (0, why.ZERO_MSD)
    assert value["spearmanrsq"] == pytest.approx(0, abs=1e-12)
    for name in ("hurst_RS", "autocorr_1", "disp_skew", "rw_kurtosis01"):
        assert np.isfinite(value[name])
        assert reason[name] == why.ROUNDING
    assert reason["nongauss"] == why.OK


def test_lag_changes_only_how_moving_is_told() -> None:
    five, ten = described(walk(60), lag=5)[0][0], described(walk(60), lag=10)[0][0]
    changed = {name for name in NAMES if five[name] != ten[name]}
    assert changed <= {name for name in NAMES if "moving" in name}
    speed = np.linalg.norm(walk(60)[5:] - walk(60)[:-5], axis=1) / 5
    assert five["time_moving01"] == pytest.approx((speed > 1).mean())
    assert five["avg_moving_speed01"] == pytest.approx(speed[speed > 1].mean())


def test_definitions_written_out() -> None:
    y, x = walk(50).T
    value = one(walk(50))[0]
    steps = np.hypot(np.diff(y), np.diff(x))[1:]
    lags = np.arange(1, 31)
    msd = [((y[lag:] - y[:-lag]) ** 2 + (x[lag:] - x[:-lag]) ** 2).mean() for lag in lags]
    around = steps - steps.mean()
    expected = {
        "linearity": np.corrcoef(x, y)[0, 1] ** 2,
        "MSD_slope": np.polyfit(np.log(lags), np.log(msd), 1)[0],
        "nongauss": (steps**4).mean() / (3 * (steps**2).mean() ** 2) - 1,
        "disp_skew": (around**3).mean() / steps.var() ** 1.5,
        "autocorr_2": (around[2:] * around[:-2]).mean() / steps.var(),
        "max_speed": np.hypot(y[4:] - y[:-4], x[4:] - x[:-4]).max() / 5,
        "rw_kurtosis01": (around**4).mean() / steps.var() ** 2 - 3,
    }
    for name, number in expected.items():
        assert value[name] == pytest.approx(number, rel=1e-9), name


def test_linearity_of_a_random_walk() -> None:
    exact = {1: 0.0, 2: 1 / 6}  # two steps: 8 bends of r^2 = 1/4, 4 runs along x of 0, and 4 along y that do not count
    for steps, value in exact.items():
        assert expected_linearity(np.array([steps]))[0] == pytest.approx(value, abs=1e-5)
    assert (np.diff(EXPECTED) > 0).all()
    assert max(EXPECTED) < LIMIT
    rng, n, steps = np.random.default_rng(3), 4000, 64
    way = rng.integers(4, size=(n, steps))
    moves = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])[way]
    at = np.concatenate([np.zeros((n, 1, 2)), np.cumsum(moves, axis=1)], axis=1)
    squares = np.array([np.corrcoef(one_walk.T)[0, 1] ** 2 for one_walk in at])
    limit = 3.3 * squares.std() / np.sqrt(n)
    assert expected_linearity(np.array([steps]))[0] == pytest.approx(squares.mean(), abs=limit)
    assert_allclose(expected_linearity(np.array(STEPS)), EXPECTED)


def test_windows_of_a_track_are_described_like_tracks() -> None:
    both = tracks((50, 33))
    windows = Windows(both, 20, 20)
    values = Heteromotility(lag=5).describe(windows, Runtime())
    assert len(values) == (50 - 20) // 20 + 1 + (33 - 20) // 20 + 1
    assert_array_equal(values, describe_tracks(windows.positions(), 5)[0])


def test_threads_and_blocks_change_nothing(monkeypatch) -> None:
    paths = [walk(length, length) for length in range(20, 60)]
    first = describe_tracks(paths, runtime=Runtime(threads=1))[0]
    from napari_cellstate.methods.features._heteromotility import table

    monkeypatch.setattr(table, "BLOCK", 3)
    assert describe_tracks(paths, runtime=Runtime(threads=3))[0].tobytes() == first.tobytes()
    with pytest.raises(Cancelled):
        describe_tracks(paths, runtime=Runtime(progress=StopAfter(3)))


def test_wrong_input_is_said() -> None:
    with pytest.raises(InputError, match=r"track 1 has the shape \(5, 3\); expected \(T, 2\)"):
        describe_tracks([walk(5), np.zeros((5, 3))])
    with pytest.raises(InputError, match="lag = 0"):
        describe_tracks([walk(5)], 0)
    assert describe_tracks([])[0].shape == (0, 79)
