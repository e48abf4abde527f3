"""Entropy and mutual information of discrete values, in nats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def bins_of(values: NDArray[np.float64], count: int) -> Ints:
    """Bin of each value: `count` of equal width from least to greatest, or one a value if it has at most `count`."""
    levels, inverse = np.unique(values, return_inverse=True)
    if len(levels) <= count:
        return inverse.astype(np.int64)
    low, high = levels[0], levels[-1]
    out: Ints = np.minimum(((values - low) / (high - low) * count).astype(np.int64), count - 1)
    return out


def entropy(values: Ints) -> float:
    """Of how often each value occurs."""
    return _entropy(np.unique(values, return_counts=True)[1])


def mutual_information(a: Ints, b: Ints) -> float:
    """I(a, b) = H(a) + H(b) - H(a, b) of what occurs; at least 0."""
    _, first = np.unique(a, return_inverse=True)
    _, second = np.unique(b, return_inverse=True)
    joint = np.bincount(first * (second.max() + 1) + second)
    both = _entropy(joint[joint > 0])
    return max(entropy(first) + entropy(second) - both, 0.0)


def _entropy(counts: Ints) -> float:
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())
