"""The pixels of all cells of one frame, in the order in which one pass over them gives every sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TABLE = 1 << 22


def _pixel_lengths() -> Floats:
    length = np.zeros(50)
    length[[5, 7, 15, 17, 25, 27]] = 1
    length[[21, 33]] = np.sqrt(2)
    length[[13, 23]] = (1 + np.sqrt(2)) / 2
    return length


_PIXEL_LENGTH = _pixel_lengths()


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
        flat = np.ascontiguousarray(labels, np.uint32).ravel()
        largest = int(flat.max(initial=0))
        if largest < _TABLE:
            from napari_cellstate.methods.measure._passes import collect, count_labels

            count = count_labels(flat, largest)
            count[0] = 0
            label = np.flatnonzero(count)
            number = np.zeros(largest + 1, np.int64)
            number[label] = np.arange(len(label))
            pixel, cell = np.empty((2, count.sum()), np.int64)
            collect(flat, number, pixel, cell)
        else:  # a table of all numbers would need gigabytes
            pixel = np.flatnonzero(flat)
            label, cell = np.unique(flat[pixel], return_inverse=True)
            label = label.astype(np.int64)
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
        from napari_cellstate.methods.measure._passes import sum_moments

        yy, yx, xx = sum_moments(self.cell, *self.position, *self.centroid) / self.area
        return yy, yx, xx

    def spread(self, values: Floats, mean: Floats) -> Floats:
        """Standard deviation (divided by n) of values (P,) over the pixels of each cell, given their mean (N,)."""
        from napari_cellstate.methods.measure._passes import sum_squares

        return np.sqrt(sum_squares(self.cell, values, mean) / self.area)

    @cached_property
    def perimeter(self) -> Floats:
        """Length of the outline through the middles of border pixels, (N,), px.

        Each border pixel counts 1, sqrt(2) or half their sum by how its border neighbours lie (Benkrid and Crookes
        2000, Design and FPGA implementation of a perimeter estimator). A single pixel has 0.
        """
        from napari_cellstate.methods.measure._passes import sum_outlines

        row, column = self.position
        padded = np.zeros((self.shape[0] + 2, self.shape[1] + 2), np.int32)
        at = (row + 1) * padded.shape[1] + column + 1
        padded.ravel()[at] = self.cell + 1
        return sum_outlines(padded, at, _PIXEL_LENGTH, len(self))

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
