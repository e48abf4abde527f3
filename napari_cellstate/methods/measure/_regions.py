"""The pixels of all cells of one frame, in the order in which one pass over them gives every sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TABLE = 1 << 22


@dataclass(frozen=True, eq=False)
class Regions:
    """All cells of a label image.

    Attributes
    ----------
    shape : (Y, X) of the image.
    label : (N,) int64, sorted.
    pixel : (P,) flat indices of all pixels of cells, in raster order.
    cell : (P,) which of the N cells each pixel belongs to.
    """

    shape: tuple[int, int]
    label: Ints
    pixel: Ints
    cell: Ints

    @classmethod
    def of(cls, labels: NDArray[np.uint32]) -> Regions:
        """Collect the pixels; labels may have gaps and be as large as 2**32 - 1."""
        flat = labels.ravel()
        pixel = np.flatnonzero(flat)
        values = flat[pixel]
        largest = int(values.max(initial=0))
        if largest < _TABLE:
            present = np.zeros(largest + 1, bool)
            present[values] = True
            label = np.flatnonzero(present)
            number = np.zeros(largest + 1, np.int64)
            number[label] = np.arange(len(label))
            cell = number[values]
        else:  # a table of all numbers would need gigabytes
            label = np.unique(values).astype(np.int64)
            cell = np.searchsorted(label, values)
        return cls((labels.shape[0], labels.shape[1]), label, pixel, cell)

    def __len__(self) -> int:
        return len(self.label)

    def sum(self, values: NDArray[np.generic] | None = None) -> Floats:
        """Sum of values (P,) over the pixels of each cell; without values, the number of pixels."""
        total = np.bincount(self.cell, weights=values, minlength=len(self))
        return np.asarray(total, np.float64)

    def mean(self, values: NDArray[np.generic]) -> Floats:
        """Mean of values (P,) over the pixels of each cell."""
        return np.asarray(self.sum(values) / self.area)

    @cached_property
    def area(self) -> Floats:
        """Pixels of each cell, (N,)."""
        return self.sum()

    @cached_property
    def position(self) -> tuple[Ints, Ints]:
        """Row and column of each pixel, (P,) each."""
        row = self.pixel // self.shape[1]
        return row, self.pixel - row * self.shape[1]

    @cached_property
    def centroid(self) -> tuple[Floats, Floats]:
        """Middle (y, x) of each cell, (N,) each, px."""
        row, column = self.position
        return self.mean(row), self.mean(column)

    @cached_property
    def moments(self) -> tuple[Floats, Floats, Floats]:
        """Variance of y, covariance, variance of x over the pixels of each cell, (N,) each, px^2."""
        (row, column), (y, x) = self.position, self.centroid
        dy, dx = row - y[self.cell], column - x[self.cell]
        return self.mean(dy * dy), self.mean(dy * dx), self.mean(dx * dx)

    @cached_property
    def box(self) -> tuple[Ints, Ints, Ints, Ints]:
        """First and last row, first and last column of each cell, (N,) each."""
        row, column = self.position
        top, left = (np.full(len(self), size) for size in self.shape)
        bottom, right = np.full(len(self), -1), np.full(len(self), -1)
        top[self.cell[::-1]] = row[::-1]  # pixels are in raster order: the first one is written last, and stays
        bottom[self.cell] = row
        np.minimum.at(left, self.cell, column)
        np.maximum.at(right, self.cell, column)
        return top, bottom, left, right

    @property
    def touches_border(self) -> NDArray[np.bool_]:
        """Whether a cell has a pixel at the border of the image, (N,)."""
        row, column = self.position
        at_border = (row == 0) | (row == self.shape[0] - 1) | (column == 0) | (column == self.shape[1] - 1)
        found = np.zeros(len(self), bool)
        found[self.cell[at_border]] = True
        return found

    @property
    def image(self) -> NDArray[np.int32]:
        """Label image with the cells numbered 1..N."""
        flat = np.zeros(self.shape[0] * self.shape[1], np.int32)
        flat[self.pixel] = self.cell + 1
        return flat.reshape(self.shape)
