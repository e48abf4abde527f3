"""The workflow of docs/from-hmr.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

import napari_cellstate as cs


def tracks(path, speed, seed):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 1, (15, 60, 2)) * np.where(rng.random((15, 1, 1)) < 0.5, speed, 0.5)
    at = np.cumsum(steps, axis=1) + 200
    table = pd.DataFrame(at.reshape(-1, 2), columns=["y", "x"])
    table["track_id"], table["frame"] = np.repeat(np.arange(15), 60), np.tile(np.arange(60), 15)
    table.to_csv(path, index=False)


def test_whole_workflow_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for nth, condition in enumerate(("fgf2", "nofgf2")):
        tracks(tmp_path / f"{condition}.csv", 2.0 + nth, nth)
    page = (Path(__file__).parents[2] / "docs" / "from-hmr.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.S).group(1)
    names: dict[str, object] = {}
    exec(compile(code, "from-hmr.md", "exec"), names)
    behavior, exp = names["behavior"], names["exp"]
    assert behavior.layers["scaled"].shape == behavior.X.shape
    assert behavior.obs["state"].nunique() == 4
    speed = behavior.obs.groupby("state", observed=True)["step"].mean()
    assert speed.is_monotonic_increasing
    assert np.isfinite(behavior.obsm["X_pca"]).all()
    moved = cs.flow(exp, nodes=4, bins=3)
    assert len(moved.vectors) == 4
    assert np.isfinite(moved.pseudotime()[0]).all()
    assert not cs.describe_states(exp).profiles.means.columns.str.startswith("p").any()
    assert len(exp.dynamics("transitions")) == 2 * 16
