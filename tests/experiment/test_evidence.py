"""Evidence, novelty and known factors of an experiment, by Python and by the terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.methods import available
from tests.experiment_kit import blobs, write_movie


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> cs.Experiment:
    """Two movies of each of two conditions, embedded."""
    folder = tmp_path_factory.mktemp("four")
    experiment = cs.new(folder / "four.cellstate")
    for nth in range(4):
        path = write_movie(folder / f"m{nth}.ome.tif", blobs(seed=nth))
        cs.add(experiment, path, condition=("young", "aged")[nth % 2], replicate=str(nth // 2))
    cs.run(experiment, until="embed")
    return experiment


def test_evidence_asks_what_can_be_asked(four):
    found = cs.embedding_evidence(four)
    base, pca = found.spaces
    assert set(base.told) == {"next", "condition"}
    assert base.told["condition"].units == 4
    assert pca.verdict() == "adds nothing to the features"  # linear functions of them, read by a linear reader
    assert 0 < pca.stability <= 1
    with pytest.raises(InputError, match="no embedding 'vae'; there are: pca"):
        cs.embedding_evidence(four, spaces=["vae"])


def test_neighbours_of_nets_too(four):
    """Each net trains once more; what it keeps beside its coordinates is compared as well."""
    nets = (available("embed")["convgru-vae"](steps=6, batch=8), available("embed")["vae"](steps=80, latent=4))
    recipe = replace(cs.Recipe(), embed=(*nets, available("embed")["pca"]()))
    cs.run(four, recipe, until="embed")
    quick = {one.name: one.stability for one in cs.embedding_evidence(four).spaces}
    assert [name for name, one in quick.items() if one == one] == ["pca"]
    said = []
    found = cs.embedding_evidence(four, stability="all", progress=lambda done, total, what: said.append((what, total)))
    every = {one.name: one.stability for one in found.spaces}
    assert set(every) == {"features", "convgru-vae", "convgru-vae_code", "vae", "pca"}
    assert all(-0.1 < every[name] <= 1 for name in set(every) - {"features"})
    assert every["pca"] > every["vae"]  # a code that was learnt from other tracks keeps fewer neighbours
    assert ("training", 80) in said
    assert not list((four.root / "models").glob(".*"))
    cs.run(four, cs.Recipe(), until="embed")


def test_known_states_come_from_a_table_or_a_column(four, tmp_path):
    obs = four.behavior.obs
    table = obs[["movie", "label", "frame"]].copy()
    table["state"] = np.where(obs["step"] > obs["step"].median(), "fast", "slow")
    table.to_csv(tmp_path / "known.csv", index=False)
    found = cs.embedding_evidence(four, known=tmp_path / "known.csv", stability="none")
    assert found.spaces[0].told["state"].alone > 0.8
    table.assign(movie="elsewhere").to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(InputError, match=r"none of its .* rows is a window's"):
        cs.embedding_evidence(four, known=tmp_path / "other.csv")


def test_factors(four):
    found = {(one.space, one.factor): one for one in cs.known_factors(four)}
    assert {factor for _, factor in found} == {"condition", "replicate", "movie"}
    assert found["pca", "movie"].levels == 4
    assert all(0 <= one.mig <= 1 and 0 <= one.informativeness <= 1 and one.best >= 1 for one in found.values())


def test_novelty_of_controls_and_of_a_movie_made_strange(four, tmp_path):
    found = cs.novelty(four, ["young"], out=tmp_path / "n.csv")
    assert len(found.table) == four.behavior.n_obs
    assert found.table.loc[found.table["control"], "novel"].mean() <= 0.15
    assert (tmp_path / "n.csv").read_text().startswith("movie,condition,track,frame,control,score,p,novel")
    three = cs.novelty(four, ["m0", "m1", "m2"])
    assert set(three.held_out) == {"m0", "m1", "m2"}
    for wrong, match in (([], "name the control movies"), (["old"], "no movie or condition 'old'")):
        with pytest.raises(InputError, match=match):
            cs.novelty(four, wrong)
    with pytest.raises(InputError, match="no embedding 'umap'"):
        cs.novelty(four, ["young"], space="umap")


def test_by_the_terminal(four, capsys, tmp_path):
    root = str(four.root)
    picture = str(tmp_path / "evidence.png")
    assert main(["evidence", root, "--stability", "none", "--factors", "--out", picture, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in said["spaces"]] == ["features", "pca"]
    assert {one["factor"] for one in said["factors"]} == {"condition", "replicate", "movie"}
    assert (tmp_path / "evidence.png").stat().st_size > 5000
    assert (tmp_path / "evidence.pdf").is_file()
    assert main(["evidence", root, "--stability", "none", "--out", str(tmp_path / "evidence.csv")]) == 0
    assert "adds nothing to the features" in capsys.readouterr().out
    assert main(["novelty", root, "--controls", "young"]) == 0
    assert "fewer than three control movies" in capsys.readouterr().out
    assert main(["novelty", root, "--controls", "nobody"]) == 2
