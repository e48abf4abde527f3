"""Train the weights that ship with the package, on one core, and go on where it was stopped.

python scripts/train_default.py --data ../shared/data --folder build/default --minutes 65

Writes FOLDER/checkpoint.safetensors (to go on), FOLDER/model (weights usable at any time, the moving average), and
FOLDER/history.csv. `--from MODEL` starts from weights with a fresh schedule.
"""

from __future__ import annotations

import argparse
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from training_data import training

from napari_cellstate.learn.allocator import keep_freed_memory
from napari_cellstate.learn.cells.crops import Crops, batch
from napari_cellstate.learn.cells.heads import outputs
from napari_cellstate.learn.cells.objective import Cells, losses
from napari_cellstate.learn.device import choose_device, describe, has_fast_bfloat16
from napari_cellstate.learn.loop import Training, train
from napari_cellstate.learn.objectives import Batch
from napari_cellstate.learn.weights import load_model, save_model
from napari_cellstate.nets.layouts import LAYOUTS
from napari_cellstate.nets.tiramisu import Tiramisu

log = logging.getLogger("train_default")


class Ahead:
    """Draws the next batch in a thread of its own while the net learns from this one."""

    def __init__(self, data: Path, chosen: Crops, seed: int, made: int) -> None:
        self.pictures, self.chances = training(data, made)
        self.chosen, self.seed = chosen, seed
        self.pool, self.next = ThreadPoolExecutor(1), (-1, None)
        log.info("%d pictures", len(self.pictures))

    def __call__(self, step: int, generator: torch.Generator) -> Batch:
        at, future = self.next
        found = future.result() if at == step else self.draw(step)
        self.next = (step + 1, self.pool.submit(self.draw, step + 1))
        return found

    def draw(self, step: int) -> Batch:
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.pictures), self.chosen.batch, p=self.chances)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return batch([self.pictures[n] for n in chosen], self.chosen, generator)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--minutes", type=float, default=65)
    parser.add_argument("--layout", default="wide-half")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--made", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keep_freed_memory()
    torch.manual_seed(given.seed)
    if given.device == "cpu" or not torch.cuda.is_available():
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    device = choose_device(given.device)
    settings = {"channels": 2, "classes": outputs(), "layout": asdict(LAYOUTS[given.layout]), "dropout": 0.0}
    net = load_model(given.start)[0] if given.start else Tiramisu(2, outputs(), LAYOUTS[given.layout], dropout=0.0)
    net = net.to(memory_format=torch.channels_last)
    objective = Cells(net)
    ahead = Ahead(given.data, Crops(side=given.side, batch=given.batch), given.seed, given.made)
    fixed = [ahead.draw(10**7 + n) for n in range(3)]

    def check(_: torch.nn.Module) -> float:
        average = objective.average.net.eval()
        said = [losses(average(one["image"].to(device)).float().cpu(), one["targets"], one["known"]) for one in fixed]
        parts = {name: float(np.mean([one[name] for one in said])) for name in said[0]}
        save_model(given.folder / "model", average, net="tiramisu", settings=settings, card={"state": "in training"})
        log.info("check %s", {name: round(value, 4) for name, value in parts.items()})
        return sum(parts.values())

    chosen = Training(
        steps=10**6, seconds=60 * given.minutes, learning_rate=given.rate, weight_decay=0.0, schedule="cosine",
        warmup=200, clip=1.0, bfloat16=has_fast_bfloat16(device), seed=given.seed, check_every=250,
        checkpoint_every=500, record_every=20,
    )  # fmt: skip
    log.info("%s, bfloat16 %s", describe(device), chosen.bfloat16)

    def progress(done: int, total: int, what: str) -> None:
        if done % 50 == 0:
            log.info("step %d", done)

    result = train(net, objective, ahead, chosen, check=check, folder=given.folder, device=device, progress=progress)
    check(net)
    result.table().to_csv(given.folder / "history.csv", index=False)
    log.info("%d steps, stopped by %s", result.steps, result.stopped)


if __name__ == "__main__":
    main()
