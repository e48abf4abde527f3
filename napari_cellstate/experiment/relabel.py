"""New numbers for the cells of a label image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def relabel(frame: NDArray[Any], old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.uint32]:
    """Give the cells of a label image new numbers; (Y, X), whatever is not in `old` becomes 0."""
    order = np.argsort(old)
    known, number = np.append(old[order], -1), np.append(new[order], 0)
    at = np.searchsorted(known[:-1], frame)
    return np.where(known[at] == frame, number[at], 0).astype(np.uint32)
