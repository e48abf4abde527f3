"""Lengths of outlines, holes and contacts, from how the pixels at the border of each cell lie; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]


@compiled
def sum_borders(image: Places, begin: Ints, y: Places, x: Places, lengths: Floats, quads: Floats) -> Floats:
    """Sums over the border of each cell, (N, 1 + Q).

    Parameters
    ----------
    image : (Y + 2, X + 2), cells numbered 1..N inside an empty border.
    begin, y, x : the pixels of each cell.
    lengths : (50,), of a border pixel, by 1 + 2 for each border neighbour beside + 10 for each diagonal one.
    quads : (Q, 16), of each square of two by two pixels, by 1 (upper left) + 2 (upper right) + 4 + 8 of the cell.

    Returns
    -------
    First the sum of lengths over border pixels (those with another pixel beside them), then that of each row of
    `quads` over all squares that hold a pixel of the cell but are not full of it.
    """
    width, flat = image.shape[1], image.ravel()
    border = np.zeros(len(flat), np.bool_)
    for p in range(len(y)):
        at = (y[p] + 1) * width + x[p] + 1
        own = flat[at]
        border[at] = flat[at - width] != own or flat[at - 1] != own or flat[at + 1] != own or flat[at + width] != own
    out = np.zeros((len(begin) - 1, 1 + len(quads)))
    for p in range(len(y)):
        at = (y[p] + 1) * width + x[p] + 1
        own = flat[at]
        if border[at]:
            code = 1
            for offset in (-width, -1, 1, width):
                code += 2 * (border[at + offset] and flat[at + offset] == own)
            for offset in (-width - 1, -width + 1, width - 1, width + 1):
                code += 10 * (border[at + offset] and flat[at + offset] == own)
            out[own - 1, 0] += lengths[code]
        elif (
            flat[at - width - 1] == own
            and flat[at - width + 1] == own
            and flat[at + width - 1] == own
            and flat[at + width + 1] == own
        ):
            continue  # all squares around are full of the cell
        for corner in (at - width - 1, at - width, at - 1, at):  # the squares that this pixel belongs to
            a, b = flat[corner] == own, flat[corner + 1] == own
            c, d = flat[corner + width] == own, flat[corner + width + 1] == own
            if a and b and c and d:
                continue
            first = corner if a else corner + 1 if b else corner + width if c else corner + width + 1
            if first == at:  # each square counts once
                for nth in range(len(quads)):
                    out[own - 1, 1 + nth] += quads[nth, a + 2 * b + 4 * c + 8 * d]
    return out


@compiled
def count_contacts(image: Places, begin: Ints, y: Places, x: Places, reach: int) -> Floats:
    """Part of the border pixels of each cell that have another cell near, and the number of such cells, (N, 2).

    Parameters
    ----------
    image : (Y + 2, X + 2), cells numbered 1..N inside an empty border.
    begin, y, x : the pixels of each cell.
    reach : how far to look to the four sides, px; 1 is touching.
    """
    out = np.zeros((len(begin) - 1, 2))
    met = np.zeros(len(begin), np.int64)  # the last cell that met each
    for i in range(len(begin) - 1):
        own, border, near = i + 1, 0, 0
        for p in range(begin[i], begin[i + 1]):
            row, column, sides, others = y[p] + 1, x[p] + 1, 0, 0
            for dy, dx in ((-1, 0), (0, -1), (0, 1), (1, 0)):
                sides += image[row + dy, column + dx] != own
                for far in range(1, reach + 1):
                    at, beside = row + far * dy, column + far * dx
                    if not (0 <= at < image.shape[0] and 0 <= beside < image.shape[1]) or image[at, beside] == own:
                        break
                    other = image[at, beside]
                    if other:
                        others += 1
                        if met[other] != own:
                            met[other] = own
                            out[i, 1] += 1
                        break
            border, near = border + (sides > 0), near + (others > 0)
        out[i, 0] = near / max(border, 1)
    return out
