"""Lay the cells of a stain image over those of the last frame: shift and rotation, then one to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_POINTS = 400
"""Stained cells that vote for a shift; more add nothing but time."""
_REFINEMENTS = 20


@dataclass(frozen=True, eq=False)
class Registration:
    """A rigid motion from the stain image into the movie.

    Attributes
    ----------
    angle : radians, counter-clockwise in (y, x).
    shift : (2,) px, y and x, after the rotation about the origin.
    support : share of the stained cells that then have a cell of the movie within the cap.
    chance : the share expected if cells were scattered at random.

    Notes
    -----
    Look at `support` beside `chance` before using it: with few cells, or where most have left, a wrong motion finds
    some neighbours too. Stretch, shear and mirror images are not corrected.
    """

    angle: float
    shift: Floats
    support: float
    chance: float

    def apply(self, points: NDArray[Any]) -> Floats:
        """Stain coordinates to movie coordinates, (N, 2)."""
        return _rotate(np.asarray(points, np.float64), self.angle) + self.shift


def register_points(
    stain: NDArray[Any],
    movie: NDArray[Any],
    *,
    cap: float,
    max_angle: float = np.deg2rad(10),
    max_shift: float = np.inf,
) -> Registration:
    """Find the motion that brings most stained cells to a cell of the last frame.

    Parameters
    ----------
    stain, movie : (N, 2) and (M, 2) centroids, y and x, px (of one pixel size).
    cap : px, how far matched cells may lie apart; about a cell radius.
    max_angle : radians; `max_shift` : px. Larger ones are not looked for.

    Raises
    ------
    InputError
        Fewer than three cells in either.

    Notes
    -----
    For each angle (in steps that move the rim of the image by one cap) all differences of positions vote for a shift;
    the best is refined by turns of matching neighbours and least squares (Kabsch 1976, Acta Cryst A 32:922).
    """
    stain, movie = np.asarray(stain, np.float64), np.asarray(movie, np.float64)
    for name, points in (("stain", stain), ("movie", movie)):
        if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 3 or not np.isfinite(points).all():
            raise InputError(f"compare: {name} points {points.shape}; expected at least three finite (y, x)")
    chosen = stain[np.linspace(0, len(stain) - 1, min(len(stain), _MOST_POINTS)).astype(int)]
    centre = stain.mean(axis=0)
    radius = float(np.linalg.norm(stain - centre, axis=1).max())
    step = cap / max(radius, cap)
    turns = int(np.ceil(max_angle / step))
    best = (-1, 0.0, np.zeros(2))
    for angle in sorted(np.linspace(-turns, turns, 2 * turns + 1) * (max_angle / max(turns, 1)), key=abs):
        votes, shift = _vote(_rotate(chosen - centre, angle) + centre, movie, cap, max_shift)
        if votes > best[0]:
            best = (votes, float(angle), shift + centre - _rotate(centre[None], angle)[0])
    angle, shift = _refine(stain, movie, best[1], best[2], cap)
    near = _neighbours(_rotate(stain, angle) + shift, movie, cap)[0]
    return Registration(angle, shift, float(near.mean()), _chance(movie, cap))


def _vote(stain: Floats, movie: Floats, cap: float, max_shift: float) -> tuple[int, Floats]:
    """Shift that most pairs agree on within a cap, and how many."""
    differences = (movie[None] - stain[:, None]).reshape(-1, 2)
    differences = differences[np.linalg.norm(differences, axis=1) <= max_shift]
    if not len(differences):
        return 0, np.zeros(2)
    low = differences.min(axis=0)
    bins = np.floor((differences - low) / cap).astype(np.int64)
    shape = bins.max(axis=0) + 1
    counts = np.bincount(bins[:, 0] * shape[1] + bins[:, 1], minlength=int(shape.prod())).reshape(shape)
    wide = np.pad(counts, ((0, 1), (0, 1)))
    blocks = wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]  # a peak may lie across a border
    top = np.array(np.unravel_index(np.argmax(blocks), blocks.shape))
    inside = ((bins >= top) & (bins <= top + 1)).all(axis=1)
    return int(blocks[tuple(top)]), np.median(differences[inside], axis=0)


def _refine(stain: Floats, movie: Floats, angle: float, shift: Floats, cap: float) -> tuple[float, Floats]:
    """Rigid motion of the pairs that are each other's nearest, repeated."""
    reach = 2 * cap
    for _ in range(_REFINEMENTS):
        near, partner = _neighbours(_rotate(stain, angle) + shift, movie, reach)
        if near.sum() < 3:
            break
        a, b = stain[near], movie[partner[near]]
        covariance = (a - a.mean(axis=0)).T @ (b - b.mean(axis=0))
        turned = float(np.arctan2(covariance[0, 1] - covariance[1, 0], covariance[0, 0] + covariance[1, 1]))
        moved = b.mean(axis=0) - _rotate(a.mean(axis=0)[None], turned)[0]
        settled = abs(turned - angle) < 1e-9 and np.abs(moved - shift).max() < 1e-6
        angle, shift, reach = turned, moved, cap
        if settled:
            break
    return angle, shift


def _neighbours(stain: Floats, movie: Floats, reach: float) -> tuple[NDArray[np.bool_], Ints]:
    """Which stained cells have a mutual nearest cell within reach, and which it is."""
    from scipy.spatial import cKDTree

    distance, partner = cKDTree(movie).query(stain)
    _, back = cKDTree(stain).query(movie)
    mutual = back[partner] == np.arange(len(stain))
    return mutual & (distance <= reach), np.asarray(partner, np.int64)


def _chance(movie: Floats, cap: float) -> float:
    """Share of random places that have a cell within the cap, at this density."""
    area = float(np.prod(np.maximum(np.ptp(movie, axis=0), cap)))
    return float(-np.expm1(-len(movie) * np.pi * cap**2 / area))


def _rotate(points: Floats, angle: float) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


@dataclass(frozen=True, eq=False)
class Matches:
    """Stained cells and cells of the last frame, one to one.

    Attributes
    ----------
    pairs : (P, 2) row in the stain, row in the movie; sorted by the first.
    distance : (P,) px.
    unmatched_stain, unmatched_movie : rows without a partner.

    Notes
    -----
    Unmatched cells are not missing at random: cells that moved between the last frame and fixation, divided or were
    washed off are lost, and these may be of one state. Report how many of each state stay unmatched.
    """

    pairs: Ints
    distance: Floats
    unmatched_stain: Ints
    unmatched_movie: Ints

    def unmatched_by_state(self, state: NDArray[Any]) -> dict[str, tuple[int, int]]:
        """Unmatched and all cells of each state of the movie's cells; `state` is (M,)."""
        state = np.asarray(state)
        lost = state[self.unmatched_movie]
        return {str(one): (int((lost == one).sum()), int((state == one).sum())) for one in np.unique(state)}


def match_points(stain: NDArray[Any], movie: NDArray[Any], *, cap: float) -> Matches:
    """Match cells one to one so that the distances are least, none above the cap.

    Parameters
    ----------
    stain : (N, 2) in the coordinates of the movie (`Registration.apply`).
    movie : (M, 2).
    cap : px.

    Notes
    -----
    Least sum of squared distances, where leaving a cell unmatched costs as much as a match at the cap.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    stain, movie = np.asarray(stain, np.float64).reshape(-1, 2), np.asarray(movie, np.float64).reshape(-1, 2)
    if not cap > 0:
        raise InputError(f"compare: cap = {cap:g} px; expected a distance above 0")
    distance = cdist(stain, movie)
    first, second = linear_sum_assignment(np.minimum(distance, cap) ** 2)
    kept = distance[first, second] <= cap
    pairs = np.stack([first[kept], second[kept]], axis=1).astype(np.int64)
    return Matches(
        pairs,
        distance[first[kept], second[kept]],
        np.setdiff1d(np.arange(len(stain)), pairs[:, 0]),
        np.setdiff1d(np.arange(len(movie)), pairs[:, 1]),
    )
