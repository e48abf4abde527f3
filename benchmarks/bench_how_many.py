"""How many states does the evidence suggest where the number is known? Simulated movies, from pixels to the suggestion.

python benchmarks/bench_how_many.py [K SEED ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import napari_cellstate as cs
from napari_cellstate.core.progress import silent
from napari_cellstate.experiment.state_evidence import state_evidence
from napari_cellstate.simulate.sample import simulate
from napari_cellstate.simulate.scene import Behaviour, Body, Scene

SIZE, CELLS, FRAMES, REPLICATES = 256, 18, 48, 3
RUNS = (*((k, seed) for seed in (301, 302) for k in (1, 2, 3, 4)), (3, 303), (4, 303))


def anywhere(k: int) -> tuple[tuple[float, ...], ...]:
    """Jumps to every other state alike."""
    return tuple(tuple(0.0 if i == j else 1 / (k - 1) for j in range(k)) for i in range(k))


def scene(k: int) -> Scene:
    """Cells with k ways of behaving; one way is two that are alike."""
    moves = {
        1: ((1.5, 1.5), (1.0, 1.0)),
        2: ((0.45, 3.0), (0.0, 4.0)),
        4: ((0.4, 1.5, 1.8, 4.2), (0.0, 0.0, 8.0, 8.0)),
    }
    looks = {
        1: ((1.2, 1.2), (0.04, 0.04)),
        2: ((1.1, 1.3), (0.03, 0.05)),
        4: ((1.1, 1.15, 1.8, 1.4), (0.03, 0.06, 0.03, 0.045)),
    }
    if k not in moves:
        return Scene()
    (speeds, turning), (elongation, irregularity) = moves[k], looks[k]
    behaviour = Behaviour(speeds=speeds, turning=turning, jumps=anywhere(len(speeds)))
    return Scene(behaviour=behaviour, body=Body(elongation=elongation, irregularity=irregularity))


def suggested(k: int, seed: int, folder: Path) -> None:
    made = simulate(
        folder / "movies", scene=scene(k), replicates=REPLICATES, frames=FRAMES, size=SIZE, cells=CELLS, seed=seed
    )
    experiment = cs.new(folder / "made.cellstate")
    for one in made:
        cs.add(experiment, one.path, name=one.name, condition=one.condition, replicate=one.replicate)
    cs.run(experiment, until="embed")
    found = state_evidence(experiment, progress=silent)
    table = found.states
    best = int(table["k"].iloc[int(np.argmax(table["log_likelihood"]))])
    cells = " ".join(f"{row.stability:.2f}/{row.slow}" for row in table.itertuples())
    print(f"| {k} | {seed} | {found.suggested} | {best} | {cells} |", flush=True)


def main() -> None:
    given = [int(one) for one in sys.argv[1:]]
    runs = tuple(zip(given[::2], given[1::2], strict=True)) or RUNS
    print("| true | seed | suggested | most likely (kept apart) | stability/slow processes at k = 1 to 6 |")
    print("|---|---|---|---|---|")
    for k, seed in runs:
        with tempfile.TemporaryDirectory() as folder:
            suggested(k, seed, Path(folder))


if __name__ == "__main__":
    main()
