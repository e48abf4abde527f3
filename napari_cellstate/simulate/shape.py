"""Outlines of cells: an ellipse with slowly moving bumps, as a radius for each direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.simulate.crowd import BUMPS, Crowd, reach
from napari_cellstate.simulate.scene import Scene

Floats = NDArray[np.float64]

ANGLES: Floats = np.arange(72, dtype=np.float64) * (2.0 * np.pi / 72)
"""Directions of an outline's radii, rad."""

_KEPT = 0.9  # of a bump from one frame to the next
_FOLLOW = 0.3  # of the way to its state's shape in one frame


def deform(crowd: Crowd, scene: Scene, rng: np.random.Generator) -> Crowd:
    """Shapes one frame later: they follow the state, the heading (the more persistent, the more) and chance."""
    body, n = scene.body, len(crowd)
    wanted = np.asarray(body.elongation)[crowd.state] * np.exp(crowd.stretch)
    wanted = 1.0 + (np.maximum(wanted, 1.0) - 1.0) * (1.0 - crowd.mitosis)
    bumpy = np.asarray(body.irregularity)[crowd.state] * (1.0 - crowd.mitosis)
    persistence = _mean_cosine(np.asarray(scene.behaviour.turning))[crowd.state]
    turn = np.remainder(crowd.heading - crowd.axis + np.pi / 2.0, np.pi) - np.pi / 2.0
    return replace(
        crowd,
        axis=crowd.axis + body.follow * persistence * turn + rng.normal(0.0, 0.04, n),
        elongation=crowd.elongation + _FOLLOW * (wanted - crowd.elongation),
        irregularity=crowd.irregularity + _FOLLOW * (bumpy - crowd.irregularity),
        bumps=_KEPT * crowd.bumps + np.sqrt(1.0 - _KEPT**2) * rng.normal(size=crowd.bumps.shape),
        waves=crowd.waves + np.array([0.0, 0.0, 0.15]) * rng.normal(size=crowd.waves.shape),
        grain=crowd.grain + np.array([0.0, 0.0, 0.15]) * rng.normal(size=crowd.grain.shape),
    )


def outlines(crowd: Crowd) -> Floats:
    """Radius of each cell's outline in each direction of `ANGLES`, (n, 72), px.

    The area inside is the cell's area, and its centroid the point that the radii start from.
    """
    long, short = (axis[:, None] for axis in crowd.axes)
    order = np.arange(3, 3 + BUMPS)
    inside = order[:, None] * (ANGLES - crowd.axis[:, None, None])  # (n, BUMPS, 72): bumps turn with the cell
    waves = crowd.bumps[..., :1] * np.cos(inside) + crowd.bumps[..., 1:] * np.sin(inside)
    bump = (waves / ((order / 3.0) ** 1.5)[:, None]).sum(axis=1)
    radius = reach(crowd.axis[:, None], (long, short), ANGLES) * np.exp(crowd.irregularity[:, None] * bump)
    radius = _centred(radius)
    return radius * np.sqrt(crowd.area / _area(radius))[:, None]


def _area(radius: Floats) -> Floats:
    return np.asarray(0.5 * (radius**2).mean(axis=1) * 2.0 * np.pi)


def _centred(radius: Floats) -> Floats:
    """Take out the shift of the centroid, which to first order is the first harmonic of the radius; twice."""
    unit = np.stack([np.cos(ANGLES), np.sin(ANGLES)])
    for _ in range(2):
        shift = (radius**3 @ unit.T) * (2.0 * np.pi / len(ANGLES) / 3.0) / _area(radius)[:, None]
        radius = radius - shift @ unit
    return radius


def _mean_cosine(kappa: Floats) -> Floats:
    """Mean cosine of a von Mises turn: 0 where any turn is as likely, near 1 where a cell runs straight."""
    from scipy.special import i0e, i1e

    return np.asarray(i1e(kappa) / i0e(kappa))
