"""Embeddings: a training step of convgru-vae beside a plain loop, PCA of 1e5 windows, and what they tell.

python benchmarks/bench_embedding.py steps|pca|types|motion|states-appearance|states-motion

steps: 64 x 64 px, 16 frames, batch 32; each way in a process of its own, the plain loop with the default allocator;
runs are interleaved, ratios are of medians of processor seconds. types: cell type of real tracks (63 frames) by
embedding and linear probe, wells kept together (one experiment a type: no claim beyond). motion: the next ten steps of
real tracks by a recurrent net against straight on (Kimmel et al., Lanternfish), by wells that it has not learnt from.
states: adjusted Rand index of a Gaussian mixture in simulated movies whose states differ only in grain, or in motion.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

WAYS = ("plain", "ours float32", "ours bfloat16")
ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_MMAP_THRESHOLD_": "4294967296"}


def one_way(way: str, steps: int, threads: int) -> dict[str, object]:
    """Losses and processor seconds of a few steps of training."""
    import torch

    from benchmarks.plain_convgru_vae import PlainSequenceVAE
    from napari_cellstate.nets.elbo import Elbo
    from napari_cellstate.nets.elbo_crops import CropElbo
    from napari_cellstate.nets.sequence_vae import SequenceVAE

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = SequenceVAE(channels=6)
    if way == "plain":
        net = PlainSequenceVAE(net)
    elbo, optimiser = CropElbo(Elbo()), torch.optim.Adam(net.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32, 16, 6, 64, 64, generator=generator)
    x[:, :, -1] = (x[:, :, -1] > 0).float()
    path = torch.randn(32, 16, 2, generator=generator)
    losses, seconds, wall = [], [], []
    for step in range(steps):
        began, clock = time.process_time(), time.perf_counter()
        torch.manual_seed(step)
        with torch.autocast("cpu", torch.bfloat16, enabled=way.endswith("bfloat16")):
            made = net(x, path)
            output, steps_made, mean, log_var = (
                made if way == "plain" else (made.output, made.path, made.mean, made.log_var)
            )
            loss = elbo.loss(elbo.errors(output, x, steps_made, path), mean, log_var, step, 4)
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        optimiser.step()
        losses.append(float(loss.total.detach()))
        seconds.append(time.process_time() - began)
        wall.append(time.perf_counter() - clock)
    return {"losses": losses, "seconds": seconds[1:], "wall": wall[1:]}


def steps(runs: int = 3, count: int = 4, threads: int = 1) -> None:
    """Training steps, interleaved."""
    found: dict[str, list[dict[str, list[float]]]] = {way: [] for way in WAYS}
    for _ in range(runs):
        for way in WAYS:
            env = {**os.environ, **({} if way == "plain" else ALLOCATOR)}
            call = f"print(json.dumps(one_way({way!r}, {count}, {threads})))"
            code = f"import json; from benchmarks.bench_embedding import *; {call}"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
            found[way].append(json.loads(done.stdout))
    plain = statistics.median([s for one in found["plain"] for s in one["seconds"]])
    print(
        "| way | processor s a step | wall s | plain / this | loss, last step | off plain |\n|---|---|---|---|---|---|"
    )
    base = found["plain"][0]["losses"]
    for way in WAYS:
        mine = statistics.median([s for one in found[way] for s in one["seconds"]])
        wall = statistics.median([s for one in found[way] for s in one["wall"]])
        losses = found[way][0]["losses"]
        off = max(abs(a / b - 1) for a, b in zip(losses, base, strict=True))
        print(f"| {way} | {mine:.2f} | {wall:.2f} | {plain / mine:.2f} | {losses[-1]:.1f} | {off:.2%} |")


def pca() -> None:
    """1e5 windows of 80 features."""
    import anndata

    from napari_cellstate.core.behavior import SCALED
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.methods.embed.pca import PCA

    rng = np.random.default_rng(0)
    points = rng.normal(size=(100_000, 10)) @ rng.normal(size=(10, 80)) + rng.normal(size=(100_000, 80))
    table = anndata.AnnData(X=points)
    table.var["used"] = True
    table.layers[SCALED] = points
    times = []
    for _ in range(3):
        began, clock = time.process_time(), time.perf_counter()
        PCA().embed(table, Runtime())
        times.append((time.perf_counter() - clock, time.process_time() - began))
    wall, cpu = np.median(times, axis=0)
    print(f"PCA of 100,000 x 80: {wall:.2f} s ({cpu:.2f} processor s)")


def tracks() -> tuple[np.ndarray, object]:
    """Real tracks of 63 frames, (N, 63, 2), and what they are of."""
    import pandas as pd

    folder = Path(os.environ["CELLSTATE_DATA"]) / "tracks_heteromotility_musc_mef_myoblast"
    table = pd.read_csv(folder / "tracks.csv.gz", low_memory=False).sort_values(["track_id", "t"])
    groups = table.groupby("track_id")
    of = groups[["cell_type", "experiment", "well"]].first().astype(str)
    return np.stack([track[["y", "x"]].to_numpy()[:63] for _, track in groups]), of


def types() -> None:
    """Cell type by embedding and linear probe, wells kept together."""
    import anndata
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from napari_cellstate.core.behavior import SCALED
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.core.scaling import fit_scaling
    from napari_cellstate.methods import available
    from napari_cellstate.methods.features.motility import describe_paths

    paths, of = tracks()
    values = describe_paths(paths)
    scaled = np.clip(fit_scaling(values).apply(values), -8, 8)
    obs = of.assign(movie=of.agg("/".join, axis=1).to_numpy(), track=np.arange(len(of)) + 1, frame=31)
    behavior = anndata.AnnData(X=scaled, obs=obs.set_index(np.arange(len(of)).astype(str)))
    behavior.var["used"] = True
    behavior.layers[SCALED] = scaled
    embed = available("embed")
    spaces = {"hand-made features (motility)": scaled}
    methods = {
        "pca": embed["pca"](components=8),
        "vae": embed["vae"](steps=1000),
        "beta-vae": embed["beta-vae"](steps=1000),
        "diffusion-map": embed["diffusion-map"](components=8),
        "nmf": embed["nmf"](components=8),
    }
    for name, method in methods.items():
        spaces[f"{name} of them"] = method.embed(behavior, Runtime(threads=1)).coordinates
    spaces["path autoencoder (the motion code of convgru-vae)"] = path_codes(paths)
    print("| space | dimensions | balanced accuracy | seeds |\n|---|---|---|---|")
    wells = of.agg("/".join, axis=1)
    for name, points in spaces.items():
        found = []
        for seed in range(3):
            probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, class_weight="balanced"))
            folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
            guess = cross_val_predict(probe, points, of["cell_type"], groups=wells, cv=folds)
            found.append(float(balanced_accuracy_score(of["cell_type"], guess)))
        print(f"| {name} | {points.shape[1]} | {np.mean(found):.3f} | {', '.join(f'{one:.3f}' for one in found)} |")


def path_codes(paths: np.ndarray, count: int = 1500) -> np.ndarray:
    """Codes of whole paths by an autoencoder of turned, compressed steps; labels are not seen."""
    import torch

    from napari_cellstate.learn.crop_batches import compressed, headings, turned_path
    from napari_cellstate.learn.loop import Training, train
    from napari_cellstate.learn.objectives import Autoencoding
    from napari_cellstate.nets.elbo import Elbo
    from napari_cellstate.nets.vae import vector_vae

    lengths = np.linalg.norm(np.diff(paths, axis=1), axis=-1)
    moves = turned_path(compressed(paths, float(np.median(lengths[lengths > 0]))), headings(paths))
    x = torch.from_numpy(moves.reshape(len(paths), -1)).float()
    torch.manual_seed(0)
    net = vector_vae(x.shape[1], 8, (128, 64))
    training = Training(steps=count, learning_rate=2e-3)
    draw = lambda step, g: {"x": x[torch.randint(len(x), (64,), generator=g)]}  # noqa: E731
    train(net, Autoencoding(Elbo("vae", "gaussian", sd=0.5)), draw, training)
    with torch.no_grad():
        return net.encode(x)[0].double().numpy()


def motion(seen: int = 20, ahead: int = 10, count: int = 1500) -> None:
    """Positions ten steps ahead, by a recurrent net and by going straight on; mean squared error in px^2."""
    import torch
    from torch import nn

    from napari_cellstate.learn.crop_batches import headings

    paths, of = tracks()
    wells = np.unique(of.agg("/".join, axis=1).to_numpy(), return_inverse=True)[1]
    held = np.isin(wells, np.random.default_rng(0).permutation(wells.max() + 1)[: max(1, (wells.max() + 1) // 4)])
    starts = np.arange(0, 63 - seen - ahead + 1, ahead)
    pieces = np.stack([paths[:, s : s + seen + ahead] for s in starts], axis=1).reshape(-1, seen + ahead, 2)
    apart = np.repeat(held, len(starts))
    kind = np.repeat(of["cell_type"].to_numpy(), len(starts))
    angle = headings(pieces[:, :seen])
    relative = pieces - pieces[:, seen - 1 : seen]
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    turned = np.stack([cosine * relative[..., 1] + sine * relative[..., 0],
                       cosine * relative[..., 0] - sine * relative[..., 1]], axis=-1)  # fmt: skip
    steps, scale = np.diff(turned, axis=1), float(np.abs(np.diff(turned, axis=1)).mean())
    x = torch.from_numpy(steps[:, : seen - 1] / scale).float()
    y = torch.from_numpy(turned[:, seen:] / scale).float()
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.memory, self.head = nn.GRU(2, 48, batch_first=True), nn.Linear(48, 2 * ahead)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return self.head(self.memory(given)[1][0]).view(-1, ahead, 2)

    net, rows = Net(), torch.from_numpy(np.flatnonzero(~apart))
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(count):
        some = rows[torch.randint(len(rows), (128,))]
        loss = (net(x[some]) - y[some]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        guess = net(x).numpy() * scale
    straight = (turned[:, seen - 1] - turned[:, seen - 2])[:, None] * np.arange(1, ahead + 1)[:, None]
    print(
        f"Mean squared error, px^2, {ahead} steps\n\n| cells | pieces of tracks | recurrent net | straight on | stays |"
    )
    print("|---|---|---|---|---|")
    for name in ["all", *np.unique(kind)]:
        use = apart & ((kind == name) | (name == "all"))
        errors = [float(np.square(one[use] - turned[use, seen:]).sum(axis=-1).mean())
                  for one in (guess, straight, np.zeros_like(guess))]  # fmt: skip
        print(f"| {name} | {int(use.sum())} | {errors[0]:.1f} | {errors[1]:.1f} | {errors[2]:.1f} |")


def states(scene: str, seed: int = 11) -> None:
    """Adjusted Rand index with the true states, of default settings and of features."""
    import tempfile
    from dataclasses import replace

    import napari_cellstate as cs
    from napari_cellstate.core.families import Rows
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.methods import available
    from napari_cellstate.metrics.agreement import adjusted_rand
    from napari_cellstate.simulate.truth import read_truth

    folder, k = Path(tempfile.mkdtemp()), {"appearance": 2, "motion": 3}[scene]
    made = cs.simulate(
        folder, conditions={"a": 20.0, "b": 20.0}, replicates=2, scene=scene, frames=40, size=320, seed=seed
    )
    experiment = cs.new(folder / "e.cellstate")
    for one in made:
        cs.add(experiment, one.path, labels=one.truth / "SEG", condition=one.condition, replicate=one.replicate)
    embed, sets = available("embed"), available("features")
    path_only = replace(cs.Recipe(), features=(sets["motility"](),), embed=(embed["pca"](),))
    cs.run(experiment, path_only, until="embed")
    spaces = {"motility, pca": experiment.behavior.obsm["X_pca"]}
    cs.run(experiment, replace(cs.Recipe(), embed=(embed["convgru-vae"](), embed["pca"]())), until="embed")
    behavior = experiment.behavior
    spaces["all default features, pca"] = behavior.obsm["X_pca"]
    spaces["convgru-vae"] = behavior.obsm["X_convgru-vae"]
    spaces["convgru-vae, whole code"] = behavior.obsm["X_convgru-vae_code"]
    truth = {}
    for one in made:
        cells = read_truth(one.truth).cells
        truth |= {
            (one.name, *key): state for *key, state in zip(cells["frame"], cells["label"], cells["state"], strict=True)
        }
    keys = zip(behavior.obs["movie"].astype(str), behavior.obs["frame"], behavior.obs["label"], strict=True)
    true = np.array([truth[(movie, frame, label)] for movie, frame, label in keys])
    print("| space | dimensions | adjusted Rand index, 2 seeds | of shuffled labels |\n|---|---|---|---|")
    for name, points in spaces.items():
        found = []
        for start in range(2):
            mixture = available("states")["gaussian-mixture"](k=k, seed=start)
            found.append(mixture.fit(Rows(np.asarray(points), np.arange(len(points))), Runtime()).cluster)
        scores = ", ".join(f"{adjusted_rand(true, one):.3f}" for one in found)
        control = adjusted_rand(np.random.default_rng(0).permutation(true), found[0])
        print(f"| {name} | {points.shape[1]} | {scores} | {control:.4f} |")


if __name__ == "__main__":
    what, _, scene = sys.argv[1].partition("-")
    if what == "states":
        states(scene)
    else:
        {"steps": steps, "pca": pca, "types": types, "motion": motion}[what]()
