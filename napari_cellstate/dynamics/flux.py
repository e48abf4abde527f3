"""Probability flux over a grid of an embedding: where paths go, and whether as many come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.grid import Grid
from napari_cellstate.dynamics.pair_tests import PairTests, pair_tests_of
from napari_cellstate.dynamics.pairs import row_pairs

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GridFlux:
    """Flux through the cells of a grid with bins B1, ..., BD.

    Attributes
    ----------
    grid : where.
    n : (B1, ..., BD) int64, pairs of rows that start in the cell.
    flux : (B1, ..., BD, D), net number of bins by which paths pass through the cell in each direction, per pair of
        rows of the whole table. A path that jumps over several bins at once is taken along the larger part of what is
        left of its jump (and half of it the other way round), and passes through all cells between; each step counts
        one half for the cell it leaves and one half for the one it enters.
    mean : (B1, ..., BD, D), mean displacement of the pairs that start in the cell, in data units per lag; NaN where
        there are fewer than `least`.
    error : (B1, ..., BD, D), its standard error over tracks.
    divergence : (B1, ..., BD), of `mean`, per lag: below 0 where paths come together. NaN at cells without neighbours.
    pairs : number of pairs of rows.
    lag : frames.

    Notes
    -----
    A mean displacement towards the middle is there in any cloud of points that does not grow, without any driving
    (regression to the mean); its divergence shows where the cloud is held together. Flux that runs in circles is what
    shows driving, and `balance` of the grid's cells tests it. Rows of overlapping windows are not independent.
    """

    grid: Grid
    n: Ints
    flux: Floats
    mean: Floats
    error: Floats
    divergence: Floats
    pairs: int
    lag: int

    def table(self) -> pd.DataFrame:
        """One row a cell: bin_1.., centre_1.., n, flux_1.., mean_1.., error_1.., divergence."""
        import pandas as pd

        axes = range(len(self.grid.shape))
        place = self.grid.place(np.arange(self.grid.size))
        columns: dict[str, NDArray[np.float64] | Ints] = {}
        for name, values in (
            ("bin", place),
            ("centre", np.stack([self.grid.centres[axis][place[:, axis]] for axis in axes], axis=1)),
        ):
            columns |= {f"{name}_{axis + 1}": values[:, axis] for axis in axes}
        columns["n"] = self.n.ravel()
        for name, values in (("flux", self.flux), ("mean", self.mean), ("error", self.error)):
            flat = values.reshape(-1, len(axes))
            columns |= {f"{name}_{axis + 1}": flat[:, axis] for axis in axes}
        columns["divergence"] = self.divergence.ravel()
        return pd.DataFrame(columns)


def grid_flux(points: Floats, run: Ints, frame: Ints, lag: int, grid: Grid, *, track: Ints, least: int = 3) -> GridFlux:
    """Flux of paths through a grid.

    Parameters
    ----------
    points : (N, D), finite.
    run, frame : (N,), as for `count_transitions`.
    lag : frames.
    track : (N,), unique over movies; what errors are over.
    least : pairs below which a cell has no mean.
    """
    pairs = row_pairs(run, frame, lag)
    start, end = points[pairs[:, 0]], points[pairs[:, 1]]
    cell = grid.cells(points)[pairs[:, 0]]
    n = np.bincount(cell, minlength=grid.size)
    mean, error = _means(cell, end - start, track[pairs[:, 0]], grid.size, least)
    shape = (*grid.shape, points.shape[1])
    mean = mean.reshape(shape)
    return GridFlux(
        grid=grid,
        n=n.reshape(grid.shape),
        flux=_passing(grid, grid.bins(start), grid.bins(end)) / max(len(pairs), 1),
        mean=mean,
        error=error.reshape(shape),
        divergence=divergence(mean, grid.centres),
        pairs=len(pairs),
        lag=lag,
    )


def flux_on(
    axes: tuple[int, int], points: Floats, run: Ints, frame: Ints, lag: int, grid: Grid, *, track: Ints
) -> GridFlux:
    """Flux through a grid as two of its axes show it, the others summed.

    Parameters
    ----------
    axes : two of the grid's, from 1. The others are those of `grid_flux`.

    Raises
    ------
    InputError
        The same axis twice, or one that the grid has not.

    Notes
    -----
    It is the flux on a grid of these two axes: a path that jumps over several bins takes the larger part of what is
    left first, with or without the others. Mean displacements and divergence are of all pairs that start in the flat
    cell.
    """
    if len(set(axes)) != 2 or not 1 <= min(axes) <= max(axes) <= len(grid.edges):
        raise InputError(
            f"flux: axes {axes[0]} and {axes[1]} shown; expected two different ones from 1 to {len(grid.edges)}"
        )
    at = [one - 1 for one in axes]
    return grid_flux(points[:, at], run, frame, lag, Grid(tuple(grid.edges[one] for one in at)), track=track)


def divergence(field: Floats, axes: tuple[Floats, ...]) -> Floats:
    """Divergence of a field on a grid, by differences between neighbours in the units of the axes.

    Parameters
    ----------
    field : (B1, ..., BD, D), NaN where it is not known.
    axes : for each axis the places of its nodes.

    Returns
    -------
    (B1, ..., BD); a node with only one neighbour on an axis takes the one-sided difference, one without any has NaN.
    """
    return np.asarray(sum(derivative(field[..., axis], axes[axis], axis) for axis in range(len(axes))))


def derivative(values: Floats, places: Floats, axis: int) -> Floats:
    """Derivative along one axis, NaN where a node or both of its neighbours are not known; any spacing."""
    values = np.moveaxis(values, axis, -1)
    result = np.full(values.shape, np.nan)
    if values.shape[-1] > 1:
        slope = np.diff(values, axis=-1) / np.diff(places)
        blank = np.full((*values.shape[:-1], 1), np.nan)
        left, right = np.concatenate([blank, slope], axis=-1), np.concatenate([slope, blank], axis=-1)
        step = np.diff(places, prepend=np.nan), np.diff(places, append=np.nan)
        with np.errstate(invalid="ignore"):
            both = (left * step[1] + right * step[0]) / (step[0] + step[1])  # exact for parabolas at any spacing
        result = np.where(np.isfinite(both), both, np.where(np.isfinite(left), left, right))
    return np.moveaxis(result, -1, axis)


def grid_pairs(cells: Ints, run: Ints, frame: Ints, lag: int, *, more_than: int = 3) -> PairTests:
    """Each pair of neighbouring or other cells of a grid by itself, as published; see `pair_tests`.

    Parameters
    ----------
    cells : (N,), from `Grid.cells`.
    more_than : pairs with no more transitions in either direction are not tested.
    """
    pairs = row_pairs(run, frame, lag)
    return pair_tests_of(cells[pairs[:, 0]], cells[pairs[:, 1]], more_than=more_than, as_published=True)


def _means(cell: Ints, step: Floats, track: Ints, cells: int, least: int) -> tuple[Floats, Floats]:
    """Mean step from each cell, and its standard error over tracks, (cells, D)."""
    n = np.bincount(cell, minlength=cells).astype(np.float64)
    axes = step.shape[1]
    mean, error = np.full((2, cells, axes), np.nan)
    known = n >= least
    keys, of = np.unique(np.stack([cell, track]), axis=1, return_inverse=True)
    of = of.ravel()
    units = np.bincount(keys[0], minlength=cells).astype(np.float64)
    for axis in range(axes):
        total = np.bincount(cell, step[:, axis], cells)
        mean[known, axis] = total[known] / n[known]
        away = np.bincount(of, step[:, axis] - np.nan_to_num(mean[cell, axis]), keys.shape[1])
        square = np.bincount(keys[0], np.square(away), cells)
        some = known & (units > 1)
        error[some, axis] = np.sqrt(square[some] * units[some] / (units[some] - 1)) / n[some]
    return mean, error


def _passing(grid: Grid, start: Ints, end: Ints) -> Floats:
    """Net steps through each cell; the way back is taken too, so that paths run backwards give the flux backwards."""
    return (_ways(grid, start, end) - _ways(grid, end, start)) / 2


def _ways(grid: Grid, start: Ints, end: Ints) -> Floats:
    """Steps through each cell in each direction, half a step for the cell left and half for the one entered."""
    axes = start.shape[1]
    total = np.zeros((*grid.shape, axes))
    here, moved = start.copy(), (start != end).any(axis=1)
    here, end = here[moved], end[moved]
    while len(here):
        away = end - here
        axis = np.abs(away).argmax(axis=1)
        sign = np.sign(np.take_along_axis(away, axis[:, None], axis=1))[:, 0]
        after = here.copy()
        after[np.arange(len(here)), axis] += sign
        for place in (here, after):
            np.add.at(total, (*place.T, axis), 0.5 * sign)
        left = (after != end).any(axis=1)
        here, end = after[left], end[left]
    return total
