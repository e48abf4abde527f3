"""Directions of a code along which cells change, and stay changed for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.families import Floats, Ints

if TYPE_CHECKING:
    from anndata import AnnData

_LEAST_PAIRS = 50


def slow_directions(points: Floats, track: Ints, frame: Ints, lag: int) -> tuple[Floats, Floats]:
    """Directions by how much of their variance is change within a track that lasts for a lag.

    Parameters
    ----------
    points : (N, D).
    track, frame : (N,), whole numbers; a track's number is its own over all movies.
    lag : frames between two rows that share none.

    Returns
    -------
    values : (D,), covariance at the lag, of what differs from the track's own mean, as a share of the variance of all
        rows; largest first. What a cell is all along (its size, its brightness) has none, and neither has noise.
    directions : (D, D), one a column, in which all rows have variance 1; empty where fewer than 50 pairs of rows are so
        far apart.

    Notes
    -----
    Time-lagged independent components (Molgedey and Schuster 1994; Perez-Hernandez et al. 2013) of deviations from the
    means of tracks, against the total variance. The largest entry of each direction is positive.
    """
    from scipy.linalg import eigh
    from threadpoolctl import threadpool_limits

    first, second = _pairs(track, frame, lag)
    if len(first) < _LEAST_PAIRS:
        return np.empty(0), np.empty((points.shape[1], 0))
    centred = points - points.mean(axis=0)
    number, count = np.unique(track, return_inverse=True, return_counts=True)[1:]
    means = np.stack([np.bincount(number, column) / count for column in centred.T], axis=1)
    moved = centred - means[number]
    with threadpool_limits(1):
        lagged = moved[first].T @ moved[second] / len(first)
        total = centred.T @ centred / len(centred)
        total += 1e-9 * np.trace(total) / len(total) * np.eye(len(total))
        values, vectors = eigh((lagged + lagged.T) / 2, total)
    values, vectors = values[::-1], vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])


def track_and_lag(behavior: AnnData, frames: int) -> tuple[Ints, Ints, int]:
    """Track of each row with a number of its own over all movies, its frame, and the lag at which windows share none.

    Parameters
    ----------
    frames : of a window, where the table does not say when it begins and ends.
    """
    obs = behavior.obs
    movie = np.unique(obs["movie"].to_numpy(str), return_inverse=True)[1]
    names = np.stack([movie, obs["track"].to_numpy(np.int64)], axis=1)
    track = np.unique(names, axis=0, return_inverse=True)[1].ravel()
    frame = obs["frame"].to_numpy(np.int64)
    span = int((obs["t1"] - obs["t0"]).max()) + 1 if {"t0", "t1"} <= set(obs.columns) and len(obs) else frames
    order = np.lexsort((frame, track))
    steps = np.diff(frame[order])[np.diff(track[order]) == 0]
    spacing = int(steps[steps > 0].min()) if (steps > 0).any() else 1
    return track, frame, -(-span // spacing) * spacing


def _pairs(track: Ints, frame: Ints, lag: int) -> tuple[Ints, Ints]:
    """Rows of one track that are a lag apart."""
    if not len(track):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = track * (int(frame.max()) + lag + 1) + frame
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys, keys + lag, sorter=order), len(keys) - 1)
    later = order[at]
    first = np.flatnonzero(keys[later] == keys + lag)
    return first, later[first]
