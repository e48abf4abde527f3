"""Steps by the law of the state, and what a crowd makes of them.

A cell takes a step of the length that its state's law gives, always. Its direction is drawn from the law of turns
too, again where that would lead into a neighbour; only where every draw fails does it take the smallest turn that
is free. Walls reflect. So crowding bends paths but leaves step lengths as they are; what overlap remains (growth,
turning bodies, new daughters) is pushed apart softly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.crowd import Crowd, reach
from napari_cellstate.simulate.scene import Behaviour, Scene

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DRAWS = 6
_AROUND = np.repeat(np.arange(1, 9) * np.pi / 8.0, 2) * np.tile([1.0, -1.0], 8)
_PUSH_ROUNDS = 3
_PUSH_LIMIT = 1.0


def step_lengths(state: Ints, behaviour: Behaviour, rng: np.random.Generator) -> Floats:
    """Length of one step of each cell, px: gamma with the state's mean."""
    return rng.gamma(behaviour.step_shape, np.asarray(behaviour.speeds)[state] / behaviour.step_shape)


def turns(state: Ints, behaviour: Behaviour, rng: np.random.Generator, draws: int = 1) -> Floats:
    """Turns, (n, draws), rad in [-pi, pi]: von Mises with the state's concentration."""
    kappa = np.asarray(behaviour.turning)[state]
    return rng.vonmises(0.0, np.repeat(kappa[:, None], draws, axis=1))


def move(crowd: Crowd, scene: Scene, rng: np.random.Generator) -> Crowd:
    """One step of every cell, one after the other in random order."""
    lengths = step_lengths(crowd.state, scene.behaviour, rng)
    drawn = crowd.heading[:, None] + turns(crowd.state, scene.behaviour, rng, _DRAWS)
    options = np.concatenate([drawn, drawn[:, :1] + _AROUND], axis=1)
    centre, heading = crowd.centre.copy(), crowd.heading.copy()
    for i in rng.permutation(len(crowd)):
        step = lengths[i] * np.stack([np.sin(options[i]), np.cos(options[i])], axis=1)
        places, step = _bounce(centre[i], step, *_walls(crowd, scene, i))
        at = _first_free(crowd, centre, i, places, scene.body.gap)
        centre[i], heading[i] = places[at], np.arctan2(step[at, 0], step[at, 1])
    return replace(crowd, centre=centre, heading=heading)


def push_apart(crowd: Crowd, scene: Scene) -> Crowd:
    """Move overlapping cells a little away from each other and from the walls, by 1 px at most; pull near ones."""
    centre = _pull(crowd, scene)
    low, high = _walls(crowd, scene, np.arange(len(crowd)))
    for _ in range(_PUSH_ROUNDS):
        room, direction = _between(crowd, centre, scene.body.gap)
        overlap = np.maximum(-room, 0.0)
        if not overlap.any():
            break
        centre = centre + 0.3 * (overlap[..., None] * direction).sum(axis=1)
    change = np.clip(centre, low[:, None], high[:, None]) - crowd.centre
    size = np.maximum(np.hypot(change[:, 0], change[:, 1]), 1e-12)
    limit = _PUSH_LIMIT + scene.body.cohesion
    return replace(crowd, centre=crowd.centre + change * np.minimum(1.0, limit / size)[:, None])


def _between(crowd: Crowd, centre: Floats, gap: float) -> tuple[Floats, Floats]:
    """Free room between every two cells, (n, n), and the direction to the first from the second, (n, n, 2)."""
    between = centre[:, None] - centre[None]
    distance = np.hypot(between[..., 0], between[..., 1])
    np.fill_diagonal(distance, np.inf)
    angle = np.arctan2(between[..., 0], between[..., 1])
    rim = reach(crowd.axis[:, None], (crowd.axes[0][:, None], crowd.axes[1][:, None]), angle)
    return -(rim + rim.T + gap - distance), np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def _pull(crowd: Crowd, scene: Scene) -> Floats:
    """Centres after neighbours have pulled each other: by the cohesion in all, less where there is less room."""
    if scene.body.cohesion == 0:
        return crowd.centre.copy()
    room, direction = _between(crowd, crowd.centre, scene.body.gap)
    near = (room > 0) & (room < scene.body.birth_radius)
    pull = np.where(near, np.minimum(room / 2.0, scene.body.cohesion), 0.0) / np.maximum(near.sum(1), 1)[:, None]
    return np.asarray(crowd.centre - (pull[..., None] * direction).sum(axis=1))


def _walls(crowd: Crowd, scene: Scene, cell: Ints | int) -> tuple[Floats, Floats]:
    """Lowest and highest coordinate of a cell's centre: bumps are taller than the ellipse, hence the tenth."""
    low = crowd.axes[0][cell] * 1.1 - scene.overhang
    return low, scene.size - 1.0 - low


def _bounce(start: Floats, step: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Ends of steps that walls reflect, and the steps' directions after that, both (n, 2)."""
    end = start + step
    outside = (end < low) | (end > high)
    mirrored = np.where(end < low, 2.0 * low - end, np.where(end > high, 2.0 * high - end, end))
    return np.clip(mirrored, low, high), np.where(outside, -step, step)


def _first_free(crowd: Crowd, centre: Floats, i: int, places: Floats, gap: float) -> int:
    """The first place where the cell meets no neighbour, or comes no nearer to one it meets already."""
    apart = np.hypot(*(centre - centre[i]).T)
    near = np.flatnonzero(
        apart < crowd.axes[0][i] + crowd.axes[0].max() + gap + np.abs(places - centre[i]).sum(1).max()
    )
    near = near[near != i]
    if not len(near):
        return 0
    between = places[:, None] - centre[near]
    distance = np.hypot(between[..., 0], between[..., 1])
    angle = np.arctan2(between[..., 0], between[..., 1])
    long, short = crowd.axes
    rims = reach(crowd.axis[i], (long[i], short[i]), angle) + reach(crowd.axis[near], (long[near], short[near]), angle)
    room = distance - rims - gap
    free = np.flatnonzero(((room >= 0) | (distance >= apart[near])).all(axis=1))
    return int(free[0]) if len(free) else int(np.argmax(room.min(axis=1)))
