"""Simulated tables of cells with known links, for the benchmarks of linking: one function, several ways to move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Walks:
    """How cells move, divide and are missed; px and frames.

    The number of cells stays the same: for each division another cell leaves.
    """

    cells: int = 1000
    frames: int = 200
    size: float = 2048.0
    step: float = 3.0  # standard deviation along each axis
    drift: float = 3.0  # speed
    common: bool = False  # one direction for all cells, else each cell has its own from birth
    tail: float = 0.0  # degrees of freedom of Student's t for the step length; 0 is Gaussian
    persistence: float = 0.0  # correlation of a step with the one before
    jump: float = 0.0  # sd of a stage jump, in one frame of twenty
    noise: float = 0.7
    missed: float = 0.01
    division_rate: float = 0.02
    apart: float = 16.0


def simulate(walks: Walks, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cell table, and the table of true links (over missed frames too), (source, target) row numbers."""
    rng = np.random.default_rng(seed)
    n = walks.cells
    at, heading, track = rng.uniform(0, walks.size, (n, 2)), _headings(rng, n, walks), np.arange(n)
    velocity, parent = np.zeros((n, 2)), {}
    stage, rows, known = np.zeros(2), [], n
    for t in range(walks.frames):
        if t:
            mothers = np.flatnonzero(rng.random(n) < walks.division_rate)
            others = np.setdiff1d(np.arange(n), mothers)
            gone = rng.choice(others, min(len(mothers), len(others)), replace=False)
            mothers = mothers[: len(gone)]
            velocity = walks.persistence * velocity + np.sqrt(1 - walks.persistence**2) * _steps(rng, n, walks)
            at = at + velocity + heading
            angle, before = rng.uniform(0, 2 * np.pi, len(mothers)), track.copy()
            half = walks.apart / 2 * np.stack([np.sin(angle), np.cos(angle)], 1)
            at[gone], velocity[gone] = at[mothers] - half, velocity[mothers]
            heading[gone], heading[mothers] = (_headings(rng, len(mothers), walks) for _ in range(2))
            at[mothers] += half
            for sister in (gone, mothers):  # the one takes the place of a cell that left, the other her mother's
                new = known + np.arange(len(mothers))
                known += len(mothers)
                parent |= dict(zip(new.tolist(), before[mothers].tolist(), strict=True))
                track[sister] = new
            out = ((at < 0) | (at > walks.size)).any(1)
            at[out], heading[out] = _entering(rng, at[out], walks.size), _headings(rng, int(out.sum()), walks)
            track[out] = known + np.arange(out.sum())
            known += int(out.sum())
            if walks.jump and rng.random() < 0.05:
                stage = stage + rng.normal(0, walks.jump, 2)
        seen = rng.random(n) >= walks.missed
        here = (at + stage + rng.normal(0, walks.noise, (n, 2)))[seen]
        order = rng.permutation(len(here))
        rows.append(
            np.column_stack([np.full(len(here), t), np.arange(1, len(here) + 1), here[order], track[seen][order]])
        )
    cells = pd.DataFrame(np.concatenate(rows), columns=["frame", "label", "y", "x", "track"])
    cells = cells.astype({"frame": np.int64, "label": np.int64, "track": np.int64})
    return cells[["frame", "label", "y", "x"]], _true_links(cells, parent)


def _headings(rng: np.random.Generator, n: int, walks: Walks) -> Floats:
    angle = np.full(n, 0.7) if walks.common else rng.uniform(0, 2 * np.pi, n)
    return walks.drift * np.stack([np.sin(angle), np.cos(angle)], 1)


def _steps(rng: np.random.Generator, n: int, walks: Walks) -> Floats:
    steps = rng.normal(0, walks.step, (n, 2))
    if walks.tail:
        scale = np.sqrt(walks.tail / rng.chisquare(walks.tail, (n, 1)))
        return steps * scale / np.sqrt(walks.tail / (walks.tail - 2) if walks.tail > 2 else 2.0)
    return steps


def _entering(rng: np.random.Generator, at: Floats, size: float) -> Floats:
    """For each cell that left, one that enters through the opposite side, elsewhere along it."""
    new = np.mod(at, size)
    crossed = (at < 0) | (at > size)
    along = rng.uniform(0, size, at.shape)
    return np.where(crossed, new, along)


def _true_links(cells: pd.DataFrame, parent: dict[int, int]) -> pd.DataFrame:
    from napari_cellstate.metrics.linking import edges_from_tracks

    mother = cells["track"].map(parent).fillna(-1).astype(np.int64).to_numpy() + 1
    source, target = edges_from_tracks(cells["frame"], cells["track"] + 1, mother)
    return pd.DataFrame({"source": source, "target": target})
