from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.core.errors import Cancelled
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import make_links
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._motility.drift import estimate_drift
from napari_cellstate.methods.features.motility import FEATURES, Motility, describe_paths
from tests.kits.inputs import StopAfter, tracks

NAMES = [feature.name for feature in FEATURES]
CHIRAL = ["turning_mean"]


def described(paths: object, **settings: float) -> pd.DataFrame:
    return pd.DataFrame(describe_paths(paths, **settings), columns=NAMES)  # type: ignore[arg-type]


def brownian(n: int, frames: int, *, sd: float = 2.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    path = 100 + np.cumsum(rng.normal(0, sd, (n, frames, 2)), axis=1)
    return path + rng.normal(0, noise, path.shape)


def persistent(n: int, frames: int, *, time: float, speed: float, seed: int = 0) -> np.ndarray:
    """Ornstein-Uhlenbeck velocities, integrated in steps of a twentieth of a frame."""
    rng, parts = np.random.default_rng(seed), 20
    keep = np.exp(-1 / (parts * time))
    kick = speed / np.sqrt(2) * np.sqrt(1 - keep**2)
    velocity = rng.normal(0, speed / np.sqrt(2), (n, 2))
    at, path = np.full((n, 2), 100.0), np.empty((n, frames, 2))
    for t in range(frames):
        path[:, t] = at
        for _ in range(parts):
            at = at + velocity / parts
            velocity = keep * velocity + kick * rng.normal(size=(n, 2))
    return path


def fractional(n: int, frames: int, hurst: float, seed: int = 0) -> np.ndarray:
    k = np.arange(frames - 1)
    covariance = 0.5 * (np.abs(k + 1.0) ** (2 * hurst) - 2 * k ** (2 * hurst) + np.abs(k - 1.0) ** (2 * hurst))
    factor = np.linalg.cholesky(covariance[np.abs(k[:, None] - k)])
    steps = np.random.default_rng(seed).normal(size=(n, 2, frames - 1)) @ factor.T
    return np.concatenate([np.zeros((n, 1, 2)), np.cumsum(steps.swapaxes(1, 2), axis=1)], axis=1)


def test_a_straight_run() -> None:
    t = np.arange(40.0)
    row = described([np.stack([3 * t, 4 * t], -1)]).iloc[0]
    expected = {
        "speed": 5, "speed_median": 5, "speed_sd": 0, "speed_max": 5, "path_length": 195, "displacement": 195,
        "straightness": 1, "outreach": 1, "gyration_anisotropy": 1, "turning_mean": 0, "turning_abs": 0,
        "turning_cos": 1, "persistence": 1, "velocity_autocorr_2": 1, "msd_exponent": 2, "nongaussian": -0.5,
        "arrest": 0, "run_time": 39, "pause_rate": 0, "passage_time": 2, "repeated_steps": 1, "missing": 0,
        "persistence_time": 400, "persistence_time_se": 0,
    }  # fmt: skip
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, abs=1e-6), name
    assert row["persistence_speed"] == pytest.approx(5, rel=0.01)


def test_a_cell_at_rest_gives_no_warning_and_no_infinity() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = described(np.full((1, 50, 2), 7.3)).iloc[0]
    assert not np.isinf(row).any()
    assert (row[["speed", "displacement", "speed_sd", "gyration_radius", "repeated_steps", "diffusion"]] == 0).all()
    assert (row["arrest"], row["pause_time"]) == (1, 49)
    assert row[["straightness", "turning_mean", "persistence", "msd_exponent", "persistence_time"]].isna().all()


def test_brownian_motion_is_recovered_within_its_interval() -> None:
    n, sd, noise = 1000, 2.0, 1.5
    table = described(brownian(n, 100, sd=sd, noise=noise))
    off = (table["diffusion"] - sd**2 / 2) / table["diffusion_se"]
    inside = (off.abs() < 1.96).mean()
    assert inside == pytest.approx(
        0.95, abs=3.3 * np.sqrt(0.95 * 0.05 / n) + 0.02
    )  # 0.02: the error is itself estimated
    assert table["diffusion"].mean() == pytest.approx(sd**2 / 2, rel=0.03)
    assert table["localisation_error"].median() == pytest.approx(noise, rel=0.05)
    clean = described(brownian(n, 100, sd=sd))
    for name, value in {"msd_exponent": 1, "nongaussian": 0, "turning_cos": 0, "spectral_slope": 0}.items():
        error = clean[name].std() / np.sqrt(n)
        assert clean[name].mean() == pytest.approx(value, abs=3.3 * error + 0.03), name
    assert clean["speed"].mean() == pytest.approx(sd * np.sqrt(np.pi / 2), rel=0.01)
    assert clean["turning_abs"].mean() == pytest.approx(np.pi / 2, rel=0.01)


@pytest.mark.parametrize("time", [4.0, 12.0])
def test_persistent_walks_give_fuerths_parameters_with_honest_errors(time: float) -> None:
    table = described(persistent(200, 400, time=time, speed=3.0))
    for name, true in {"persistence_time": time, "persistence_speed": 3.0}.items():
        assert table[name].median() == pytest.approx(true, rel=0.1), name
        off = (table[name] - true) / table[f"{name}_se"]
        assert 0.8 < (off.abs() < 2.78).mean() < 0.99, name  # t of 4 degrees of freedom: 95 %
    c = np.exp(-1 / time)
    first = (1 - c) ** 2 / (2 * (1 / time - 1 + c))
    assert table["persistence"].mean() == pytest.approx(first, abs=0.02)


def test_known_position_noise_is_taken_out_of_the_msd() -> None:
    clean = persistent(200, 200, time=6.0, speed=2.0)
    noisy = clean + np.random.default_rng(9).normal(0, 2.0, clean.shape)
    blind, told = described(noisy), described(noisy, position_noise=2.0)
    for name, true in {"persistence_time": 6.0, "persistence_speed": 2.0}.items():
        assert told[name].median() == pytest.approx(true, rel=0.15), name
        assert abs(blind[name].median() - true) > 2 * abs(told[name].median() - true), name
    exponents = [described(path)["msd_exponent"].mean() for path in (clean, noisy)]
    assert told["msd_exponent"].mean() == pytest.approx(exponents[0], abs=0.05)
    assert exponents[1] < exponents[0] - 0.2
    same = [name for name in NAMES if not name.startswith(("persistence_", "msd_"))]
    assert told[same].equals(blind[same])


def test_fuerth_fit_of_an_exact_msd() -> None:
    from napari_cellstate.methods.features._motility.fuerth import fit_fuerth

    lag = np.arange(1, 26.0)
    for time, speed in ((0.7, 2.0), (5.0, 0.3), (40.0, 1.0)):
        msd = 2 * speed**2 * time**2 * (lag / time - 1 + np.exp(-lag / time))
        assert_allclose(fit_fuerth(np.log(msd), 1000.0), (time, speed), rtol=1e-4)


@pytest.mark.parametrize("hurst", [0.3, 0.5, 0.8])
def test_fractional_brownian_motion(hurst: float) -> None:
    table = described(fractional(500, 200, hurst))
    assert table["msd_exponent"].mean() == pytest.approx(2 * hurst, abs=0.05)
    assert table["hurst_dfa"].mean() == pytest.approx(hurst, abs=0.1)
    assert table["hurst_rs"].mean() == pytest.approx(hurst, abs=0.16)
    assert table["spectral_slope"].mean() == pytest.approx(1 - 2 * hurst, abs=0.12)


def test_turning_and_shifting_change_nothing_and_mirroring_one_sign() -> None:
    paths = brownian(20, 50)
    before = described(paths)
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for other in (paths @ turn, paths[:, :, ::-1] * [1, -1], paths + np.array([50, 20])):
        assert_allclose(described(other), before, rtol=1e-9, atol=1e-9)
    mirrored = described(paths * [1, -1])
    assert_allclose(mirrored[CHIRAL], -before[CHIRAL], rtol=1e-9)
    assert_allclose(mirrored.drop(columns=CHIRAL), before.drop(columns=CHIRAL), rtol=1e-9, atol=1e-9)


def test_counter_clockwise_on_the_screen_is_positive() -> None:
    angle = np.linspace(0, 3, 40)
    upwards = np.stack([50 - 20 * np.sin(angle), 50 + 20 * np.cos(angle)], -1)  # from the right over the top: y falls
    row = described([upwards]).iloc[0]
    assert row["turning_mean"] == pytest.approx(3 / 39)
    assert row["turning_autocorr"] == pytest.approx(1)
    assert described([upwards[::-1]]).iloc[0]["turning_mean"] == pytest.approx(-3 / 39)


def test_units_follow_pixel_size_and_interval() -> None:
    once, twice = ([f.factor(size, dt) for f in FEATURES] for size, dt in ((0.5, 60.0), (1.0, 120.0)))
    for feature, a, b in zip(FEATURES, once, twice, strict=True):
        assert b / a == pytest.approx(2.0 ** (feature.length + feature.time)), feature.name
    paths = brownian(5, 60)
    doubled, plain = described(2 * paths, arrest_speed=2.0, passage=20.0), described(paths)
    for feature in FEATURES:
        assert_allclose(
            doubled[feature.name], plain[feature.name] * 2.0**feature.length, rtol=1e-9, err_msg=feature.name
        )


def test_every_second_frame_gives_speeds_a_frame() -> None:
    t = np.arange(21.0)
    cells = pd.DataFrame({"frame": np.arange(21), "label": 1, "y": t, "x": 2 * t})
    line = Tracks(cells, make_links(np.arange(20), np.arange(1, 21)))
    row = dict(zip(NAMES, Motility().describe(Windows(line, 11, 1, 2), Runtime())[0], strict=True))
    assert row["speed"] == pytest.approx(np.sqrt(5))
    assert row["run_time"] == 20


def test_runs_and_pauses() -> None:
    lengths = np.array([2, 2, 0.1, 0.1, 2, 2, 2, 0.1, 2, np.nan, 0.1, 2.0])
    x = np.concatenate([[0.0], np.cumsum(np.nan_to_num(lengths, nan=2.0))])
    path = np.stack([np.zeros(13), x], -1)
    whole = described([path]).iloc[0]
    assert whole["arrest"] == pytest.approx(4 / 12)
    assert whole["pause_time"] == pytest.approx(4 / 3)
    assert whole["run_time"] == pytest.approx(8 / 4)
    assert whole["pause_rate"] == pytest.approx(3 / 12)
    path[9] = np.nan  # takes two steps away; the pause after it begins nowhere
    gap = described([path]).iloc[0]
    assert gap["missing"] == pytest.approx(1 / 13)
    assert gap["arrest"] == pytest.approx(4 / 10)
    assert gap["path_length"] == pytest.approx(whole["path_length"])


def test_first_passage_of_a_line_and_repeated_steps() -> None:
    x = np.array([0, 1, 2, 3, 4, 4.5, 6, 7.5, 9, 9, 9])
    row = described([np.stack([x, 0 * x], -1)], passage=3.0).iloc[0]
    reached = [3, 3, 4, 3, 3, 2, 2]  # from 0, 1, 2, ...; from 7.5 on it never gets so far
    assert row["passage_time"] == pytest.approx(np.mean(reached))
    assert row["repeated_steps"] == pytest.approx(5 / 9)


@pytest.mark.parametrize("frames", range(8))
def test_short_paths_have_what_can_be_had(frames: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = described(brownian(50, frames))
    assert not np.isinf(table).any(axis=None)
    pooled = [feature.name for feature in FEATURES if feature.pooled]
    if frames >= 5:
        assert np.isfinite(table[pooled]).all(axis=None)
        assert np.isfinite(table[["msd_exponent", "diffusion", "turning_mean", "arrest", "outreach"]]).all(axis=None)
    assert table[["persistence_time", "hurst_dfa", "spectral_slope"]].isna().all(axis=None)


def test_padding_and_order_change_nothing() -> None:
    paths = [brownian(1, frames, seed=frames)[0] for frames in (12, 50, 33, 70)]
    together = described(paths)
    for nth, path in enumerate(paths):
        assert_array_equal(described([path]).iloc[0], together.iloc[nth])
    shifted = np.concatenate([np.full((5, 2), np.nan), paths[1]])
    assert_array_equal(described([shifted]).iloc[0], together.iloc[1])


def test_a_common_drift_is_taken_away_when_asked() -> None:
    rng = np.random.default_rng(2)
    n, frames, drift = 60, 30, np.array([1.5, -0.5])
    still = 200 + np.cumsum(rng.normal(0, 1, (n, frames, 2)), axis=1)
    moved = still + np.arange(frames)[:, None] * drift

    def of(paths: np.ndarray) -> Tracks:
        cells = pd.DataFrame(
            {
                "frame": np.repeat(np.arange(frames), n),
                "label": np.tile(np.arange(1, n + 1), frames),
                "y": paths[..., 0].T.ravel(),
                "x": paths[..., 1].T.ravel(),
            }
        )
        return Tracks(cells, make_links(np.arange(n * (frames - 1)), np.arange(n, n * frames)))

    found = np.diff(estimate_drift(of(moved)), axis=0)
    assert_allclose(found.mean(axis=0), drift, atol=3.3 * 1.2533 / np.sqrt(n * frames))
    speed = NAMES.index("speed")
    kept, removed, true = (
        Motility(drift=drift).describe(Windows(of(paths), frames), Runtime())[:, speed].mean()
        for drift, paths in (("keep", moved), ("remove", moved), ("keep", still))
    )
    assert kept > 1.4 * true
    assert removed == pytest.approx(true, rel=0.03)


def test_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        Motility().describe(Windows(tracks((12,)), 5), Runtime(progress=StopAfter(2)))
