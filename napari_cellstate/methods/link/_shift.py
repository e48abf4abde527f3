"""What all cells of a frame do together: jitter and jumps of the stage."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ENOUGH = 8
_VOTERS = 150
_AROUND = 12
_WITHIN = 2.0


def common_shift(there: Floats, after: Floats, tree: Any, distance: Floats, index: Ints, usual: Floats) -> Floats:
    """Shift of all cells from where they are expected, 0 where there is none to be seen.

    A small one is the median of what the nearest cells say. Where few cells find another nearby, pairs of cells
    within many spacings vote for a displacement, and it is taken if it brings clearly more cells near another.

    Parameters
    ----------
    there, after : (N, D), (M, D) expected positions, and cells of the next frame with their KD-tree `tree`.
    distance, index : (N,) nearest cell of each expected position, infinite where there is none.
    usual : (N,) usual distance of a cell from where it is expected.
    """
    none = np.zeros(there.shape[1])
    near = np.flatnonzero(distance < _WITHIN * usual)
    n = min(len(there), len(after))
    if n < _ENOUGH:
        return none
    if len(near) < 0.6 * n:
        voted = _vote(there, after, tree, usual)
        if voted is not None and _count(tree, there + voted, usual) > len(near) + 3 * np.sqrt(len(near) + 1):
            return voted
    if len(near) < _ENOUGH:
        return none
    middle = _median(there, after, distance, index, usual)
    error = 1.25 * usual[near].mean() / np.sqrt(len(near) * there.shape[1])
    if np.linalg.norm(middle) <= 3 * error:
        return none
    # the nearest cells favour a small shift; from where it leads they say the rest
    distance, index = tree.query(there + middle)
    return middle + _median(there + middle, after, distance, index, usual)


def _median(there: Floats, after: Floats, distance: Floats, index: Ints, usual: Floats) -> Floats:
    near = np.flatnonzero(distance < _WITHIN * usual)
    if not len(near):
        return np.zeros(there.shape[1])
    return np.asarray(np.median(after[index[near]] - there[near], axis=0))


def _count(tree: Any, at: Floats, usual: Floats) -> int:
    distance, _ = tree.query(at)
    return int(np.count_nonzero(distance < _WITHIN * usual))


def _vote(there: Floats, after: Floats, tree: Any, usual: Floats) -> Floats | None:
    """The displacement for which most pairs of some cells and their neighbours speak."""
    from scipy.spatial import cKDTree

    some = np.unique(np.linspace(0, len(there) - 1, _VOTERS).astype(np.int64))
    k = min(len(after), _AROUND**2)
    _, index = tree.query(there[some], k=np.arange(1, k + 1))
    votes = (after[index] - there[some][:, None]).reshape(-1, there.shape[1])
    width = float(np.median(usual))
    polls = cKDTree(votes)
    counts = polls.query_ball_point(votes, width, return_length=True)
    # far displacements have as many chance votes per area as near ones, so the highest count stands out by itself
    best = votes[int(np.argmax(counts))]
    for _ in range(3):
        around = polls.query_ball_point(best, _WITHIN * width)
        if not len(around):
            return None
        best = votes[np.sort(around)].mean(axis=0)
    return np.asarray(best)
