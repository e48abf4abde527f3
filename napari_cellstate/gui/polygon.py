"""Points inside a lasso. No windows here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def inside(points: NDArray[np.float64], polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each point lies in a closed polygon, by the even-odd rule.

    Parameters
    ----------
    points : (N, 2).
    polygon : (M, 2), corners in order; the last is joined to the first. Fewer than three hold nothing.
    """
    hit = np.zeros(len(points), np.bool_)
    if len(polygon) < 3:
        return hit
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    x, y = points[near, 0], points[near, 1]
    odd = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            odd ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    hit[near] = odd
    return hit
