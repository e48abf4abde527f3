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
from napari_cellstate.methods.features.kinematics import FEATURES, Kinematics

NAMES = [feature.name for feature in FEATURES]


def tracks_of(paths: np.ndarray, **columns: np.ndarray) -> Tracks:
    """Tracks of (N, T, 2) paths; NaN is a missing cell."""
    n, frames = paths.shape[:2]
    frame, label = np.repeat(np.arange(frames), n), np.tile(np.arange(1, n + 1), frames)
    at = paths.swapaxes(0, 1).reshape(-1, 2)
    there = np.isfinite(at[:, 0])
    cells = pd.DataFrame({"frame": frame, "label": label, "y": at[:, 0], "x": at[:, 1]}).assign(
        **{name: values.T.ravel() for name, values in columns.items()}
    )[there]
    cells = cells.reset_index(drop=True)
    order = np.lexsort((cells["frame"], cells["label"]))
    same = np.diff(cells["label"].to_numpy()[order]) == 0
    return Tracks(cells, make_links(order[:-1][same], order[1:][same]), max_gap=3)


def described(tracks: Tracks, *, window: int = 5, every: int = 1) -> pd.DataFrame:
    values = Kinematics().describe(Windows(tracks, window, 1, every), Runtime())
    return pd.DataFrame(values, columns=NAMES)


def walks(n: int = 20, frames: int = 12, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=(n, frames, 2)), axis=1) + 50


def test_a_straight_run() -> None:
    t = np.arange(5.0)
    table = described(tracks_of(np.stack([3 * t, 4 * t], -1)[None], area=np.full((1, 5), 80.0)))
    expected = {
        "speed": 5, "speed_sd": 0, "net_distance": 20, "total_distance": 20, "straightness": 1, "msd_exponent": 2,
        "turning_mean_abs": 0, "turning_cos": 1, "persistence": 1, "gyration_radius": 5 * np.sqrt(2),
        "gyration_anisotropy": 1, "area_mean": 80, "area_variation": 0, "elongation_mean": np.nan,
    }  # fmt: skip
    assert list(table.columns) == list(expected)
    assert_allclose(table.iloc[0], list(expected.values()), atol=1e-12)


def test_a_cell_at_rest_gives_no_warning_and_is_undefined_only_where_it_must_be() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = described(tracks_of(np.full((1, 5, 2), 7.3), area=np.full((1, 5), 80.0))).iloc[0]
    zero = ["speed", "speed_sd", "net_distance", "total_distance", "gyration_radius", "area_variation"]
    assert_allclose(row[zero], 0)
    undefined = ["straightness", "msd_exponent", "turning_mean_abs", "turning_cos", "persistence"]
    assert row[[*undefined, "gyration_anisotropy"]].isna().all()


def test_a_resting_cell_that_trembles_has_every_feature() -> None:
    paths = 20 + 0.01 * np.random.default_rng(3).normal(size=(50, 8, 2))
    shape = np.ones(paths.shape[:2])
    assert np.isfinite(described(tracks_of(paths, area=shape, elongation=shape))).all(axis=None)


def test_turning_mirroring_and_shifting_change_nothing() -> None:
    paths = walks()
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    before = described(tracks_of(paths))
    for other in (paths @ turn, paths * [1, -1], paths[..., ::-1], paths + np.array([500, 20])):
        assert_allclose(described(tracks_of(other)), before, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("scale", [2.0, 0.65])
def test_lengths_scale_with_their_power(scale: float) -> None:
    paths, area = walks(), np.random.default_rng(1).uniform(50, 90, (20, 12))
    before = described(tracks_of(paths, area=area))
    after = described(tracks_of(paths * scale, area=area * scale**2))
    factors = [scale**feature.length for feature in FEATURES]
    assert_allclose(after, before * factors, rtol=1e-9)


def test_speed_is_per_frame_of_the_movie_when_frames_are_left_out() -> None:
    t = np.arange(9.0)
    table = described(tracks_of(np.stack([0 * t, 3 * t], -1)[None]), every=2)
    assert_allclose(table["speed"], 3)
    assert_allclose(table["net_distance"], 24)


def test_a_missing_frame_leaves_features_defined_and_speed_unbiased() -> None:
    t = np.arange(6.0)
    paths = np.stack([0 * t, 2 * t], -1)[None]
    paths[0, 2] = np.nan
    row = described(tracks_of(paths), window=6).iloc[0]
    assert_allclose(row[["speed", "net_distance", "total_distance", "straightness", "turning_cos"]], [2, 10, 10, 1, 1])
    assert_allclose(row[["msd_exponent", "persistence"]], [2, 1])


def test_shape_means_pass_over_missing_cells() -> None:
    paths, elongation = walks(1, 5), np.array([[1.0, 2.0, 9.0, 2.0, 3.0]])
    paths[0, 2] = np.nan
    assert_allclose(described(tracks_of(paths, elongation=elongation))["elongation_mean"], [2])


@pytest.mark.parametrize("window", [1, 2, 3, 20])
def test_any_window_gives_one_row_a_window(window: int) -> None:
    tracks = tracks_of(walks(3, 12))
    table = described(tracks, window=window)
    assert table.shape == (3 * max(12 - window + 1, 0), len(FEATURES))


def test_same_input_same_bytes_and_order_of_tracks_does_not_matter() -> None:
    paths = walks()
    first = described(tracks_of(paths)).to_numpy()
    assert first.tobytes() == described(tracks_of(paths)).to_numpy().tobytes()
    backwards = described(tracks_of(paths[::-1])).to_numpy().reshape(20, -1, len(FEATURES))[::-1]
    assert_array_equal(first.reshape(20, -1, len(FEATURES)), backwards)


def test_features_say_what_they_are() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(feature.definition.endswith(".") for feature in FEATURES)
    units = {feature.name: feature.unit(0.65, 390) for feature in FEATURES}
    assert units["speed"] == "um/min"
    assert units["area_mean"] == "um^2"
    assert units["turning_mean_abs"] == "rad"
    assert units["straightness"] == ""


def test_cancelling_stops_it() -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Kinematics().describe(Windows(tracks_of(walks(2, 6))), Runtime(progress=stop))


def switching_walks(seed: int, n: int = 160, frames: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Resting, exploring and running cells that change state every 20 frames on average, and their states."""
    rng = np.random.default_rng(seed)
    state, heading = rng.integers(0, 3, n), rng.uniform(0, 2 * np.pi, n)
    at, paths, states = np.zeros((n, 2)), [], []
    for _ in range(frames):
        paths.append(at + rng.normal(0, 0.3, at.shape))
        states.append(state)
        state = np.where(rng.random(n) < 1 / 20, (state + rng.integers(1, 3, n)) % 3, state)
        kappa = np.array([0.0, 1.0, 8.0])[state]
        heading = heading + rng.vonmises(0, kappa)  # kappa 0 is uniform
        speed = np.array([0.45, 1.8, 4.2])[state] * rng.gamma(4, 1 / 4, n)
        at = at + speed[:, None] * np.stack([np.sin(heading), np.cos(heading)], -1)
    return np.stack(paths, 1), np.stack(states, 1)


@pytest.mark.parametrize("unit", ["px", "um"])
def test_pooled_features_tell_three_states_apart(unit: str) -> None:
    from scipy.stats import skew
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score
    from sklearn.mixture import GaussianMixture

    paths, states = switching_walks(5)
    table = described(tracks_of(paths + 1000))
    used = [feature for feature in FEATURES if feature.pooled and feature.name != "elongation_mean"]
    values = table[[feature.name for feature in used]].to_numpy()
    if unit == "um":
        values = values * [feature.factor(0.65, 390) for feature in used]
    assert np.isfinite(values).all()
    log = (values.min(0) >= 0) & (skew(values) > 1)
    values[:, log] = np.log1p(values[:, log])
    median = np.median(values, 0)
    scaled = (values - median) / np.median(np.abs(values - median), 0)
    points = PCA(0.95, svd_solver="full").fit_transform(scaled)
    found = GaussianMixture(3, n_init=3, random_state=0).fit_predict(points)
    assert adjusted_rand_score(states[:, 2:-2].ravel(), found) >= 0.6
