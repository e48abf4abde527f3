"""Every line of docs/from-hmr.md, called."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.experiment.edits.states import OrderStates


@pytest.fixture(scope="module")
def exp(tmp_path_factory):
    """Two conditions with two replicates each, as hmR's workflow has them."""
    folder, rng = tmp_path_factory.mktemp("hmr"), np.random.default_rng(0)
    exp = cs.new(folder / "muscle.cellstate")
    for nth in range(4):
        condition, speed = (("fgf2", 2.5), ("nofgf2", 1.5))[nth % 2]
        steps = rng.normal(0, 1, (12, 60, 2)) * np.where(rng.random((12, 1, 1)) < 0.5, speed, 0.5)
        table = pd.DataFrame((np.cumsum(steps, axis=1) + 200).reshape(-1, 2), columns=["y", "x"])
        table["track"], table["frame"] = np.repeat(np.arange(1, 13), 60), np.tile(np.arange(60), 12)
        table.to_csv(folder / f"m{nth}.csv", index=False)
        cs.add(exp, tracks=folder / f"m{nth}.csv", name=f"m{nth}", condition=condition, dt=390, pixel_size=0.325)
    recipe = {
        "features": {"window": 12, "stride": 12, "sets": [{"method": "heteromotility", "lag": 5}]},
        "embed": [{"method": "pca"}, {"method": "tsne"}],
        "states": {"method": "ward", "k": 3},
    }
    cs.run(exp, cs.recipe_from(recipe))
    return exp


def test_data_scale_components_and_maps(exp):
    behavior = exp.behavior
    some = behavior[behavior.obs["condition"] == "fgf2"]
    assert 0 < len(some) < len(behavior)
    assert {"movie", "track", "frame", "condition"} <= set(behavior.obs)
    assert len(behavior.to_df().describe()) == 8
    assert "n_missing" in behavior.var
    assert behavior.layers["scaled"].shape == behavior.X.shape
    assert behavior.obsm["X_pca"].shape[1] >= 2
    assert behavior.obsm["X_tsne"].shape == (len(behavior), 2)
    assert set(behavior.obs["state"]) == {1, 2, 3}


def test_silhouettes_and_order(exp):
    found = cs.state_evidence(exp, ks=(2, 3)).states
    assert found["silhouette"].notna().all()
    before = exp.behavior.obs["state"].to_numpy()
    cs.edit(exp, OrderStates(order=[2, 1, 3]))
    cs.run(exp, until="states")
    after = exp.behavior.obs["state"].to_numpy()
    np.testing.assert_array_equal(np.array([0, 2, 1, 3])[before], after)
    cs.undo(exp)
    cs.run(exp)


def test_differences_between_states_have_no_p_and_between_conditions_holm(exp, tmp_path):
    means = cs.describe_states(exp).profiles.means
    assert {"mean", "mean_rest", "difference"} <= set(means)
    assert not [name for name in means if name.startswith("p")]
    found = cs.compare(exp, tmp_path / "compare", correction="holm")
    assert found is not None
    assert any((tmp_path / "compare").iterdir())


def test_pseudotime_steps_and_transitions_of_states(exp, tmp_path):
    assert (cs.pseudotime(exp, root_state=1).along >= 0).all()
    assert cs.pseudotime(exp, way="curve").nodes is not None
    moved = cs.flow(exp, nodes=4, bins=3)
    assert len(moved.steps.start) > 0
    assert moved.vectors["state"].tolist() == [1, 2, 3]
    assert cs.write_flow(exp, tmp_path / "flow")
    assert "verdict" in exp.balance
    for name in ("transitions", "generator"):
        assert len(exp.dynamics(name))


def test_figures_of_the_report(exp, tmp_path):
    names = {path.name for path in cs.report(exp, tmp_path / "report")}
    assert {"embedding.pdf", "profiles.png", "ethogram.png", "families.png"} <= names


def test_every_function_of_the_page_is_ours():
    page = (Path(__file__).parents[2] / "docs" / "from-hmr.md").read_text(encoding="utf-8")
    called = set(re.findall(r"\bcs\.(\w+)", page))
    assert called
    assert called <= set(cs.__all__)
