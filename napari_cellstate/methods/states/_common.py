"""What every state method needs around its fit: few rows, seeds, numbers without holes."""

from __future__ import annotations

import numpy as np

from napari_cellstate.core.families import Floats, Ints, StateFit


def possible_states(points: Floats, k: int) -> tuple[int, tuple[str, ...]]:
    """How many states the rows allow, at most `k`, and what to say where they are fewer.

    Parameters
    ----------
    points : (N, D), finite.

    Returns
    -------
    count : the smaller of `k` and the number of distinct rows.
    notes : one sentence, or none.
    """
    left, count = points, 0
    while len(left) and count < k:
        left = left[(left != left[0]).any(axis=1)]
        count += 1
    if count == k:
        return k, ()
    return count, (f"{count} states instead of {k}: the {len(points)} rows have only {count} different values",)


def one_state(rows: int, notes: tuple[str, ...] = (), *, probability: bool = False) -> StateFit:
    """All rows, or none, in one state."""
    state = np.zeros(rows, np.int64)
    posterior = np.ones((rows, 1 if rows else 0)) if probability else None
    return StateFit(state, state, posterior, notes)


def consecutive(cluster: Ints, posterior: Floats | None = None, notes: tuple[str, ...] = ()) -> StateFit:
    """A fit of a method without time, its states renumbered so that each has rows.

    Parameters
    ----------
    cluster : (N,), state of each row, from 0; numbers may be missing.
    posterior : (N, K), or None; columns of states without rows are left out and the rest sums to 1 again.
    """
    present, state = np.unique(cluster, return_inverse=True)
    state = state.astype(np.int64)
    if posterior is not None:
        posterior = posterior[:, present]
        posterior = posterior / posterior.sum(axis=1, keepdims=True)
    if len(present) <= cluster.max(initial=-1):
        notes = (*notes, f"{len(present)} states instead of {cluster.max() + 1}: the others had no rows")
    return StateFit(state, state, posterior, notes)


def seeds(seed: int, count: int) -> list[int]:
    """`count` independent seeds made of one."""
    return [int(number) for number in np.random.SeedSequence(seed).generate_state(count)]


def nearest_centre(points: Floats, centres: Floats) -> Ints:
    """Number of the nearest of the centres (K, D) for each of the points (N, D), by Euclidean distance."""
    distance = np.empty((len(centres), len(points)))
    for nth, centre in enumerate(centres):
        distance[nth] = np.square(points - centre).sum(axis=1)
    return np.asarray(distance.argmin(axis=0), np.int64)
