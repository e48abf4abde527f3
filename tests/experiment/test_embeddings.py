"""Embeddings that train a net, from movies to the behaviour table: crops, resume, bytes, errors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_cellstate as cs
from napari_cellstate.core.crops import CELL, CropWish
from napari_cellstate.core.errors import Cancelled, InputError
from napari_cellstate.core.progress import Runtime
from napari_cellstate.experiment.crops import crops_of, crops_of_windows, normalisation
from napari_cellstate.experiment.latent import open_latent, trained_embeddings
from napari_cellstate.learn.fitted import read_losses
from napari_cellstate.methods import available
from tests.experiment_kit import blobs, results, write_movie

EMBED = available("embed")
VAE = EMBED["vae"](steps=60, latent=3)
SEQUENCE = EMBED["convgru-vae"](steps=12, batch=8, latent=3, motion=2)
RECIPE = cs.Recipe(threads=1)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> cs.Experiment:
    """Three movies up to their features; copied by each test that changes something."""
    folder = tmp_path_factory.mktemp("measured")
    experiment = cs.new(folder / "three.cellstate")
    for nth, condition in enumerate(("young", "young", "aged")):
        path = write_movie(folder / f"m{nth}.ome.tif", blobs(seed=nth))
        cs.add(experiment, path, condition=condition, replicate=str(nth % 2))
    cs.run(experiment, RECIPE, until="features")
    return experiment


@pytest.fixture
def own(measured, tmp_path):
    def copy(name: str = "own") -> cs.Experiment:
        folder = tmp_path / name
        shutil.copytree(measured.root.parent, folder)
        return cs.Experiment(folder / measured.root.name)

    return copy


def stop_at(step: int, total: int):
    def progress(done: int, whole: int, what: str) -> None:
        if what == "embed" and whole == total and done == step:
            raise Cancelled

    return progress


@pytest.mark.parametrize("method", [VAE, SEQUENCE], ids=lambda one: one.kind)
def test_stopped_training_is_gone_on_with_and_ends_as_unbroken(own, method):
    recipe = replace(RECIPE, embed=(method,))
    whole, broken = own("whole"), own("broken")
    cs.run(whole, recipe, until="embed")
    with pytest.raises(Cancelled):
        cs.run(broken, recipe, until="embed", progress=stop_at(method.steps // 2, method.steps))
    [folder] = [one for one in (broken.root / "models").iterdir() if not one.name.startswith(".")]
    assert [row["step"] for row in read_losses(folder)] == list(range(method.steps // 2))
    steps = []
    cs.run(broken, until="embed", progress=lambda done, total, what: steps.append((done, total)))
    assert (method.steps // 2 - 1, method.steps) not in steps
    assert (method.steps // 2, method.steps) in steps
    first, second = results(whole.root), results(broken.root)
    assert first.keys() == second.keys()
    assert {name.split("/")[-1] for name in first if name.startswith("models/")} == {
        "weights.safetensors",
        "config.json",
        "history.csv",
    }
    for name in first:
        assert first[name] == second[name], name


KILLED = """
import os, sys
import napari_cellstate as cs
def progress(done, total, what):
    if what == "embed" and total == 60 and done == 40: os._exit(9)
cs.run(sys.argv[1], until="embed", progress=progress)
"""


def test_killed_training_ends_as_unbroken(own):
    recipe = replace(RECIPE, embed=(VAE,))
    whole, killed = own("whole"), own("killed")
    cs.run(whole, recipe, until="embed")
    cs.run(killed, recipe, until="features")
    assert subprocess.run([sys.executable, "-c", KILLED, str(killed.root)]).returncode == 9
    assert list((killed.root / "models").glob("*/checkpoint.safetensors"))
    cs.run(killed, until="embed")
    assert results(whole.root) == results(killed.root)


def test_columns_and_a_net_that_is_found_again(own):
    experiment = own()
    cs.run(experiment, replace(RECIPE, embed=(VAE, EMBED["pca"]())), until="embed")
    behavior = experiment.behavior
    assert (behavior.obs["embed_sd"] > 0).all()
    assert np.isfinite(behavior.obs["embed_surprise"]).all()
    assert trained_embeddings(experiment) == ["vae"]
    said = []
    other = replace(RECIPE, embed=(EMBED["pca"](), VAE))
    cs.run(experiment, other, until="embed", progress=lambda done, total, what: said.append(total))
    assert VAE.steps not in said  # it was not trained again
    again = experiment.behavior
    assert np.array_equal(again.obsm["X_vae"], behavior.obsm["X_vae"])
    assert np.array_equal(again.obs["vae_sd"], behavior.obs["embed_sd"])
    assert "embed_sd" not in again.obs


def test_looking_into_features(own):
    experiment = own()
    cs.run(experiment, replace(RECIPE, embed=(VAE,)), until="embed")
    latent = open_latent(experiment)
    assert latent.reads == "features"
    names, seen, rebuilt = latent.features(0)
    assert len(names) == len(seen) == len(rebuilt)
    obs = latent.behavior.obs
    row = latent.row_of(str(obs["movie"].iloc[5]), int(obs["track"].iloc[5]), int(obs["frame"].iloc[5]))
    assert row == 5
    assert latent.row_of("nowhere", 1, 1) == -1
    with pytest.raises(InputError, match="trained on features"):
        latent.observed(0)
    with pytest.raises(InputError, match="no embedding 'pca' with a net"):
        open_latent(experiment, "pca")


def test_looking_into_sequences(own):
    experiment = own()
    cs.run(experiment, replace(RECIPE, embed=(SEQUENCE,)), until="embed")
    assert not list((experiment.root / "models").glob(".*"))  # the crops are gone
    latent = open_latent(experiment)
    assert latent.reads == "sequences"
    seen = latent.observed(3)
    rebuilt = latent.pictures(latent.codes(np.array([3])))
    assert seen.shape == rebuilt.shape[1:] == (RECIPE.windows.window, 32, 32)
    assert np.isfinite(seen).any()
    info = json.loads(experiment.behavior.uns["provenance"])["embed"]["X_convgru-vae"]
    assert any("differences in brightness between conditions are hidden" in note for note in info["notes"])
    assert any("families of tracks kept apart" in note for note in info["notes"])


def test_crops_are_of_the_cells_they_belong_to(measured):
    recipe, wish = RECIPE, CropWish(size_um=13.0, pixels=20, masked=False)
    experiment = measured
    obs = pd.concat([experiment.features(one.name).assign(movie=one.name) for one in experiment.movies])
    with crops_of(experiment, recipe, obs, wish, "kept", Runtime()) as crops:
        folder = experiment.paths.crops("kept")
        assert (folder / "pictures").is_file()
        like = normalisation(experiment, crops)
        row = 7
        pictures, masks, seen = crops.batch(np.array([row, row + 1]))
        one = obs.iloc[row]
        frame = tifffile.imread(experiment.movies[0].images.resolve(experiment.root))
        image = frame[int(one["frame"])].astype(float)
        top, left = one["y"] - 9.5, one["x"] - 9.5  # 20 px of 0.65 um each are 13 um: a pixel is a pixel
        row0, column0 = int(np.floor(top)), int(np.floor(left))
        down, right = top - row0, left - column0
        patch = image[row0 : row0 + 21, column0 : column0 + 21]
        rows = (1 - down) * patch[:-1] + down * patch[1:]
        wanted = (1 - right) * rows[:, :-1] + right * rows[:, 1:]
        middle = pictures[0, (RECIPE.windows.window - 1) // 2, 0]
        assert np.corrcoef(middle.ravel(), wanted.ravel())[0, 1] > 0.9999
        again = crops_of_windows(experiment, recipe, like, wish, experiment.movies[0].name, obs.iloc[[row, row + 1]])
        assert np.array_equal(again.batch(np.array([0, 1]))[0], pictures)
        assert seen.all()
        assert set(np.unique(masks)) <= {0, 1}
        assert (crops.kinds == CELL).any()
    assert not folder.exists()


@pytest.mark.parametrize(("normalise", "says"), [("movie", "hidden"), ("replicate", "taken out"), ("none", "left in")])
def test_normalisation_keeps_and_hides_what_it_says(own, tmp_path, normalise, says):
    """A movie twice as bright: its mean is 0 with movies by themselves, above the others' with all together."""
    experiment = own()
    for nth, entry in enumerate(experiment.movies):
        path = entry.images.resolve(experiment.root)
        stack = tifffile.imread(path)
        write_movie(tmp_path / f"b{nth}.ome.tif", (stack * (2 if nth == 2 else 1)).astype(np.uint16))
    brighter = cs.new(tmp_path / "b.cellstate")
    for nth in range(3):
        cs.add(brighter, tmp_path / f"b{nth}.ome.tif", condition="ab"[nth // 2], replicate=str(nth % 2))
    cs.run(brighter, RECIPE, until="features")
    obs = pd.concat([brighter.features(one.name).assign(movie=one.name) for one in brighter.movies])
    with crops_of(brighter, RECIPE, obs, CropWish(pixels=16, normalise=normalise), "k", Runtime()) as crops:
        pictures, masks, _ = crops.batch(np.arange(len(crops)))
        movie = crops.movie[crops.rows[:, 0]]
        means = np.array([pictures[movie == one].sum() / masks[movie == one].sum() for one in range(3)])
        assert says in crops.note
    if normalise == "movie":
        assert np.abs(means).max() < 0.05
    else:
        assert means[2] - means[0] > 1  # both are of replicate 0
    assert (abs(means[1]) < 0.05) == (normalise != "none")


def test_what_cannot_be_embedded_is_said(own, tmp_path):
    experiment = own()

    def refused(method, match: str) -> None:
        with pytest.raises(InputError, match=match):
            cs.run(experiment, replace(RECIPE, embed=(method,)), until="embed")

    refused(EMBED["convgru-vae"](crop_um=100.0), "larger than its images of 96 x 96")
    refused(EMBED["convgru-vae"](crop_um=1.0), "show nothing")
    refused(EMBED["convgru-vae"](channel=3), "channel 3, but its channels are 0 to 0")
    assert not list((experiment.root / "models").glob(".*"))
    constant = cs.new(tmp_path / "flat.cellstate")
    write_movie(tmp_path / "flat.ome.tif", np.full((12, 96, 96), 7, np.uint16))
    labels = np.zeros((12, 96, 96), np.uint16)
    labels[:, 20:30, 20:30], labels[:, 60:70, 60:70] = 1, 2
    tifffile.imwrite(tmp_path / "labels.tif", labels, metadata={"axes": "TYX"})
    cs.add(constant, tmp_path / "flat.ome.tif", labels=tmp_path / "labels.tif")
    few = replace(
        RECIPE, embed=(EMBED["convgru-vae"](steps=2),), windows=RECIPE.windows.model_copy(update={"window": 8})
    )
    with pytest.raises(InputError, match="windows are too few"):
        cs.run(constant, few, until="embed")
    with pytest.raises(InputError, match="every pixel is 7; expected an image that varies"):
        cs.run(constant, replace(few, windows=RECIPE.windows.model_copy(update={"window": 2})), until="embed")


def test_one_track_is_too_few(tmp_path):
    table = tmp_path / "one.csv"
    rng = np.random.default_rng(0)
    path = np.cumsum(rng.normal(size=(60, 2)), axis=0)
    table.write_text("track,frame,y,x\n" + "\n".join(f"1,{t},{y},{x}" for t, (y, x) in enumerate(path)))
    experiment = cs.new(tmp_path / "one.cellstate")
    cs.add(experiment, tracks=table, dt=60.0, pixel_size=1.0)
    with pytest.raises(InputError, match="of one track and its daughters"):
        cs.run(experiment, replace(RECIPE, embed=(VAE,)), until="embed")
    with pytest.raises(InputError, match="without images"):
        cs.run(experiment, replace(RECIPE, embed=(SEQUENCE,)), until="embed")


def test_other_images_make_crops_stale_although_labels_were_given(own):
    """Features of given labels know nothing of the images; crops do."""
    from napari_cellstate.experiment.stages.embed import STAGE

    entries = own().movies
    changed = tuple(one.model_copy(update={"channel": 1}) for one in entries)
    pca, crops = (replace(RECIPE, embed=(method,)) for method in (EMBED["pca"](), SEQUENCE))
    assert STAGE.record(pca, entries) == STAGE.record(pca, changed)
    assert STAGE.record(crops, entries) != STAGE.record(crops, changed)
