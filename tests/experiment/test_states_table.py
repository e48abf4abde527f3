from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.metrics.agreement import adjusted_rand


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(0, 3, 60), 10)
    columns = {
        "cell_id": [f"c{one}" for one in range(600)],
        "track": np.repeat(np.arange(20), 30),
        "frame": np.tile(np.arange(30), 20),
        "speed": 1.0 + 5 * truth + rng.normal(0, 0.3, 600),
        "turn": np.abs(truth - 1) + rng.normal(0, 0.1, 600),
        "shape": truth + rng.normal(0, 0.2, 600),
        "state": 9,
        "y": rng.random(600),
        "note": "x",
        "same": 4.0,
    }
    order = rng.permutation(600)
    pd.DataFrame(columns).iloc[order].to_csv(tmp_path / "f.csv", index=False)
    return tmp_path / "f.csv", truth[order]


@pytest.mark.parametrize("method", ["", "hmm", "kmeans"])
def test_table_comes_back_with_states_by_speed(table, tmp_path, method):
    path, truth = table
    found = cs.states_of_table(path, tmp_path / "o.csv", method=method)
    written, read = pd.read_csv(tmp_path / "o.csv"), pd.read_csv(path)
    assert found.features == ("speed", "turn", "shape", "same")
    assert adjusted_rand(written["state"].to_numpy(), truth) > 0.95
    assert (written.groupby("state")["speed"].mean().diff().dropna() > 0).all()
    pd.testing.assert_frame_equal(written[read.columns.drop("state")], read.drop(columns="state"))
    assert written["state_prob"].isna().all() == (method == "kmeans")


def test_command(table, tmp_path, capsys):
    given = ["states", str(table[0]), str(tmp_path / "o.csv"), "--k", "2"]
    assert main([*given, "--method", "ward", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["rows"]) == {"1", "2"}
    assert main([*given, "--method", "hmmm"]) == 2
    assert "hmm" in capsys.readouterr().err
    pd.DataFrame({"track": [1], "name": ["a"]}).to_csv(tmp_path / "bad.csv", index=False)
    assert main(["states", str(tmp_path / "bad.csv"), str(tmp_path / "o.csv")]) == 2
    assert "no column of numbers" in capsys.readouterr().err
