"""The outline of each cell as a sum of a few waves: lobes, bending, dents; compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

COLUMNS = ("convexity", "bending", "curvature_sd", "concave", "lobes_2", "lobes_3", "lobes_4", "lobes_5", "lobes_6")
"""Columns of `describe_outlines`."""

WAVES = 8
"""Waves kept in each direction; finer ones are mostly pixels."""
POINTS = 64
"""Points of the smoothed outline."""
LOBES = 5


@compiled
def _trace(image: Places, row: int, column: int, seen: NDArray[np.bool_], out: Floats) -> int:
    """Middles of the pixel sides around a cell, clockwise on the screen, from the left side of a pixel.

    Parameters
    ----------
    image : cells numbered inside an empty border; row, column : a pixel of it whose left neighbour is another.
    seen : pixels whose left side was passed, filled.
    out : (n, 2), filled with y, x, the middle of image pixel (1, 1) being 0, 0.

    Returns
    -------
    Number of sides; pixels that touch at a corner belong together.
    """
    own, n = image[row, column], 0
    y, x, dy, dx = row + 1, column, -1, 0  # a corner, named by the pixel below right of it, and the way on
    while True:
        if dy == -1:
            seen[y - 1, x] = True
            if n > 0 and y == row + 1 and x == column:
                return n
        out[n, 0], out[n, 1] = y - 1.5 + dy / 2, x - 1.5 + dx / 2
        n, y, x = n + 1, y + dy, x + dx
        left = image[y + (dy - dx - 1) // 2, x + (dx + dy - 1) // 2]  # the two pixels ahead
        right = image[y + (dy + dx - 1) // 2, x + (dx - dy - 1) // 2]
        if left == own:
            dy, dx = -dx, dy
        elif right != own:
            dy, dx = dx, -dy


@compiled
def _resample(path: Floats, n: int, out: Floats) -> None:
    """Points of a closed path of n corners, equally far apart along it, into `out`."""
    along = np.empty(n + 1)
    along[0] = 0.0
    for p in range(n):
        q = p + 1 if p + 1 < n else 0
        along[p + 1] = along[p] + np.sqrt((path[q, 0] - path[p, 0]) ** 2 + (path[q, 1] - path[p, 1]) ** 2)
    p = 0
    for k in range(len(out)):
        wanted = along[n] * k / len(out)
        while along[p + 1] < wanted:
            p += 1
        q, part = p + 1 if p + 1 < n else 0, (wanted - along[p]) / (along[p + 1] - along[p])
        out[k] = path[p] + part * (path[q] - path[p])


@compiled
def _waves(points: Floats, turns: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Fourier coefficients -WAVES..WAVES of x + iy; `turns` (n,) are the n-th roots of 1."""
    n = len(points)
    found = np.zeros(2 * WAVES + 1, np.complex128)
    for k in range(-WAVES, WAVES + 1):
        total = 0j
        for p in range(n):
            total += (points[p, 1] + 1j * points[p, 0]) * turns[(-k * p) % n]
        found[k + WAVES] = total / n
    return found


@compiled
def _hull_length(curve: NDArray[np.complex128], turns: NDArray[np.complex128]) -> float:
    """Length of the convex hull: the mean over all directions of how far the curve reaches, times 2 pi."""
    total = 0.0
    for turn in turns:
        reach = -np.inf
        for z in curve:
            reach = max(reach, z.real * turn.real + z.imag * turn.imag)
        total += reach
    return 2 * np.pi * total / len(turns)


@compiled
def _describe(waves: NDArray[np.complex128], turns: NDArray[np.complex128], out: Floats) -> None:
    """All columns of one outline; NaN stays where the first wave is 0."""
    n, first = len(turns), abs(waves[WAVES + 1])
    if first == 0:
        return
    for nth in range(LOBES):
        lobes = nth + 2
        a, b = abs(waves[WAVES + 1 + lobes]), abs(waves[WAVES + 1 - lobes])
        out[4 + nth] = np.sqrt(a * a + b * b) / first
    curve, speed, bent = np.zeros(n, np.complex128), np.empty(n), np.empty(n)
    for p in range(n):
        way, turning = 0j, 0j
        for k in range(-WAVES, WAVES + 1):
            wave = waves[k + WAVES] * turns[(k * p) % n]
            curve[p], way, turning = curve[p] + wave, way + 1j * k * wave, turning - k * k * wave
        speed[p] = abs(way)
        bent[p] = (way.real * turning.imag - way.imag * turning.real) / max(speed[p], 1e-12 * first) ** 3
    length = speed.sum()
    radius, dented, bend, square = length / n, 0.0, 0.0, 0.0
    for p in range(n):
        bend, square = bend + bent[p] * radius * speed[p], square + (bent[p] * radius) ** 2 * speed[p]
        dented += speed[p] * (bent[p] < 0)
    mean = bend / length
    out[0] = min(1.0, _hull_length(curve, turns) / (2 * np.pi * radius))
    out[1], out[2], out[3] = square / length, np.sqrt(max(square / length - mean * mean, 0.0)), dented / length


@compiled
def describe_outlines(image: Places, begin: Ints, y: Places, x: Places) -> Floats:
    """Numbers of the longest outline of each cell, (N, 9) as `COLUMNS`; holes do not count.

    Parameters
    ----------
    image : (Y + 2, X + 2), cells numbered 1..N inside an empty border.
    begin, y, x : the pixels of each cell.

    Notes
    -----
    The line through the middles of the pixel sides, at 64 equally spaced points, as Fourier series of x + iy up to
    the 8th wave (Granlund 1972, IEEE Trans. Comput. C-21:195). What fills many pixels is kept, the staircase is not.
    """
    seen = np.zeros(image.shape, np.bool_)
    turns = np.exp(2j * np.pi * np.arange(POINTS) / POINTS)
    out = np.full((len(begin) - 1, 4 + LOBES), np.nan)
    points = np.empty((POINTS, 2))
    for i in range(len(begin) - 1):
        sides = np.empty((4 * (begin[i + 1] - begin[i]) + 4, 2))
        longest, length = sides[:0], 0
        for p in range(begin[i], begin[i + 1]):
            row, column = y[p] + 1, x[p] + 1
            if image[row, column - 1] == i + 1 or seen[row, column]:
                continue
            n = _trace(image, row, column, seen, sides)
            if n > length:
                longest, length = sides[:n].copy(), n
        _resample(longest, length, points)
        _describe(_waves(points, turns), turns, out[i])
    return out
