"""Embeddings: a training step of convgru-vae beside a plain loop, PCA of 1e5 windows, and what they tell.

python benchmarks/bench_embedding.py steps|curves|pca|umap|tsne|types|motion
python benchmarks/bench_embedding.py states-appearance|states-motion|turning [SEED]

steps: 64 x 64 px, 16 frames, batch 32; each way in a process of its own, the plain loop with the default allocator;
runs are interleaved, ratios are of medians of processor seconds. types: cell type of real tracks (63 frames) by
embedding and linear probe, wells kept together (one experiment a type: no claim beyond). motion: the next ten steps of
real tracks by a recurrent net against straight on (Kimmel et al., Lanternfish), by wells that it has not learnt from.
states and turning: see `bench_embedding_states`.
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
    from napari_cellstate.nets.sequence_vae import SequenceVAE, levels_of

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = SequenceVAE(channels=6, levels=4)
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
            errors = elbo.errors(made.output, x, (made.levels, levels_of(x)), (made.path, path))
            loss = elbo.loss(errors, made.mean, made.log_var, step, 8)
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


def curves(count: int = 300) -> None:
    """Whole short trainings from the same start in float32 and in bfloat16: how far their losses are apart."""
    import torch

    import napari_cellstate as cs
    from benchmarks.bench_embedding_states import experiment_of
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.experiment.crops import crops_of
    from napari_cellstate.experiment.pipeline import current_recipe
    from napari_cellstate.learn.autoencoding import SequenceAutoencoding
    from napari_cellstate.learn.crop_batches import crop_batches
    from napari_cellstate.learn.loop import Training, train
    from napari_cellstate.learn.zoo import build
    from napari_cellstate.methods import available
    from napari_cellstate.nets.elbo import Elbo
    from napari_cellstate.nets.elbo_crops import CropElbo

    experiment, _ = experiment_of("appearance", 5)
    cs.run(experiment, cs.Recipe(threads=1), until="embed")
    recipe, wish = current_recipe(experiment), available("embed")["convgru-vae"]().wanted_crops()
    found = []
    with crops_of(experiment, recipe, experiment.behavior.obs, wish, "curves", Runtime()) as crops:
        rows = np.arange(len(crops))
        batches = crop_batches(crops, "align", rows, 0)

        def draw(step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
            return batches(rows[torch.randint(len(rows), (32,), generator=generator).numpy()], generator)

        for reduced in (False, True):
            torch.manual_seed(0)
            size = crops.wish.pixels
            sizes = {"channels": batches.channels, "size": size, "steps": batches.steps, "latent": 16, "levels": 4}
            settings = Training(steps=count, learning_rate=2e-3, schedule="cosine", clip=1000.0, bfloat16=reduced)
            objective, net = SequenceAutoencoding(CropElbo(Elbo("beta", beta=5.0)), 8), build("sequence-vae", sizes)
            found.append([row["loss"] for row in train(net, objective, draw, settings).records])
    smooth = [np.convolve(one, np.full(20, 1 / 20), "valid") for one in found]
    off = np.abs(smooth[1] / smooth[0] - 1)
    print(
        "| training | loss, first step | mean of the last 20 | furthest apart (means of 20 steps) |\n|---|---|---|---|"
    )
    for name, one, apart in (("float32", found[0], ""), ("bfloat16", found[1], f"{off.max():.2%}")):
        print(f"| {name}, {count} steps | {one[0]:.0f} | {np.mean(one[-20:]):.1f} | {apart} |")


def windows(rows: int = 100_000, features: int = 80) -> object:
    """A behaviour table of windows: ten things that vary, in so many features, and noise."""
    import anndata

    from napari_cellstate.core.behavior import SCALED

    rng = np.random.default_rng(0)
    points = rng.normal(size=(rows, 10)) @ rng.normal(size=(10, features)) + rng.normal(size=(rows, features))
    table = anndata.AnnData(X=points)
    table.var["used"] = True
    table.layers[SCALED] = points
    return table


def pca(runs: int = 7) -> None:
    """1e5 windows of 80 features."""
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.methods.embed.pca import PCA

    table, times = windows(), []
    for _ in range(runs):
        began, clock = time.process_time(), time.perf_counter()
        PCA().embed(table, Runtime())
        times.append((time.perf_counter() - clock, time.process_time() - began))
    walls, cpu = np.array(times).T
    print(f"PCA of 100,000 x 80, {runs} runs: wall s median {np.median(walls):.2f}, least {walls.min():.2f}, most "
          f"{walls.max():.2f}; processor s median {np.median(cpu):.2f}")  # fmt: skip


def map_of(kind: str) -> None:
    """UMAP or t-SNE of 1e5 windows of 80 features: time, how often it says how far it is, how soon it stops."""
    from napari_cellstate.core.errors import Cancelled
    from napari_cellstate.core.progress import Runtime
    from napari_cellstate.methods import available

    table, said = windows(), []
    began, clock = time.process_time(), time.perf_counter()

    def progress(done: int, total: int, what: str) -> None:
        said.append((time.process_time(), done, total))

    found = available("embed")[kind]().embed(table, Runtime(threads=2, progress=progress)).coordinates
    cpu, wall = time.process_time() - began, time.perf_counter() - clock
    gaps = np.diff([began, *(one[0] for one in said)])
    print(f"{kind} of 100,000 x 80: {wall:.0f} s wall, {cpu:.0f} processor s; {len(said)} reports of progress, longest "
          f"without one {gaps.max():.0f} processor s (before the first rounds), median {np.median(gaps):.2f}; "
          f"{np.isfinite(found).all()}")  # fmt: skip
    small, asked = windows(5000), []

    def stop(done: int, total: int, what: str) -> None:
        if done * 2 >= total:
            asked.append(time.perf_counter())
            raise Cancelled

    try:
        available("embed")[kind]().embed(small, Runtime(threads=2, progress=stop))
    except Cancelled:
        print(f"{kind}: stopped {1000 * (time.perf_counter() - asked[0]):.0f} ms after the report that asked it to")


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


if __name__ == "__main__":
    from benchmarks import bench_embedding_states

    what, _, scene = sys.argv[1].partition("-")
    if what in ("states", "turning"):
        getattr(bench_embedding_states, what)(scene or "appearance", *map(int, sys.argv[2:]))
    else:
        ways = {"steps": steps, "curves": curves, "pca": pca, "types": types, "motion": motion}
        maps = {kind: lambda kind=kind: map_of(kind) for kind in ("umap", "tsne")}
        {**ways, **maps}[what]()
