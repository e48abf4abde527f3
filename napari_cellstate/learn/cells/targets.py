"""From labels to what each head should say (compiled)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float32]


@compiled
def _sweep(labels: NDArray[np.int32], distance: Floats) -> bool:
    """Shorten distances within cells by those of neighbours, once down and once up; whether any became shorter."""
    height, width = labels.shape
    diagonal = np.float32(math.sqrt(2.0))
    changed = False
    for sweep in range(2):
        for i in range(height):
            y = i if sweep == 0 else height - 1 - i
            back = -1 if sweep == 0 else 1
            for j in range(width):
                x = j if sweep == 0 else width - 1 - j
                if labels[y, x] <= 0:
                    continue
                best = distance[y, x]
                for dy, dx in ((back, -1), (back, 0), (back, 1), (0, back)):
                    yy, xx = y + dy, x + dx
                    if 0 <= yy < height and 0 <= xx < width and labels[yy, xx] == labels[y, x]:
                        step = diagonal if dy != 0 and dx != 0 else np.float32(1)
                        best = min(best, distance[yy, xx] + step)
                if best < distance[y, x]:
                    distance[y, x] = best
                    changed = True
    return changed


@compiled
def targets(labels: NDArray[np.int32], size: Floats, half: float, edge_width: float) -> Floats:
    """Everything that a net should say about labelled pixels.

    Parameters
    ----------
    labels : (Y, X); 0 background, -1 unknown, -2 in a cell of unknown outline.
    size : (labels + 1,), log diameter of each cell, whole cells even where the image cuts them.
    half : px, unit of lengths.
    edge_width : px.

    Returns
    -------
    (8, Y, X) float32: the heads in order, and last which pixels of a cell are connected to its middle (1).

    Notes
    -----
    Distances are chamfer distances with weights 1 and sqrt(2); what lies outside of the image ends no cell.
    """
    height, width = labels.shape
    out = np.zeros((8, height, width), np.float32)
    far = np.float32(1e9)
    diagonal = np.float32(math.sqrt(2.0))
    distance = np.full((height, width), far, np.float32)
    for y in range(height):
        for x in range(width):
            own = labels[y, x]
            if own <= 0:
                distance[y, x] = 0
                continue
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    yy, xx = y + dy, x + dx
                    if 0 <= yy < height and 0 <= xx < width and labels[yy, xx] != own and labels[yy, xx] >= 0:
                        step = diagonal if dy != 0 and dx != 0 else np.float32(1)
                        distance[y, x] = min(distance[y, x], step)
    _sweep(labels, distance)
    n = size.shape[0]
    count, mean_y, mean_x = np.zeros(n), np.zeros(n), np.zeros(n)
    deepest = np.zeros(n, np.float32)
    for y in range(height):
        for x in range(width):
            own = labels[y, x]
            if own > 0:
                count[own] += 1
                mean_y[own] += y
                mean_x[own] += x
                if distance[y, x] < far / 2:
                    deepest[own] = max(deepest[own], distance[y, x])
    middle_y, middle_x = np.full(n, -1), np.full(n, -1)
    least = np.full(n, np.inf)
    for y in range(height):
        for x in range(width):
            own = labels[y, x]
            if own > 0:
                # In the middle of the cell, and where it is thick: the middle of a bent cell may lie outside of it.
                away = math.hypot(y - mean_y[own] / count[own], x - mean_x[own] / count[own])
                cost = away + max(deepest[own] - distance[y, x], 0.0)
                if cost < least[own]:
                    least[own], middle_y[own], middle_x[own] = cost, y, x
    way = np.full((height, width), far, np.float32)
    for own in range(1, n):
        if middle_y[own] >= 0:
            way[middle_y[own], middle_x[own]] = 0
    while _sweep(labels, way):
        pass
    spread = np.float32(2 * (half / 4) ** 2)
    for y in range(height):
        for x in range(width):
            own = labels[y, x]
            if own == -2:
                out[0, y, x] = 1
            if own <= 0:
                continue
            out[0, y, x] = 1
            out[1, y, x] = 1 if distance[y, x] <= edge_width else 0
            out[2, y, x] = min(distance[y, x] / np.float32(half), np.float32(3))
            out[6, y, x] = size[own]
            if way[y, x] < far / 2:
                out[7, y, x] = 1
                out[3, y, x] = math.exp(-(way[y, x] ** 2) / spread)
                down_y, down_x = np.float32(0), np.float32(0)
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        yy, xx = y + dy, x + dx
                        if 0 <= yy < height and 0 <= xx < width and labels[yy, xx] == own:
                            fall = way[y, x] - way[yy, xx]
                            down_y += dy * fall
                            down_x += dx * fall
                length = math.sqrt(down_y**2 + down_x**2)
                if length > 1e-6:
                    # Short near the middle, where the direction means nothing.
                    reach = min(way[y, x] / np.float32(2), np.float32(1)) / length
                    out[4, y, x] = down_y * reach
                    out[5, y, x] = down_x * reach
    return out
