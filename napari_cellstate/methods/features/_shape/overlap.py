"""How much of a cell's mask another frame's mask covers; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Ints = NDArray[np.int64]
Labels = NDArray[np.uint32]


@compiled
def count_overlaps(
    first: Labels, second: Labels, label: Ints, after: Ints, down: Ints, right: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Pixels of each cell, of its later self, of both, and of both after the move, (n,) each.

    Parameters
    ----------
    first, second : (Y, X), labels of two frames.
    label : (n,), sorted, of cells in the first; after : of the same cells in the second.
    down, right : (n,), by which each mask is moved before it is laid on the later one, px.
    """
    n = len(label)
    size, later, both, moved = np.zeros((4, n), np.int64)
    order = np.argsort(after)
    sorted_after = after[order]
    for row in range(first.shape[0]):
        before, before_after = np.int64(0), np.int64(0)
        at, at_after = np.int64(-1), np.int64(-1)
        for column in range(first.shape[1]):
            own = np.int64(first[row, column])
            if own and own != before:
                before, at = own, np.int64(np.searchsorted(label, own))
                if at == n or label[at] != own:
                    at = np.int64(-1)
            if own and at >= 0:
                size[at] += 1
                both[at] += second[row, column] == after[at]
                y, x = row + down[at], column + right[at]
                if 0 <= y < second.shape[0] and 0 <= x < second.shape[1]:
                    moved[at] += second[y, x] == after[at]
            other = np.int64(second[row, column])
            if other and other != before_after:
                before_after, at_after = other, np.int64(np.searchsorted(sorted_after, other))
                if at_after == n or sorted_after[at_after] != other:
                    at_after = np.int64(-1)
            if other and at_after >= 0:
                later[order[at_after]] += 1
    return size, later, both, moved
