from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.describe import describe
from napari_cellstate.methods.features.heteromotility import describe_tracks
from napari_cellstate.methods.features.motility import describe_paths

IDS = {"b 7": 45, "a": 30, "c": 30}  # lengths


def walk(n: int, seed: int) -> np.ndarray:
    return 100 + np.cumsum(np.random.default_rng(seed).normal(0, 3, (n, 2)), axis=0)


def paths(ids: dict[object, int]) -> dict[object, np.ndarray]:
    return {one: walk(length, seed) for seed, (one, length) in enumerate(ids.items())}


@pytest.fixture
def write(tmp_path):
    def made(ids=IDS, *, drop=(), name="tracks.csv", columns=("cell", "t", "y", "x")):
        rows = [
            (one, t + 3, *at)  # tracks need not begin at 0
            for one, path in paths(ids).items()
            for t, at in enumerate(path.tolist())
            if (one, t) not in drop
        ]
        rows = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))]
        pd.DataFrame(rows, columns=list(columns)).to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return made


def test_one_row_a_track_under_its_own_name(write):
    found = describe(write(), ["heteromotility", "motility"], lag=5, track_column="cell")
    assert found.table.columns[0] == "cell"
    assert found.table["cell"].tolist() == sorted(IDS)
    assert found.notes == ()
    expected = paths(IDS)
    ordered = [expected[one] for one in sorted(IDS)]
    assert_allclose(found.table.iloc[:, 1:80], describe_tracks(ordered, 5)[0], rtol=1e-9)
    assert_allclose(found.table.iloc[:, 80:], describe_paths(ordered), rtol=1e-9)


def test_whole_numbers_stay_whole_and_come_in_order(write):
    found = describe(write({10: 25, 9: 30, 200: 25}), ["motility"], track_column="cell")
    assert found.table["cell"].tolist() == [9, 10, 200]
    assert found.table["cell"].dtype.kind == "i"


def test_windows_carry_their_frames(write):
    found = describe(write(), ["heteromotility"], window=20, stride=7, track_column="cell")
    counts = found.table.groupby("cell").size().to_dict()
    assert counts == {one: (length - 20) // 7 + 1 for one, length in IDS.items()}
    row = found.table.iloc[1]
    assert row[["cell", "frame", "t0", "t1"]].tolist() == ["a", 19, 10, 29]
    assert_allclose(row.iloc[4:].astype(float), describe_tracks([paths(IDS)["a"][7:27]], 10)[0][0], rtol=1e-9)


def test_units_touch_only_what_has_a_dimension(write):
    table = write()
    plain, real = (
        describe(table, track_column="cell", **units).table.set_index("cell")
        for units in ({}, {"dt": 120.0, "pixel_size": 0.5})
    )
    assert_array_equal(plain["total_distance"], real["total_distance"])
    assert_allclose(real["speed"], plain["speed"] * 0.5 / 2)
    assert_allclose(real["diffusion"], plain["diffusion"] * 0.25 / 2)
    assert_array_equal(plain["straightness"], real["straightness"])


def test_a_gap_keeps_the_track_whole_and_is_said(write):
    found = describe(write(drop={("a", 9), ("a", 10)}), ["heteromotility", "motility"], track_column="cell")
    assert len(found.table) == 3
    of_a = found.table.set_index("cell").loc["a"]
    assert of_a.iloc[:79].isna().all()
    assert of_a["missing"] == pytest.approx(2 / 30)
    assert np.isfinite(of_a["speed"])
    assert "1 of 3 tracks have a missing position" in found.notes[0]
    said = found.reasons[found.reasons["cell"] == "a"]
    assert (said["reason"] == "a position is missing inside the track").sum() == 79


def test_all_leaves_out_what_another_set_has_and_what_was_not_measured(write):
    names = list(describe(write(), track_column="cell").table.columns)
    assert len(names) == len(set(names))
    assert {"total_distance", "speed"} <= set(names)
    assert "elongation_mean" not in names


def test_neighbours_of_any_length_count(write):
    whole = describe(write(), track_column="cell").table.set_index("cell")
    at = paths(IDS)
    near = np.linalg.norm(at["a"][:, None] - np.stack([at["c"], at["b 7"][:30]], axis=1), axis=-1)
    assert whole.loc["a", "nearest_distance"] == pytest.approx(near.min(axis=1).mean())
    assert whole.loc["b 7", "neighbours"] <= 2
    for length in (45, 30):
        alone = describe(write(), ["motility"], window=length, track_column="cell").table
        row = alone[(alone["cell"] == "b 7") & (alone["t0"] == 3)].iloc[0]
        assert (row["speed"] == whole.loc["b 7", "speed"]) == (length == 45)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sets": ["nosuch"]}, "no set 'nosuch'; known: heteromotility"),
        ({"sets": []}, "no set ''"),
        ({"lag": 7}, "lag = 7; expected 5"),
        ({"window": -1}, "window = -1"),
        ({"stride": 0}, "stride = 0"),
        ({"dt": 0.0}, "dt = 0"),
        ({"pixel_size": float("nan")}, "pixel size = nan"),
    ],
)
def test_wrong_settings_are_said(write, arguments, message):
    with pytest.raises(InputError, match=message):
        describe(write(), track_column="cell", **arguments)


def test_no_window_fits(write):
    found = describe(write(), ["motility"], window=60, track_column="cell")
    assert len(found.table) == 0
    assert list(found.table.columns[:4]) == ["cell", "frame", "t0", "t1"]
    assert "as long as a window" in found.notes[0]


def test_command(write, tmp_path, capsys):
    table, out, why = write(columns=("id", "frame", "y", "x")), tmp_path / "out.csv", tmp_path / "why.csv"
    assert main(["features", str(table), str(out), "--set", "heteromotility", "--lag", "5", "--reasons", str(why)]) == 0
    assert "3 rows, 79 features" in capsys.readouterr().out
    assert pd.read_csv(out)["id"].tolist() == sorted(IDS)
    assert list(pd.read_csv(why).columns) == ["id", "feature", "reason"]
    before = out.read_bytes()
    assert main(["features", str(table), str(out), "--set", "heteromotility", "--lag", "5"]) == 0
    assert out.read_bytes() == before
    parquet = str(tmp_path / "out.parquet")
    assert main(["features", str(table), parquet, "--window", "20", "--stride", "20", "--dt", "60", "--json"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown[shown.index("{") :])["units"]["persistence_time"] == "min"
    assert len(pd.read_parquet(parquet)) == 4


def test_command_refuses_before_it_works(write, tmp_path, capsys):
    assert main(["features", str(write()), str(tmp_path / "out.xlsx")]) == 2
    assert "ends in .csv or .parquet" in capsys.readouterr().err
    assert main(["features", str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 2
    assert not (tmp_path / "out.csv").exists()
