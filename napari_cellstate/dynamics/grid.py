"""A grid over an embedding: which cell of it each point is in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 10_000_000
"""Cells a grid may have: its numbers must stay whole numbers, and somebody has to fill them."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Bins along each axis.

    Attributes
    ----------
    edges : for each axis (B + 1,), ascending; what lies outside counts to the first or last bin.
    """

    edges: tuple[Floats, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Bins along each axis."""
        return tuple(len(one) - 1 for one in self.edges)

    @property
    def size(self) -> int:
        """All cells."""
        return int(np.prod(self.shape))

    @property
    def centres(self) -> tuple[Floats, ...]:
        """Middle of each bin, for each axis."""
        return tuple((one[1:] + one[:-1]) / 2 for one in self.edges)

    def bins(self, points: Floats) -> Ints:
        """Bin of each point on each axis, (N, D), from 0.

        A point on an edge between two bins is in the upper one.
        """
        found = [
            np.clip(np.searchsorted(edges, points[:, axis], side="right") - 1, 0, len(edges) - 2)
            for axis, edges in enumerate(self.edges)
        ]
        return np.stack(found, axis=1).astype(np.int64)

    def cells(self, points: Floats) -> Ints:
        """Number of the cell of each point, (N,), from 0, last axis fastest; `place` turns it back."""
        return np.asarray(np.ravel_multi_index(tuple(self.bins(points).T), self.shape), np.int64)

    def place(self, cell: Ints) -> Ints:
        """Bin on each axis of each cell, (..., D)."""
        return np.stack(np.unravel_index(cell, self.shape), axis=-1).astype(np.int64)


def make_grid(points: Floats, bins: int, *, quantiles: bool = False) -> Grid:
    """A grid that holds all points.

    Parameters
    ----------
    points : (N, D), finite.
    bins : along each axis.
    quantiles : bins with about as many points each, else all equally wide from the least to the largest.

    Raises
    ------
    InputError
        No points, an axis on which they do not differ, or too many cells.

    Notes
    -----
    Equally wide bins are hostage to outliers: one far point empties most of the grid. Quantiles are not, but their
    bins are wide where points are few. Where values repeat, quantiles can leave fewer bins than asked for.
    """
    rows, axes = points.shape
    if not rows:
        raise InputError("grid: no points; expected at least one")
    if bins < 1 or float(bins) ** axes > MOST:
        raise InputError(f"grid: {bins} bins on {axes} axes; expected at least 1, and at most {MOST:,} cells")
    edges = []
    for axis, values in enumerate(points.T):
        low, high = float(values.min()), float(values.max())
        if not low < high:
            raise InputError(f"grid: axis {axis + 1} is {low:g} in every row; leave it out")
        if quantiles:
            edges.append(np.unique(np.quantile(values, np.linspace(0, 1, bins + 1))))
        else:
            edges.append(np.linspace(low, high, bins + 1))
    return Grid(tuple(edges))
