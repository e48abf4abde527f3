"""Transition counts of many populations at once: chains with known rates, without images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """What was counted in each population.

    Attributes
    ----------
    counts : (P, k, k) pairs of frames from the state of the row to that of the column.
    rows : (P, k) frames in each state.
    switches : (P, tracks) changes of state of each track.
    """

    counts: Ints
    rows: Ints
    switches: Ints


def simulate_population(
    rng: np.random.Generator, probability: NDArray[np.float64], *, tracks: int, frames: int
) -> Population:
    """Follow Markov chains of known transition probabilities.

    Parameters
    ----------
    probability : (P, k, k) chance of each next state in the next frame, rows summing to 1: one law a population.
    tracks, frames : tracks of each population, and frames of each track; they start in the stationary law.
    """
    if not np.allclose(probability.sum(axis=-1), 1) or (probability < 0).any():
        raise InputError("simulate: transition probabilities must be positive and sum to 1 over the next state")
    populations, k, _ = probability.shape
    steps = np.cumsum(probability, axis=-1).reshape(populations * k, k)
    first = np.cumsum(np.linalg.matrix_power(probability, 1 << 14)[:, :1], axis=-1)
    of = np.repeat(np.arange(populations), tracks)
    state = _draw(rng, first[of, 0])
    counts = np.zeros(populations * k * k, np.int64)
    switches = np.zeros(len(of), np.int64)
    rows = np.bincount(of * k + state, minlength=populations * k)
    for _ in range(frames - 1):
        following = _draw(rng, steps[of * k + state])
        counts += np.bincount((of * k + state) * k + following, minlength=len(counts))
        rows += np.bincount(of * k + following, minlength=len(rows))
        switches += following != state
        state = following
    return Population(counts.reshape(populations, k, k), rows.reshape(populations, k), switches.reshape(-1, tracks))


def spread_rates(rng: np.random.Generator, rates: Floats, *, sd: float, populations: int) -> Floats:
    """Transition probabilities of populations whose log rates differ.

    Parameters
    ----------
    rates : (..., k, k) events per frame; the diagonal is ignored.
    sd : of each log rate between populations; half of the variance is common to all rates of a population (it
        switches faster or slower), half is each rate's own (so that occupancy differs too).
    populations : drawn for each matrix of rates.

    Returns
    -------
    (..., populations, k, k), rows summing to 1.
    """
    k = rates.shape[-1]
    shape = (*rates.shape[:-2], populations)
    common, own = rng.normal(0, sd * np.sqrt(0.5), (*shape, 1, 1)), rng.normal(0, sd * np.sqrt(0.5), (*shape, k, k))
    drawn = rates[..., None, :, :] * np.exp(common + own)
    drawn[..., np.arange(k), np.arange(k)] = 0
    leaving = drawn.sum(axis=-1, keepdims=True)
    moved = drawn / np.maximum(leaving, 1e-300) * -np.expm1(-leaving)
    moved[..., np.arange(k), np.arange(k)] = np.exp(-leaving[..., 0])
    return np.asarray(moved)


def _draw(rng: np.random.Generator, cumulative: Floats) -> Ints:
    chance = rng.random(len(cumulative))
    return np.asarray((chance[:, None] >= cumulative[:, :-1]).sum(axis=1))
