from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main

MOTHERS, FRAMES = 14, 14


def family_table(path, seed):
    """Mothers that are fast or slow for life, and two daughters each that are as their mother is."""
    rng = np.random.default_rng(seed)
    rows = []
    for mother in range(MOTHERS):
        speed = (0.4, 5.0)[mother % 2]
        at = rng.uniform(0, 900, 2)
        for track, begin, parent in (
            (mother, 0, 0),
            (100 + mother, FRAMES, mother + 1),
            (200 + mother, FRAMES, mother + 1),
        ):
            place = at.copy()
            for t in range(FRAMES):
                rows.append((track + 1, begin + t, *place, parent))
                place = place + rng.normal(0, speed, 2)
            if track == mother:
                at = place
    pd.DataFrame(rows, columns=["track", "frame", "y", "x", "parent"]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("families")
    experiment = cs.new(folder / "kin.cellstate")
    for nth in range(2):
        cs.add(experiment, tracks=family_table(folder / f"m{nth}.csv", nth), name=f"m{nth}", dt=390, pixel_size=0.65)
    cs.run(
        experiment,
        cs.recipe_from({"features": {"sets": [{"method": "motility"}]}, "states": {"method": "hmm", "k": 2}}),
    )
    return experiment


def test_inheritance_is_in_the_results_and_the_same_from_python(done, capsys):
    table = done.dynamics("families")
    kin = cs.families(done)
    pd.testing.assert_frame_equal(table, kin.table)
    pd.testing.assert_frame_equal(done.dynamics("divisions"), kin.at_division)
    assert set(table["relation"]) == {"mother-daughter", "sisters"}
    daughters = table[table["relation"] == "mother-daughter"]
    assert daughters["correlation"].min() > 0.7
    assert daughters["p"].max() < 0.01
    assert kin.at_division["divisions"].sum() == 2 * MOTHERS
    assert "mother-daughter, state 1" in kin.words()
    assert main(["families", str(done.root)]) == 0
    assert "28 divisions" in capsys.readouterr().out
    assert main(["families", str(done.root), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["families"]) == 4


def test_families_are_exported_and_drawn(done, tmp_path):
    paths = cs.report(done, tmp_path / "out")
    names = {path.name for path in paths}
    assert {"families.csv", "divisions.csv", "families.png", "described_states.csv"} <= names


def test_nobody_divides_is_said(two_movies, tmp_path):
    from napari_cellstate.plots.families import families

    cs.run(two_movies)
    kin = cs.families(two_movies)
    if not kin.at_division["divisions"].sum():
        assert "nothing to say about inheritance" in kin.words()
    none = kin.at_division.assign(divisions=0)
    assert families(kin.table, none).texts


def test_pseudotime_from_a_state_and_from_a_window(done, tmp_path, capsys):
    obs = done.behavior.obs
    found = cs.pseudotime(done, root_state=1)
    assert found.along[(found.state == 1)].mean() < found.along[found.state == 2].mean()
    assert found.along.min() == 0
    assert found.along.max() == pytest.approx(1)
    other = obs[obs["state"] == 2].iloc[0]
    root = (str(other["movie"]), int(other["track"]), int(other["frame"]))
    turned = cs.pseudotime(done, root=root)
    assert turned.root == root
    at = turned.table().set_index(["movie", "track", "frame"]).loc[root, "pseudotime"]
    assert at == 0
    curve = cs.pseudotime(done, way="curve")
    assert curve.nodes is not None
    assert np.corrcoef(curve.along, found.along)[0, 1] > 0.7
    assert 0.3 < found.backward["backward"].iloc[-1] < 0.7
    out = tmp_path / "order"
    assert main(["pseudotime", str(done.root), str(out), "--from", *map(str, root)]) == 0
    assert "steps go back" in capsys.readouterr().out
    written = pd.read_csv(out / "pseudotime.csv")
    np.testing.assert_allclose(written["pseudotime"], turned.along)
    assert (out / "pseudotime.png").exists()


def test_same_numbers_as_the_flow(done):
    along, back = cs.flow(done, nodes=5, bins=4).pseudotime(root_state=1)
    found = cs.pseudotime(done)
    np.testing.assert_array_equal(along, found.along)
    pd.testing.assert_frame_equal(back, found.backward)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"space": "umap"}, "no embedding 'umap'"),
        ({"way": "line"}, "expected diffusion or curve"),
        ({"root": ("m0", 1, 900)}, "no window of track 1"),
        ({"root_state": 9}, "no row in state 9"),
    ],
)
def test_bad_input(done, wrong, message, tmp_path):
    with pytest.raises(cs.InputError, match=message):
        cs.pseudotime(done, **wrong)
    assert main(["pseudotime", str(done.root), str(tmp_path / "x"), "--from", "m0", "a", "1"]) == 2
