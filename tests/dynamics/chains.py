"""Made chains with known laws."""

from __future__ import annotations

import numpy as np


def paths(probability, tracks, frames, rng, start=None):
    """States from 0, (tracks, frames); they start by the law `start`, else anywhere alike."""
    k = len(probability)
    upto = np.cumsum(probability, axis=1)
    state = np.empty((tracks, frames), np.int64)
    state[:, 0] = rng.choice(k, tracks, p=start)
    for t in range(1, frames):
        state[:, t] = np.minimum((rng.random(tracks)[:, None] > upto[state[:, t - 1]]).sum(axis=1), k - 1)
    return state


def rows(state):
    """run, frame, state (from 1) of paths."""
    tracks, frames = state.shape
    return np.repeat(np.arange(tracks), frames), np.tile(np.arange(frames), tracks), state.ravel() + 1


def cyclic(p, q):
    """Three states in a ring: p onwards, q back."""
    return np.array([[1 - p - q, p, q], [q, 1 - p - q, p], [p, q, 1 - p - q]])


BIRTH_DEATH = np.array([[0.9, 0.1, 0.0, 0.0], [0.06, 0.84, 0.1, 0.0], [0.0, 0.08, 0.82, 0.1], [0.0, 0.0, 0.12, 0.88]])
