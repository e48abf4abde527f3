"""What `linearity` a random walk on a lattice has: a table instead of 200 simulated walks a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# scripts/random_walk_linearity.py makes this; standard errors are below 0.0002
STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25, 30, 40, 50, 63, 80, 100, 150, 200, 300, 500, 1000)
EXPECTED = (
    0.0,
    0.16667,
    0.1811,
    0.19207,
    0.19685,
    0.2006,
    0.20354,
    0.2061,
    0.20836,
    0.21028,
    0.21367,
    0.21654,
    0.22003,
    0.22236,
    0.22548,
    0.22749,
    0.23045,
    0.23236,
    0.23395,
    0.2352,
    0.23608,
    0.23759,
    0.23834,
    0.23912,
    0.23951,
    0.2401,
)
LIMIT = 0.240522
"""Second moment of the correlation of two independent Wiener processes: Ernst, Shepp and Wyner 2017, Ann. Stat. 45."""


def expected_linearity(n_frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean squared correlation of y with x of a random walk that steps to one of four neighbours.

    Parameters
    ----------
    n_frames : number of positions of the track, at least 1; the walk it is compared with has as many steps, as in
        the original tool.

    Notes
    -----
    Linear in 1 / steps between the entries, and on to the limit of an endless walk.
    """
    over = np.append(0.0, 1.0 / np.array(STEPS[::-1], np.float64))
    return np.asarray(np.interp(1.0 / np.maximum(n_frames, 1), over, np.append(LIMIT, EXPECTED[::-1])), np.float64)
