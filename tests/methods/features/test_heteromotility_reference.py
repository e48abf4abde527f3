"""The set beside the original tool's output, and the authors' own features of real cells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.methods.features._heteromotility import reasons as why
from napari_cellstate.methods.features.heteromotility import FEATURES, describe_tracks

pytestmark = pytest.mark.real

NAMES = [feature.name for feature in FEATURES]
NOISE = {"rw_linearity"}  # the original simulates 200 walks for it
RIGHT = 1e-6


@pytest.fixture(scope="module")
def reference(data_dir: Path) -> Path:
    return data_dir / "heteromotility_reference"


@pytest.fixture(scope="module")
def made(reference: Path) -> np.ndarray:
    return np.stack([np.loadtxt(reference / f"tracks{axis}.csv", delimiter=",") for axis in "YX"], axis=-1)


def differing(values: np.ndarray, expected: pd.DataFrame) -> dict[str, float]:
    """Part of the rows that differ, for each column where some do."""
    part = {}
    for name, column in zip(NAMES, values.T, strict=True):
        same = np.isclose(column, expected[name].to_numpy(), rtol=RIGHT, atol=1e-12)
        if name not in NOISE and not same.all():
            part[name] = float((~same).mean())
    return part


@pytest.mark.parametrize(
    ("table", "lag"),
    [("seed0", 10), ("seed1", 10), ("modern", 10), ("seed0_movethresh5", 5), ("split_20", 10)],
)
def test_every_column_of_the_original_tool(reference: Path, made: np.ndarray, table: str, lag: int) -> None:
    expected = pd.read_csv(reference / f"motility_statistics_{table}.csv")
    assert list(expected.columns[2:]) == NAMES
    values, _ = describe_tracks(made.reshape(-1, 20, 2) if table == "split_20" else made, lag)
    assert len(values) == len(expected)
    assert differing(values, expected) == {}


@pytest.mark.parametrize(("frames", "constant"), [(20, 0.2220), (25, 0.2255), (63, 0.2328), (100, 0.2363)])
def test_linearity_of_a_random_walk_is_the_original_mean(made: np.ndarray, frames: int, constant: float) -> None:
    values, _ = describe_tracks(made[:, :frames])
    subtracted = values[:, NAMES.index("linearity")] - values[:, NAMES.index("rw_linearity")]
    assert np.ptp(subtracted) < 1e-12
    assert subtracted[0] == pytest.approx(constant, abs=0.002)


def test_edge_cases_never_fail_and_agree_where_the_original_has_a_number(reference: Path) -> None:
    cases = {name.split()[0]: case for name, case in json.loads((reference / "edge_cases.json").read_text()).items()}
    paths = np.load(reference / "edge_cases_tracks.npz")
    assert set(paths) == set(cases)
    for name in paths:
        values, reasons = describe_tracks([paths[name][:, ::-1]])
        for column, value, reason in zip(NAMES, values[0], reasons[0], strict=True):
            expected = cases[name].get("features", {}).get(column)
            assert np.isfinite(value) or reason != why.OK
            if expected is not None and column not in NOISE and reason != why.ROUNDING:
                assert value == pytest.approx(expected, rel=RIGHT, abs=1e-12), (name, column)


def test_the_authors_features_of_their_cells(data_dir: Path) -> None:
    folder = data_dir / "tracks_heteromotility_musc_mef_myoblast"
    table = pd.read_csv(folder / "tracks.csv.gz", low_memory=False).sort_values(["track_id", "t"])
    expected = pd.read_csv(folder / "heteromotility_features_by_authors.csv.gz")
    paths = {track: group[["y", "x"]].to_numpy() for track, group in table.groupby("track_id")}
    values, _ = describe_tracks([paths[track] for track in expected["track_id"]], 5)
    assert len(values) == 1835
    part = differing(values, expected)
    assert max(part.values(), default=0.0) <= 0.005, part
