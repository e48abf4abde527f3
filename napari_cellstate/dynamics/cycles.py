"""Flux of a Markov chain: between states, around cycles, and the entropy that it produces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.dynamics.stationary import stationary

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cycle:
    """A cycle of states (from 0; the lowest first, in the order in which it is run) and its net flux per step."""

    states: tuple[int, ...]
    flux: float


def net_flux(probability: Floats) -> Floats:
    """Net flux of a stationary chain from each state to each, (k, k) per step, antisymmetric.

    Parameters
    ----------
    probability : (k, k), rows sum to 1.
    """
    both = stationary(probability)[:, None] * probability
    return np.asarray(both - both.T)


def entropy_production(probability: Floats) -> float:
    """Entropy production of a stationary chain, nats per step; inf where a step has no way back.

    Schnakenberg 1976, Rev. Mod. Phys. 48:571. Per step of this chain's lag; states that lump what is driven inside
    them make it smaller than it is.
    """
    both = stationary(probability)[:, None] * probability
    at = np.triu_indices(len(both), 1)
    forth, back = both[at], both.T[at]
    seen = (forth > 0) | (back > 0)
    with np.errstate(divide="ignore"):
        return float(((forth - back)[seen] * np.log(forth[seen] / back[seen])).sum())


def cycle_fluxes(probability: Floats, *, least: float = 1e-9) -> tuple[Cycle, ...]:
    """Cycles that together carry the net flux of a stationary chain, strongest first.

    Parameters
    ----------
    probability : (k, k), rows sum to 1.
    least : flux below which nothing is followed.

    Notes
    -----
    The widest cycle is taken out again and again (each time the one whose weakest step is the strongest), until
    nothing is left: a decomposition of the flux into cycles, of which there are many; the flux over each pair of
    states is the sum over its cycles in all of them. Estimated fluxes are noisy: see `balance` before reading them.
    """
    left, found = np.maximum(net_flux(probability), 0.0), []
    while (cycle := _widest(left, least)) is not None:
        steps = (np.array(cycle), np.roll(cycle, -1))
        flux = float(left[steps].min())
        left[steps] -= flux
        first = cycle.index(min(cycle))
        found.append(Cycle(tuple(cycle[first:] + cycle[:first]), flux))
    return tuple(sorted(found, key=lambda one: (-one.flux, one.states)))


def _widest(flux: Floats, least: float) -> list[int] | None:
    """The cycle whose weakest step is the strongest, by adding steps from the strongest on until one closes."""
    order = np.argsort(-flux, axis=None, kind="stable")
    onward: dict[int, list[int]] = {}
    for at in order:
        source, target = divmod(int(at), len(flux))
        if flux[source, target] <= least:
            return None
        back = _path(onward, target, source)
        if back is not None:
            return [source, *back[:-1]] if len(back) > 1 else None
        onward.setdefault(source, []).append(target)
    return None


def _path(onward: dict[int, list[int]], start: int, end: int) -> list[int] | None:
    """States from start to end, both included, by the fewest steps; None where there is no way."""
    came, queue = {start: start}, [start]
    for now in queue:
        if now == end:
            path = [end]
            while path[-1] != start:
                path.append(came[path[-1]])
            return path[::-1]
        for after in onward.get(now, ()):
            if after not in came:
                came[after] = now
                queue.append(after)
    return None
