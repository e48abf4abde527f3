"""Features of the user's in a recipe: what is computed, and what makes it stale."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.keys import plan
from napari_cellstate.experiment.recipe_file import dumps


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "mine.py").write_text("def high(windows):\n    return windows.values('solidity').max(axis=1)\n")
    sets = [
        {"method": "expression", "name": "net", "formula": "speed * straightness", "unit": "um/h"},
        {"method": "motility"},
        {"method": "intensity"},
        {"method": "function", "file": str(tmp_path / "mine.py"), "function": "high", "columns": "high",
         "reads": "solidity"},
        {"method": "expression", "name": "log_net", "formula": "log(net)"},
    ]  # fmt: skip
    return cs.recipe_from({"features": {"sets": sets}, "states": {"method": "kmeans"}})


def test_they_run_and_survive_a_file(two_movies, recipe):
    assert cs.recipe_from(tomllib.loads(dumps(recipe))) == recipe
    cs.run(two_movies, recipe)
    behavior = two_movies.behavior
    speed, straight, net, log_net, high = (
        behavior[:, name].X.ravel() for name in ("speed", "straightness", "net", "log_net", "high")
    )
    assert np.allclose(net, speed * straight, equal_nan=True)
    assert np.allclose(log_net, np.log(net), equal_nan=True)
    assert np.nanmax(high) <= 1
    assert "speed * straightness" in behavior.var.loc["net", "definition"]
    assert behavior.var.loc["brightness_0_mean", "note"]
    assert np.nanmedian(behavior[:, "brightness_0_mean"].X) > 300


def test_code_that_changes_makes_features_stale(two_movies, recipe, tmp_path):
    before = [movie.keys for movie in plan(two_movies, recipe).movies]
    (tmp_path / "mine.py").write_text("def high(windows):\n    return windows.frame\n")
    after = [movie.keys for movie in plan(two_movies, recipe).movies]
    for old, new in zip(before, after, strict=True):
        assert {stage for stage in old if old[stage] != new[stage]} == {"features"}
    (tmp_path / "mine.py").unlink()
    with pytest.raises(cs.InputError, match="is not there; give the path"):
        cs.run(two_movies, recipe)


def test_a_formula_over_what_is_not_there(two_movies):
    bad = cs.recipe_from({"features": {"sets": [{"method": "expression", "formula": "sped + 1"}]}})
    with pytest.raises(cs.InputError, match="no column 'sped'"):
        cs.run(two_movies, bad)
