"""How far the cells of a movie move between frames, read from the cells themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import Linker
from napari_cellstate.core.method import setting
from napari_cellstate.core.movie import Movie

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_QUANTILE = 0.99
_MARGIN = 2.0
_LEAST = 1.0


class ReachingLinker(Linker):
    """A linker that looks no further than a search range, which is read from the cells where it is 0."""

    search_range: float = setting(
        0.0,
        "Search range",
        unit="px",
        ge=0,
        step=1.0,
        estimated=True,
        help="How far a cell may move from one frame to the next, and over a gap; more follows faster cells and makes "
        "more wrong links. 0 estimates it from the cells.",
    )

    def estimated(self, cells: pd.DataFrame, movie: Movie) -> Self:
        """The same method with a search range read from the cells, where it was 0."""
        if self.search_range > 0:
            return self
        return self.model_copy(update={"search_range": estimated_range(cells)})


def estimated_range(cells: pd.DataFrame) -> float:
    """Estimate a search range.

    Cells of successive frames that are each other's nearest are mostly the same cell. Twice the displacement that
    99 in 100 of them stay below leaves room for the fast minority, which is seldom its own nearest. It is kept
    between a quarter of the spacing of the cells, within which a cell hardly ever meets another, and the whole
    spacing, beyond which any link would do.

    Parameters
    ----------
    cells : a cell table; frames without cells are passed over.

    Returns
    -------
    px, a tenth exact, at least 1. Where nothing can be read (at most one cell in all) it is 1: there is nothing to
    link.
    """
    points = list(_by_frame(cells))
    spacing = _median([_nearest(at) for at in points])
    moved = [_mutual(before, after) for before, after in pairwise(points)]
    together = np.concatenate(moved) if moved else np.empty(0)
    reach = _MARGIN * float(np.quantile(together, _QUANTILE)) if len(together) else spacing / 2
    if np.isfinite(spacing):
        reach = float(np.clip(reach, spacing / 4, spacing))
    return max(round(reach, 1), _LEAST) if np.isfinite(reach) else _LEAST


def _by_frame(cells: pd.DataFrame) -> Iterator[Floats]:
    """Positions in each frame that has cells, (N, 2)."""
    at = cells[["y", "x"]].to_numpy(np.float64)
    starts = np.flatnonzero(np.diff(cells["frame"].to_numpy(), prepend=-1))
    yield from np.split(at, starts[1:]) if len(at) else ()


def _nearest(at: Floats) -> Floats:
    """Distance of each cell to the nearest other of its frame; empty for a single cell."""
    from scipy.spatial import KDTree

    if len(at) < 2:
        return np.empty(0)
    distance, _ = KDTree(at).query(at, 2)
    return np.asarray(distance, np.float64)[:, 1]


def _mutual(before: Floats, after: Floats) -> Floats:
    """Displacements of the pairs in which each is the other's nearest."""
    from scipy.spatial import KDTree

    distance, there = (np.asarray(part) for part in KDTree(after).query(before))
    _, back = (np.asarray(part) for part in KDTree(before).query(after))
    return np.asarray(distance[back[there] == np.arange(len(before))])


def _median(parts: list[Floats]) -> float:
    together = np.concatenate(parts) if parts else np.empty(0)
    return float(np.median(together)) if len(together) else float("nan")
