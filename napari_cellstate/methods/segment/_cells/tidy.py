"""Labels made presentable: crumbs go, holes are filled, the frame's own size comes back (compiled)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]


@compiled
def tidied(labels: Labels, height: Floats, least_area: int, least_alone: int, least_height: float) -> Labels:
    """Keep the largest part (connected by edges) of every label that is large and sure enough; number from 1.

    Parameters
    ----------
    labels : (Y, X), 0 background.
    height : (Y, X), how sure the net is of each pixel; a label whose mean is below `least_height` goes.
    least_area : px, of a part that touches another label: what is smaller is a crumb of its neighbour.
    least_alone : px, of a part that touches none.
    """
    rows, columns = labels.shape
    n = rows * columns
    part = np.zeros(n, np.int32)
    stack = np.empty(n, np.int64)
    most = 0
    for y in range(rows):
        for x in range(columns):
            most = max(most, labels[y, x])
    best = np.zeros(most + 1, np.int32)
    best_area = np.zeros(most + 1, np.int64)
    parts = 0
    for start in range(n):
        own = labels[start // columns, start % columns]
        if own == 0 or part[start]:
            continue
        parts += 1
        part[start] = parts
        stack[0], left, area, total, alone = start, 1, 0, 0.0, True
        while left:
            left -= 1
            at = stack[left]
            y, x = at // columns, at % columns
            area += 1
            total += height[y, x]
            for k in range(4):
                yy = y + (k == 0) - (k == 1)
                xx = x + (k == 2) - (k == 3)
                if not (0 <= yy < rows and 0 <= xx < columns) or labels[yy, xx] == 0:
                    continue
                if labels[yy, xx] != own:
                    alone = False
                    continue
                near = yy * columns + xx
                if part[near] == 0:
                    part[near] = parts
                    stack[left] = near
                    left += 1
        if area >= (least_alone if alone else least_area) and total >= least_height * area and area > best_area[own]:
            best[own], best_area[own] = parts, area
    out = np.zeros((rows, columns), np.int32)
    number = np.zeros(most + 1, np.int32)
    found = 0
    for y in range(rows):
        for x in range(columns):
            own = labels[y, x]
            if own and part[y * columns + x] == best[own]:
                if number[own] == 0:
                    found += 1
                    number[own] = found
                out[y, x] = number[own]
    return out


@compiled
def filled(labels: Labels, largest: int) -> Labels:
    """Fill holes of at most `largest` px that only one cell surrounds and that touch no border of the image."""
    rows, columns = labels.shape
    out = labels.copy()
    seen = np.zeros(rows * columns, np.bool_)
    stack = np.empty(rows * columns, np.int64)
    for start in range(rows * columns):
        if labels[start // columns, start % columns] or seen[start]:
            continue
        seen[start] = True
        stack[0], read, wrote = start, 0, 1
        owner, single = 0, True
        while read < wrote:
            at = stack[read]
            read += 1
            y, x = at // columns, at % columns
            for k in range(4):
                yy = y + (k == 0) - (k == 1)
                xx = x + (k == 2) - (k == 3)
                if not (0 <= yy < rows and 0 <= xx < columns):
                    single = False
                    continue
                one = labels[yy, xx]
                if one:
                    single = single and (owner == 0 or owner == one)
                    owner = one
                elif not seen[yy * columns + xx]:
                    seen[yy * columns + xx] = True
                    stack[wrote] = yy * columns + xx
                    wrote += 1
        if single and owner and wrote <= largest:
            for k in range(wrote):
                out[stack[k] // columns, stack[k] % columns] = owner
    return out


@compiled
def enlarged(labels: Labels, score: Floats, rows: int, columns: int) -> NDArray[np.uint32]:
    """Labels in the frame's size, with the smooth outline that the interpolated score (> 0 in cells) gives.

    Parameters
    ----------
    labels, score : (Y, X) in the net's size.
    rows, columns : of the result.

    Notes
    -----
    A pixel takes the label of the nearest of the four around it that has one, if the score there is above 0 or the
    nearest pixel of all has a label in which the score is not (a filled hole).
    """
    height, width = labels.shape
    out = np.zeros((rows, columns), np.uint32)
    for i in range(rows):
        y = min(max((i + 0.5) * height / rows - 0.5, 0.0), height - 1.0)
        top = min(int(y), max(height - 2, 0))
        bottom = min(top + 1, height - 1)
        v = y - top
        for j in range(columns):
            x = min(max((j + 0.5) * width / columns - 0.5, 0.0), width - 1.0)
            left = min(int(x), max(width - 2, 0))
            right = min(left + 1, width - 1)
            u = x - left
            near_y = top if v < 0.5 else bottom
            near_x = left if u < 0.5 else right
            nearest = labels[near_y, near_x]
            value = (1 - v) * ((1 - u) * score[top, left] + u * score[top, right]) + v * (
                (1 - u) * score[bottom, left] + u * score[bottom, right]
            )
            if nearest:
                if value > 0 or score[near_y, near_x] <= 0:
                    out[i, j] = nearest
            elif value > 0:
                far_y = bottom if v < 0.5 else top
                far_x = right if u < 0.5 else left
                beside, below, across = labels[near_y, far_x], labels[far_y, near_x], labels[far_y, far_x]
                if abs(u - 0.5) <= abs(v - 0.5):
                    out[i, j] = beside or below or across
                else:
                    out[i, j] = below or beside or across
    return out
