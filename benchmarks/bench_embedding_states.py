"""States that differ only in appearance, or only in motion: what a Gaussian mixture finds of them in each space.

Simulated movies with known states: four of 40 frames, 320 px, default window. `states` compares convgru-vae as it is by
default with features; `turning` the three ways in which it can turn its crops. Settings were chosen on other seeds.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import napari_cellstate as cs
from napari_cellstate.core.families import Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods import available
from napari_cellstate.metrics.agreement import adjusted_rand
from napari_cellstate.simulate.truth import read_truth

STATES = {"appearance": 2, "motion": 3}


def experiment_of(scene: str, seed: int) -> tuple[cs.Experiment, dict[tuple[str, int, int], int]]:
    """An experiment with its outlines given, and the state of each movie, frame and cell."""
    folder = Path(tempfile.mkdtemp())
    made = cs.simulate(
        folder, conditions={"a": 20.0, "b": 20.0}, replicates=2, scene=scene, frames=40, size=320, seed=seed
    )
    experiment, truth = cs.new(folder / "e.cellstate"), {}
    for one in made:
        cs.add(experiment, one.path, labels=one.truth / "SEG", condition=one.condition, replicate=one.replicate)
        cells = read_truth(one.truth).cells
        truth |= {(one.name, *key): state for *key, state in
                  zip(cells["frame"], cells["label"], cells["state"], strict=True)}  # fmt: skip
    return experiment, truth


def true_states(experiment: cs.Experiment, truth: dict[tuple[str, int, int], int]) -> np.ndarray:
    """State of each window's middle frame."""
    obs = experiment.behavior.obs
    return np.array([truth[key] for key in zip(obs["movie"].astype(str), obs["frame"], obs["label"], strict=True)])


def mixture(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Clusters by the default mixture."""
    method = available("states")["gaussian-mixture"](k=k, seed=seed)
    return method.fit(Rows(np.asarray(points), np.arange(len(points))), Runtime()).cluster


def told(points: np.ndarray, true: np.ndarray, movie: np.ndarray) -> float:
    """Balanced accuracy of a linear reader, movies kept apart."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    reader = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced"))
    return balanced_accuracy_score(true, cross_val_predict(reader, points, true, groups=movie, cv=GroupKFold(4)))


def states(scene: str, seed: int = 12) -> None:
    """Adjusted Rand index with the true states, of the default settings and of features."""
    experiment, truth = experiment_of(scene, seed)
    embed, path_only = available("embed"), (available("features")["motility"](),)
    began = time.process_time()
    cs.run(
        experiment,
        replace(cs.Recipe(threads=1), features=path_only, embed=(embed["convgru-vae"](), embed["pca"]())),
        until="embed",
    )
    seconds, behavior = time.process_time() - began, experiment.behavior
    true, movie = true_states(experiment, truth), behavior.obs["movie"].to_numpy(str)
    print(f"States differ in {scene}, seed {seed}: {len(true)} windows; to the codes {seconds:.0f} processor s")
    print("\n| space | dimensions | adjusted Rand index, 2 seeds | shuffled | linear reader |\n|---|---|---|---|---|")

    def row(name: str, points: np.ndarray) -> None:
        found = [mixture(points, STATES[scene], start) for start in range(2)]
        scores = ", ".join(f"{adjusted_rand(true, one):.3f}" for one in found)
        control = adjusted_rand(np.random.default_rng(0).permutation(true), found[0])
        reader = told(points, true, movie)
        print(f"| {name} | {points.shape[1]} | {scores} | {control:.4f} | {reader:.3f} |", flush=True)

    row("motility by pca", behavior.obsm["X_pca"])
    row("convgru-vae", behavior.obsm["X_convgru-vae"])
    row("convgru-vae, whole code", behavior.obsm["X_convgru-vae_code"])
    cs.run(experiment, cs.Recipe(threads=1), until="embed")
    row("all default features by pca", experiment.behavior.obsm["X_pca"])


def turning(scene: str, seed: int = 5) -> None:
    """Crops aligned to the direction of motion, turned at random in training, or left as they are; short trainings."""
    from napari_cellstate.experiment.crops import crops_of
    from napari_cellstate.experiment.pipeline import current_recipe
    from napari_cellstate.learn.crop_batches import headings

    experiment, truth = experiment_of(scene, seed)
    cs.run(experiment, cs.Recipe(threads=1), until="embed")
    true, movie = true_states(experiment, truth), experiment.behavior.obs["movie"].to_numpy(str)
    print(f"States differ in {scene}, seed {seed}; R2 of the heading is of a linear reader of appearance, movies apart")
    print(
        "\n| crops | adjusted Rand index, 2 seeds | linear reader of states | of the whole code | R2 of the heading |"
    )
    print("|---|---|---|---|---|")
    for turn in ("align", "augment", "none"):
        method = available("embed")["convgru-vae"](turn=turn, steps=400)
        behavior, recipe = experiment.behavior, current_recipe(experiment)
        with crops_of(experiment, recipe, behavior.obs, method.wanted_crops(), "turning", Runtime()) as crops:
            made, angle = method.embed_crops(behavior, crops, Runtime(threads=1)), headings(crops.positions)
        code = made.spaces["code"]
        scores = ", ".join(f"{adjusted_rand(true, mixture(made.coordinates, STATES[scene], s)):.3f}" for s in range(2))
        looks = code[:, np.array(made.info["dims"]) < method.latent]
        print(f"| {turn} | {scores} | {told(made.coordinates, true, movie):.3f} | {told(code, true, movie):.3f} | "
              f"{heading_told(looks, angle, movie):.3f} |", flush=True)  # fmt: skip


def heading_told(points: np.ndarray, angle: np.ndarray, movie: np.ndarray) -> float:
    """Share of the variance of the direction of motion that a linear reader of a code tells, movies apart."""
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    if not points.shape[1]:
        return 0.0  # the code of appearance is empty
    wanted = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return r2_score(wanted, cross_val_predict(RidgeCV(), points, wanted, groups=movie, cv=GroupKFold(4)))
