"""Arrays that are read or painted frame by frame, with as much of an array's manners as a layer needs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
_KEPT = 32
_KEPT_BYTES = 64 * 2**20
"""Large frames are kept too, but fewer: a movie may be larger than the memory."""


class LazyStack:
    """(T, Y, X) whose frames are made when they are asked for; the last ones are kept.

    Parameters
    ----------
    read : gives the plane (Y, X) of a frame.
    shape : (T, Y, X).
    dtype : of the planes.
    """

    ndim = 3

    def __init__(self, read: Callable[[int], Plane], shape: tuple[int, int, int], dtype: Any) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._read = read
        self._kept: OrderedDict[int, Plane] = OrderedDict()
        plane = self.dtype.itemsize * shape[1] * shape[2]
        self._most = max(1, min(_KEPT, _KEPT_BYTES // max(plane, 1)))

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Of all frames, were they in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Plane:
        parts = key if isinstance(key, tuple) else (key,)
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            parts = (*parts[:at], *(slice(None),) * (4 - len(parts)), *parts[at + 1 :])
        first, rest = parts[0], tuple(parts[1:])
        frames = range(self.shape[0])[first] if isinstance(first, slice) else first
        if isinstance(frames, int | np.integer):
            plane = self._plane(int(frames))
            return plane[rest] if rest else plane
        planes = [self._plane(int(t)) for t in np.asarray(frames).ravel()]
        stack = np.stack(planes) if planes else np.empty((0, *self.shape[1:]), self.dtype)
        return stack[(slice(None), *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Plane:
        return np.asarray(self[:], dtype)

    def _plane(self, t: int) -> Plane:
        t = range(self.shape[0])[t]
        if t in self._kept:
            self._kept.move_to_end(t)
            return self._kept[t]
        plane = np.asarray(self._read(t), self.dtype)
        self._kept[t] = plane
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return plane


def painted(labels: Any, table: Callable[[int], NDArray[np.int64]], dtype: Any) -> LazyStack:
    """Labels shown through a lookup: frame t is ``table(t)[labels[t]]``; labels beyond the table are 0.

    Parameters
    ----------
    labels : (T, Y, X), anything that gives a plane for ``labels[t]``.
    """

    def read(t: int) -> Plane:
        plane = np.asarray(labels[t])
        lut = table(t).astype(dtype)
        top = int(plane.max(initial=0))
        if top >= len(lut):
            lut = np.append(lut, np.zeros(top + 1 - len(lut), dtype))
        return np.take(lut, plane)

    return LazyStack(read, tuple(labels.shape), dtype)
