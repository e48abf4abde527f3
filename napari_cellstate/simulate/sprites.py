"""Small pictures whose every factor is known: the test bed of codes that are to stand for one thing each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACTORS = ("y", "x", "size", "angle", "shape")
SHAPES = ("square", "ellipse", "triangle")


@dataclass(frozen=True, eq=False)
class Sprites:
    """Pictures and what is in them.

    Attributes
    ----------
    images : (N, size, size) float32, 1 inside the shape, 0 outside.
    factors : (N, 5) int64, levels of `FACTORS`, from 0.
    """

    images: NDArray[np.float32]
    factors: NDArray[np.int64]


def sprites(
    count: int,
    *,
    size: int = 32,
    levels: tuple[int, int, int, int, int] = (8, 8, 4, 8, 3),
    seed: int = 0,
) -> Sprites:
    """Draw shapes with every factor at random and independent of the others.

    Parameters
    ----------
    count : how many.
    size : side of a picture, px.
    levels : of y, x, size, angle and shape; 1 holds a factor at its middle. At most three shapes.

    Raises
    ------
    InputError
        Counts below 1, pictures smaller than 8 px, more than three shapes.
    """
    if count < 1 or size < 8 or min(levels) < 1 or levels[4] > len(SHAPES):
        raise InputError(
            f"sprites: {count} of {size} px with levels {levels}; expected at least 1 of at least 8 px, every level at "
            f"least 1 and at most {len(SHAPES)} shapes"
        )
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, most, count) for most in levels], axis=1)
    share = (factors + 0.5) / np.array(levels)
    radius = size * (0.10 + 0.12 * share[:, 2])
    room = size / 2 - 0.34 * size
    middle = (size - 1) / 2 + (2 * share[:, :2] - 1) * room
    angle = share[:, 3] * np.pi / 2
    at = np.arange(size)
    dy = at[None, :, None] - middle[:, 0, None, None]
    dx = at[None, None, :] - middle[:, 1, None, None]
    cosine, sine = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    along, across = (cosine * dx + sine * dy), (cosine * dy - sine * dx)
    unit = radius[:, None, None]
    inside = np.stack([_square(along / unit, across / unit), _ellipse(along / unit, across / unit),
                       _triangle(along / unit, across / unit)])  # fmt: skip
    images = inside[factors[:, 4], np.arange(count)]
    return Sprites(images.astype(np.float32), factors)


def _square(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) <= 0.9)


def _ellipse(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((u / 1.4) ** 2 + (v / 0.75) ** 2 <= 1)


def _triangle(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((v >= -0.8) & (v <= 1.2 - 2 * np.abs(u)))
