from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.dynamics.counts import COLUMNS
from tests.dynamics.chains import BIRTH_DEATH, cyclic, paths, rows

NAMES = np.array(["rest", "explore", "run"])


def write(path, **conditions):
    """A table of state sequences with names of its own."""
    tables = []
    for condition, states in conditions.items():
        track, frame, state = rows(states)
        ids = [f"{condition}-{one}" for one in track]
        tables.append(pd.DataFrame({"cell": ids, "t": frame, "doing": NAMES[state - 1], "drug": condition}))
    pd.concat(tables).sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dynamics")
    rng = np.random.default_rng(0)
    table = write(
        folder / "t.csv", driven=paths(cyclic(0.3, 0.1), 60, 50, rng), even=paths(cyclic(0.2, 0.2), 60, 50, rng)
    )
    return cs.dynamics_of_table(
        table, folder / "out", states="doing", track="cell", time="t", condition="drug", dt=3600.0
    )


def test_transitions_have_every_pair_under_its_own_name(found):
    table = pd.read_csv(found.paths[0])
    assert tuple(table.columns) == COLUMNS
    assert table["condition"].tolist() == ["driven"] * 9 + ["even"] * 9
    assert set(table["from"]) == set(table["to"]) == set(NAMES)
    assert table.groupby("condition")["count"].sum().tolist() == [60 * 49] * 2
    np.testing.assert_allclose(
        table["probability"], table["count"] / table.groupby(["condition", "from"])["count"].transform("sum")
    )
    away = table["from"] != table["to"]
    np.testing.assert_allclose(table["rate_per_hour"][away], table["probability"][away])  # a frame an hour
    assert table["rate_per_hour"][~away].isna().all()
    assert (table["low"] < table["probability"]).all()
    assert (table["rate_high"] > table["rate_per_hour"])[away].all()
    assert set(table["unit"]) == {"track"}


def test_balance_is_of_all_tracks_and_of_each_condition(found):
    content = json.loads((found.paths[0].parent / "balance.json").read_text())
    keys = {"statistic", "p_reversal", "p_stationary", "entropy_production", "null", "verdict"}
    assert keys <= set(content)
    assert set(content["conditions"]) == {"driven", "even"}
    driven, even = content["conditions"]["driven"], content["conditions"]["even"]
    assert keys <= set(driven)
    assert driven["verdict"] == "driven"
    assert even["verdict"] == "no sign of driving"
    (cycle,) = [one for one in driven["cycles"] if one["flux_per_step"] > 0.02]
    assert set(cycle["states"]) == set(NAMES)
    assert cycle["flux_per_step"] == pytest.approx(0.2 / 3, abs=0.015)


def test_other_tables(found):
    folder = found.paths[0].parent
    generator = pd.read_csv(folder / "generator.csv")
    assert generator.columns[:4].tolist() == ["condition", "from", "to", "rate_per_hour"]
    assert set(generator["kind"]) <= {"logarithm", "likelihood"}
    np.testing.assert_allclose(generator.groupby(["condition", "from"])["rate_per_hour"].sum(), 0, atol=1e-9)
    occupancy = pd.read_csv(folder / "occupancy.csv")
    np.testing.assert_allclose(occupancy.groupby("condition")["share"].sum(), 1)
    np.testing.assert_allclose(occupancy["stationary"], 1 / 3, atol=0.05)
    dwell = pd.read_csv(folder / "dwell.csv")
    assert set(dwell["state"]) == set(NAMES)
    np.testing.assert_allclose(dwell["mean_hours"], 2.5, rtol=0.15)
    assert (folder / "figures" / "transitions.pdf").exists()
    assert (folder / "figures" / "dwell.png").exists()


def test_every_table_has_its_columns(found):
    folder = found.paths[0].parent
    bins = "condition start_frame end_frame start_hours end_hours"
    expected = {
        "transitions": " ".join(COLUMNS),
        "generator": "condition from to rate_per_hour rate_per_frame kind",
        "occupancy": "condition state count share share_pooled soft_share n_rows n_doubtful n_tracks n_movies "
        "stationary",
        "occupancy_over_time": f"{bins} state count share low high n_rows n_units unit",
        "rates_over_time": f"{bins} from to count probability rate_per_hour rate_low rate_high unit",
        "dwell": "condition state n_bouts n_complete n_exits at_risk_frames mean_complete_frames mean_frames "
        "mean_complete_hours mean_hours n_start_not_seen n_end_not_seen median_frames median_low_frames "
        "median_high_frames p_exponential trend",
        "survival": "condition state frames hours share low high at_risk ends n censored unseen unit",
        "passage": "condition from to frames hours",
        "committors": "condition from to state committor",
        "timescales": "condition process frames hours",
    }
    assert {name: " ".join(pd.read_csv(folder / f"{name}.csv").columns) for name in found.tables} == expected
    said = found.text()
    for name in ("transitions", "occupancy", "dwell", "generator", "timescales", "passage"):
        assert f"\n{name}\n" in said
    figures = {path.stem for path in (folder / "figures").iterdir()}
    assert figures == {"transitions", "state_graph", "dwell", "occupancy_over_time", "rates_over_time"}
    described = (Path(__file__).parents[2] / "docs" / "dynamics.md").read_text()
    missing = [name for columns in expected.values() for name in columns.split() if f"`{name}`" not in described]
    assert not missing


def test_two_movies_a_condition_are_the_unit(tmp_path):
    state = paths(BIRTH_DEATH, 40, 30, np.random.default_rng(1))
    track, frame, state = rows(state)
    table = pd.DataFrame({"movie": np.where(track < 20, "a", "b"), "track": track % 20, "frame": frame, "state": state})
    table.to_parquet(tmp_path / "t.parquet")
    found = cs.dynamics_of_table(tmp_path / "t.parquet", tmp_path / "out", figures=False)
    table = found.tables["transitions"]
    assert set(table["unit"]) == {"movie"}
    assert set(table["condition"]) == {"all"}
    assert table["from"].tolist() == np.repeat([1, 2, 3, 4], 4).tolist()
    assert table[["rate_per_hour", "rate_low"]].isna().all(axis=None)
    assert found.tables["occupancy"]["n_movies"].tolist() == [2] * 4


def test_lag_and_gaps(tmp_path):
    table = pd.DataFrame({"track": 1, "frame": [0, 2, 4, 6, 12, 14], "state": [1, 2, 1, 2, 2, 2]})
    table.to_csv(tmp_path / "t.csv", index=False)
    one = cs.dynamics_of_table(tmp_path / "t.csv", tmp_path / "one", figures=False).tables["transitions"]
    two = cs.dynamics_of_table(tmp_path / "t.csv", tmp_path / "two", lag=4, figures=False).tables["transitions"]
    assert one["count"].tolist() == [0, 2, 1, 1]
    assert two["count"].tolist() == [1, 0, 0, 1]
    with pytest.raises(cs.InputError, match="multiple"):
        cs.dynamics_of_table(tmp_path / "t.csv", tmp_path / "odd", lag=3)


def test_one_row_and_one_state(tmp_path):
    pd.DataFrame({"track": [1], "frame": [0], "state": ["a"]}).to_csv(tmp_path / "t.csv", index=False)
    found = cs.dynamics_of_table(tmp_path / "t.csv", tmp_path / "out", dt=60.0, figures=False)
    assert found.balance["p_reversal"] is None
    assert found.balance["verdict"].startswith("cannot be told")
    assert found.tables["transitions"]["count"].tolist() == [0]


def test_same_bytes(tmp_path):
    table = write(tmp_path / "t.csv", a=paths(cyclic(0.2, 0.1), 20, 20, np.random.default_rng(2)))
    columns = {"states": "doing", "track": "cell", "time": "t"}
    first, again = (cs.dynamics_of_table(table, tmp_path / name, **columns).paths for name in ("x", "y"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_command(tmp_path, capsys):
    table = write(tmp_path / "t.csv", a=paths(cyclic(0.3, 0.1), 40, 30, np.random.default_rng(3)))
    out = str(tmp_path / "out")
    given = ["dynamics", str(table), out, "--states", "doing", "--track", "cell", "--time", "t"]
    assert main([*given, "--dt", "390"]) == 0
    said = capsys.readouterr().out
    assert "driven" in said
    assert "rest" in said
    assert main(given) == 2
    assert "not empty" in capsys.readouterr().err
    assert main([*given, "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lag"] == 1
    assert main([*given, "--force", "--dt", "0"]) == 2
