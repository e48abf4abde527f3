"""Make the table of methods/features/_heteromotility/walks.py: mean r^2 of random walks on a square lattice.

Up to 9 steps all walks are counted, beyond that 4 million are simulated. Takes some minutes.

python scripts/random_walk_linearity.py
"""

from __future__ import annotations

import numba
import numpy as np

COUNTED = tuple(range(2, 10))
SIMULATED = (10, 12, 14, 17, 20, 25, 30, 40, 50, 63, 80, 100, 150, 200, 300, 500, 1000)


@numba.njit
def r_squared(x: np.ndarray, y: np.ndarray) -> float:
    """Of y on x; -1 where x never changes, and the fit has no slope (the original tool leaves such walks out)."""
    x, y = x - x.mean(), y - y.mean()
    xx, yy, xy = (x * x).sum(), (y * y).sum(), (x * y).sum()
    if xx < 1e-12:
        return -1.0
    return xy * xy / (xx * yy) if yy > 1e-12 else 0.0


@numba.njit
def mean_r_squared(steps: int, walks: int, rng: np.random.Generator, every_one: bool) -> tuple[float, float]:
    """Mean and standard error over `walks` random walks, or over all of them."""
    x, y = np.zeros(steps + 1), np.zeros(steps + 1)
    total, squares, n = 0.0, 0.0, 0
    for walk in range(walks):
        code = walk
        for t in range(steps):
            way = code % 4 if every_one else rng.integers(0, 4)
            code //= 4
            x[t + 1] = x[t] + (way == 0) - (way == 1)
            y[t + 1] = y[t] + (way == 2) - (way == 3)
        value = r_squared(x, y)
        if value >= 0:
            total, squares, n = total + value, squares + value * value, n + 1
    mean = total / n
    return mean, 0.0 if every_one else np.sqrt((squares / n - mean**2) / n)


def main() -> None:
    for steps in COUNTED:
        print(steps, round(mean_r_squared(steps, 4**steps, np.random.default_rng(0), True)[0], 5))
    for steps in SIMULATED:
        walks = 4_000_000 if steps <= 200 else 2_000_000
        mean, error = mean_r_squared(steps, walks, np.random.default_rng(steps), False)
        print(steps, round(mean, 5), "+-", round(error, 5))


if __name__ == "__main__":
    main()
