from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from tests.compare.test_transfer import world


@pytest.fixture
def tables(tmp_path):
    for name, seed in (("a", 0), ("b", 1)):
        values, label, group = world(seed, rows=40)
        table = pd.DataFrame(values, columns=["speed", "area", "turning", "texture", "depth"])
        table["cell_type"] = np.array(["stem", "blast", "fibre"])[label]
        table["donor"], table["track_id"] = group, np.arange(len(table))
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def test_from_the_terminal(tables, capsys):
    a, b, out = (str(tables / name) for name in ("a.csv", "b.csv", "out.csv"))
    assert main(["transfer", a, b, out, "--label", "cell_type"]) == 0
    assert "balanced accuracy" in capsys.readouterr().out
    found = pd.read_csv(out)
    known = found["label"] != "unknown"
    assert known.mean() > 0.8 and (found["label"] == found["cell_type"])[known].mean() > 0.9
    assert {"prob_stem", "prob_blast", "prob_fibre", "label_prob", "track_id"} <= set(found.columns)


def test_states_of_one_experiment_for_another(two_movies, tmp_path):
    cs.run(two_movies)
    found = cs.transfer(two_movies, two_movies, tmp_path / "out.csv")
    states = two_movies.behavior.obs["state"].astype(str).to_numpy()
    known = (found.table["label"] != "unknown").to_numpy()
    assert (found.table["label"].to_numpy()[known] == states[known]).mean() > 0.7
    assert set(found.content["features"]) <= set(two_movies.behavior.var_names)


def test_without_a_feature_in_common(tables, tmp_path):
    pd.DataFrame({"other": [1.0, 2.0]}).to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(InputError, match="no feature in common"):
        cs.transfer(tables / "a.csv", tmp_path / "c.csv", tmp_path / "out.csv", label="cell_type")
    with pytest.raises(InputError, match="no column 'nothing'"):
        cs.transfer(tables / "a.csv", tables / "b.csv", tmp_path / "out.csv", label="nothing")
