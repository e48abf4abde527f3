from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.describe import features_of_table as describe
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
    assert_allclose(real["speed"], plain["speed"] * 0.5 * 30)
    assert_allclose(real["diffusion"], plain["diffusion"] * 0.25 * 30)
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
    assert json.loads(shown[shown.index("{") :])["units"]["persistence_time"] == "h"
    assert len(pd.read_parquet(parquet)) == 4


def test_command_refuses_before_it_works(write, tmp_path, capsys):
    assert main(["features", str(write()), str(tmp_path / "out.xlsx")]) == 2
    assert "ends in .csv or .parquet" in capsys.readouterr().err
    assert main(["features", str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 2
    assert not (tmp_path / "out.csv").exists()


# with masks, images, drift, formulas and functions


@pytest.fixture
def filmed(tmp_path):
    """Two square cells of known size and brightness that grow, in a movie of two channels with drift."""
    import tifffile

    frames, rows = 8, []
    labels = np.zeros((frames, 60, 90), np.uint16)
    for t in range(frames):
        for nth, (y, x, side) in enumerate(((6, 8, 10 + t), (30, 50, 12))):
            top, left = y + t, x + 2 * t
            labels[t, top : top + side, left : left + side] = 5 - nth
            middle = (side - 1) / 2
            rows.append(("ab"[nth], t, top + middle, left + middle))
    images = np.stack([100.0 + 20 * (labels == 5), 10.0 + 7.0 * (labels > 0)], axis=1).astype(np.float32)
    table = tmp_path / "tracks.csv"
    pd.DataFrame(rows, columns=["id", "frame", "y", "x"]).to_csv(table, index=False)
    tifffile.imwrite(tmp_path / "masks.tif", labels, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite(tmp_path / "movie.tif", images, imagej=True, metadata={"axes": "TCYX"})
    return table, tmp_path / "masks.tif", tmp_path / "movie.tif"


def test_masks_and_movie_are_measured(filmed):
    table, masks, movie = filmed
    found = describe(table, labels=masks, images=movie, channels="0,1").table.set_index("id")
    assert found["area_mean"].tolist() == [np.mean((10.0 + np.arange(8)) ** 2), 144]
    assert found["brightness_0_mean"].tolist() == [20, 0]
    assert found["brightness_1_mean"].tolist() == pytest.approx([7, 7])
    assert found.loc["b", "deformation_mean"] == 0
    gained = [1 - (11 + t) * (10 + t - 2) / (11 + t) ** 2 for t in range(7)]
    assert found.loc["a", "protrusion_mean"] > np.mean(gained) / 2
    shape = describe(table, ["shape"], labels=masks, window=3).table
    assert len(shape) == 2 * 6
    assert np.isfinite(shape["retraction_mean"]).all()
    assert "brightness_0_mean" not in describe(table, labels=masks).table


def test_what_is_missing_is_said(filmed, tmp_path):
    table, masks, movie = filmed
    for arguments, message in (
        ({"sets": ["shape"]}, "the set shape needs label images"),
        ({"sets": ["texture"]}, "the set texture needs a movie and label images"),
        ({"sets": ["intensity"], "labels": masks}, "the set intensity needs a movie; give it with --images"),
        ({"images": movie}, "but no label images"),
        ({"sets": ["intensity"], "labels": masks, "images": movie, "channels": "2"}, "asks for channel 2"),
        ({"labels": movie, "sets": ["shape"]}, "2 channels; expected label images with one"),
        ({"formulas": ["speed"]}, "expected NAME = FORMULA"),
        ({"formulas": ["a = sped + 1"]}, "did you mean 'speed'"),
        ({"formulas": ["speed = 1"]}, "both have a column 'speed'"),
        ({"functions": ["nothing"]}, "expected FILE.py:FUNCTION"),
    ):
        with pytest.raises(InputError, match=message):
            describe(table, **arguments)
    late = pd.read_csv(table).assign(frame=lambda one: one["frame"] + 5)
    late.to_csv(tmp_path / "late.csv", index=False)
    with pytest.raises(InputError, match="8 frames, counted from 0, but the tracks have frame 12"):
        describe(tmp_path / "late.csv", labels=masks)


def test_points_beside_cells_keep_their_track(filmed, tmp_path):
    table, masks, _ = filmed
    moved = pd.read_csv(table)
    moved.loc[(moved["id"] == "b") & (moved["frame"] == 3), ["y", "x"]] = 1.0
    moved.to_csv(tmp_path / "moved.csv", index=False)
    found = describe(tmp_path / "moved.csv", ["motility", "shape"], labels=masks)
    assert any("1 of 16 points" in note for note in found.notes)
    of_b = found.table.set_index("id").loc["b"]
    assert of_b["missing"] == 0
    assert of_b["area_mean"] == 144


def test_drift_is_taken_away(tmp_path):
    rng = np.random.default_rng(0)
    drift = np.cumsum(rng.normal(0, 2, (40, 2)), axis=0)
    still = {nth: walk(40, nth) for nth in range(12)}
    rows = [(nth, t, *(path[t] + drift[t])) for nth, path in still.items() for t in range(40)]
    pd.DataFrame(rows, columns=["id", "frame", "y", "x"]).to_csv(tmp_path / "t.csv", index=False)
    found = describe(tmp_path / "t.csv", ["motility", "heteromotility"], drift="remove")
    plain = describe(tmp_path / "t.csv", ["motility"]).table
    truth = describe_paths(np.stack(list(still.values())))[:, 0]
    assert np.abs(found.table["speed"] - truth).mean() < 0.5 * np.abs(plain["speed"] - truth).mean()
    assert_allclose(found.table["avg_speed"], found.table["speed"])
    assert "stage drift was taken away" in found.notes[0]


def test_interpolated_positions_are_flagged_and_left_out(tmp_path):
    path = walk(41, 3)
    path[5], path[20] = (path[4] + path[6]) / 2, (path[19] + path[21]) / 2
    pd.DataFrame({"id": 1, "frame": range(41), "y": path[:, 0], "x": path[:, 1]}).to_csv(tmp_path / "t.csv")
    kept = describe(tmp_path / "t.csv", ["motility"])
    left = describe(tmp_path / "t.csv", ["motility"], interpolated="missing")
    assert "4.9% of the positions" in kept.notes[0]
    assert "--interpolated missing leaves them out" in kept.notes[0]
    assert kept.table["repeated_steps"][0] == pytest.approx(2 / 39)
    assert (left.table["repeated_steps"][0], left.table["missing"][0]) == (0, pytest.approx(2 / 41))
    whole = np.delete(np.arange(41), [5, 20])
    assert left.table["displacement"][0] == pytest.approx(np.linalg.norm(path[whole[-1]] - path[0]))


def test_formulas_see_units_and_each_other(write):
    found = describe(
        write(), ["motility"], track_column="cell", dt=120.0, pixel_size=0.5, formulas=["a = speed * 2", "b = a > 0"]
    )
    assert_allclose(found.table["a"], 2 * found.table["speed"])
    assert found.table["b"].tolist() == [1, 1, 1]
    assert [feature.name for feature in found.features][-2:] == ["a", "b"]


def test_function_of_a_file(write, tmp_path, capsys):
    (tmp_path / "mine.py").write_text("def frames_there(windows):\n    return (windows.cell >= 0).sum(axis=1)\n")
    table, out = write(columns=("id", "frame", "y", "x")), tmp_path / "out.csv"
    asked = ["--set", "motility", "--function", f"{tmp_path / 'mine.py'}:frames_there", "--formula", "n=frames_there+1"]
    assert main(["features", str(table), str(out), *asked, "--drift", "--interpolated", "missing"]) == 0
    made = pd.read_csv(out).set_index("id")
    assert made["n"].to_dict() == {one: length + 1 for one, length in IDS.items()}
