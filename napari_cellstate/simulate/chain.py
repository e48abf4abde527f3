"""Behaviour states as a continuous-time Markov chain.

Inside the simulator states count from 0 and time is in frames; tables show states from 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def generator(mean_dwell: float, jumps: Sequence[Sequence[float]]) -> Floats:
    """Rate matrix of a chain that stays `mean_dwell` frames in each state on average.

    Parameters
    ----------
    mean_dwell : frames.
    jumps : (k, k), probability of each next state on leaving; diagonal 0, rows sum to 1.

    Returns
    -------
    (k, k), transitions per frame, rows sum to 0.
    """
    return (np.asarray(jumps, np.float64) - np.eye(len(jumps))) / mean_dwell


def spread_rates(rates: Floats, sd: float, rng: np.random.Generator) -> Floats:
    """Rates of one replicate: the log of each rate shifted by its own normal draw of width `sd`."""
    shifted = rates * np.exp(rng.normal(0.0, sd, rates.shape))
    np.fill_diagonal(shifted, 0.0)
    np.fill_diagonal(shifted, -shifted.sum(axis=1))
    return shifted


def transition_matrix(rates: Floats, frames: float = 1.0) -> Floats:
    """Probability of each state `frames` later, (k, k), rows sum to 1: the matrix exponential of rates * frames."""
    from scipy.linalg import expm

    return np.asarray(expm(rates * frames), np.float64)


def stationary(rates: Floats) -> Floats:
    """Long-run share of time in each state, (k,), for a chain that can go from every state to every other."""
    k = len(rates)
    system = np.vstack([rates.T, np.ones(k)])
    share = np.linalg.lstsq(system, np.append(np.zeros(k), 1.0), rcond=None)[0]
    return np.asarray(np.clip(share, 0.0, None) / np.clip(share, 0.0, None).sum())


def advance(states: Ints, rates: Floats, rng: np.random.Generator, frames: float = 1.0) -> Ints:
    """States `frames` later, jump by jump: exact, with any number of jumps inside a frame.

    Waiting times have no memory, so that nothing but the state is carried from one call to the next.
    """
    leave = -np.diag(rates)
    target = np.cumsum(np.where(np.eye(len(rates), dtype=bool), 0.0, rates), axis=1)
    now, left = states.copy(), np.full(len(states), frames)
    active = np.flatnonzero(leave[now] > 0)
    while len(active):
        left[active] -= rng.exponential(1.0 / leave[now[active]])
        active = active[left[active] > 0]
        reached = rng.random(len(active)) * target[now[active], -1]
        now[active] = (reached[:, None] >= target[now[active]]).sum(axis=1)
        active = active[leave[now[active]] > 0]
    return now


def sample_paths(rates: Floats, n: int, frames: int, rng: np.random.Generator, start: Ints | None = None) -> Ints:
    """States of `n` chains at each frame, (n, frames); they start in the long-run shares unless told."""
    now = rng.choice(len(rates), size=n, p=stationary(rates)) if start is None else np.asarray(start, np.int64)
    path = np.empty((n, frames), np.int64)
    for t in range(frames):
        path[:, t] = now
        now = advance(now, rates, rng)
    return path
