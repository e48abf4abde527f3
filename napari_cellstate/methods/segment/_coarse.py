"""Every second (third, fourth) pixel of an image is enough where cells are large."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

_ACROSS = 10
_MOST = 4


def stride(diameter: float) -> int:
    """Distance between the pixels to keep, 1 to 4, so that a cell is still at least 10 of them wide."""
    return int(min(max(diameter // _ACROSS, 1), _MOST))


def every(values: NDArray[T], step: int) -> NDArray[T]:
    """Keep each step-th pixel of both axes, from the first."""
    return np.ascontiguousarray(values[::step, ::step])


def spread(values: NDArray[T], step: int, shape: tuple[int, ...]) -> NDArray[T]:
    """Undo `every`: each pixel becomes a square, cut to the shape."""
    if step == 1:
        return values
    return np.repeat(np.repeat(values, step, axis=0)[: shape[0]], step, axis=1)[:, : shape[1]]
