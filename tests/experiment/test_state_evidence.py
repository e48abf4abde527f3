from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from tests.dynamics.chains import paths

STEP = np.array([[0.96, 0.04], [0.04, 0.96]])


@pytest.fixture(scope="module")
def exp(tmp_path_factory):
    """Three movies of cells that are slow or fast, and switch."""
    folder = tmp_path_factory.mktemp("evidence")
    exp = cs.new(folder / "two.cellstate")
    for nth in range(3):
        rng = np.random.default_rng(nth)
        state = paths(STEP, 14, 60, rng)
        at = 300 + np.cumsum(rng.normal(0, 1, (14, 60, 2)) * np.where(state == 0, 0.5, 4.0)[..., None], axis=1)
        table = pd.DataFrame(at.reshape(-1, 2), columns=["y", "x"])
        table["track"], table["frame"] = np.repeat(np.arange(1, 15), 60), np.tile(np.arange(60), 14)
        table.to_csv(folder / f"m{nth}.csv", index=False)
        cs.add(exp, tracks=folder / f"m{nth}.csv", name=f"m{nth}", dt=390, pixel_size=0.65)
    recipe = cs.recipe_from({"features": {"sets": [{"method": "motility"}]}, "states": {"method": "hmm", "k": 2}})
    cs.run(exp, recipe)
    return exp


def test_two_are_found_with_movies_kept_apart_and_nothing_is_taken(exp, tmp_path, capsys):
    before = exp.paths.recipe.read_bytes()
    assert (
        main(["how-many", str(exp.root), str(tmp_path / "out"), "--k", "1", "2", "3", "--lags", "1", "3", "--json"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["suggested"], found["kept_apart"]) == (2, "movie")
    table = pd.DataFrame(found["states"]).set_index("k")
    assert table.loc[2, "stability"] > 0.8
    assert table["slow"].tolist()[:2] == [0, 1]
    assert table.loc[2, "gain"] > 2 * table.loc[2, "gain_error"]
    assert {row["lag"] for row in found["timescales"]} == {1, 3}
    assert {row["lag"] for row in found["markov_p"]} == {1, 3}
    assert json.loads((tmp_path / "out" / "evidence.json").read_text()) == found
    assert (tmp_path / "out" / "evidence.png").exists()
    assert exp.paths.recipe.read_bytes() == before
    assert cs.status(exp)["stages"]["states"] == "fresh"


@pytest.mark.parametrize("ks", [(2,), (0, 2), (3, 3)])
def test_one_number_is_no_evidence(exp, ks):
    with pytest.raises(cs.InputError, match="at least two different numbers"):
        cs.state_evidence(exp, ks=ks)


def test_few_windows_are_no_evidence(exp):
    with pytest.raises(cs.InputError, match="windows are too few to tell 9000 states"):
        cs.state_evidence(exp, ks=(2, 9000))
