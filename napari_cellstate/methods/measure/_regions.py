"""The pixels of all cells of one frame, cell after cell, and the sums over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.movie import Array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

REACH = 2
"""Cells with no more than one pixel between them are in contact: a mask that ends a pixel early parts none."""
_TABLE = 1 << 22


def _pixel_lengths() -> Floats:
    length = np.zeros(50)
    length[[5, 7, 15, 17, 25, 27]] = 1
    length[[21, 33]] = np.sqrt(2)
    length[[13, 23]] = (1 + np.sqrt(2)) / 2
    return length


def _quads() -> Floats:
    """Crofton's length and Euler's number of each square of two by two pixels; see `Regions.crofton` and `euler`."""
    code = np.arange(16)
    a, b, c, d = (code >> bit & 1 for bit in range(4))
    across, slant = (a != b), (a != d)
    # lines in four directions, pi / 4 apart: rows and columns are 1 px apart, diagonals 1 / sqrt(2)
    rows, columns = across / 2 + (c != d) / 2, (a != c) / 2 + (b != d) / 2
    crofton = np.pi / 8 * (rows + columns + (slant + (b != c) * 1.0) / np.sqrt(2))
    ones = a + b + c + d
    euler = np.where(ones == 1, 0.25, np.where(ones == 3, -0.25, 0.0)) - 0.5 * ((ones == 2) & (a == d))
    return np.stack([crofton, euler])


_PIXEL_LENGTH, _QUADS = _pixel_lengths(), _quads()


@dataclass(frozen=True, eq=False)
class Regions:
    """All cells of a label image.

    Attributes
    ----------
    shape : (Y, X) of the image.
    label : (N,) int64, sorted.
    begin : (N + 1,) where the pixels of each cell begin.
    y, x : (P,) row and column of the pixels, cell after cell, in raster order within one.
    image : (Y + 2, X + 2) int32, the cells numbered 1..N inside an empty border.
    """

    shape: tuple[int, int]
    label: Ints
    begin: Ints
    y: Places
    x: Places
    image: Places

    @classmethod
    def of(cls, labels: NDArray[np.uint32]) -> Regions:
        """Collect the pixels; labels may have gaps and be as large as 2**32 - 1."""
        from napari_cellstate.methods.measure._passes import collect, count_labels

        labels = np.ascontiguousarray(labels, np.uint32)
        largest, names = int(labels.max(initial=0)), None
        if largest >= _TABLE:  # a table of all numbers would need gigabytes
            names, small = np.unique(np.append(labels.ravel(), np.uint32(0)), return_inverse=True)
            labels, largest = small[:-1].reshape(labels.shape).astype(np.uint32), len(names) - 1
        count = count_labels(labels, largest)
        count[0] = 0
        label = np.flatnonzero(count)
        number = np.zeros(largest + 1, np.int32)
        number[label] = np.arange(1, len(label) + 1)
        begin = np.append(0, np.cumsum(count[label]))
        y, x = np.empty((2, begin[-1]), np.int32)
        image = np.zeros((labels.shape[0] + 2, labels.shape[1] + 2), np.int32)
        collect(labels, number, begin, image, y, x)
        named = label if names is None else names[label].astype(np.int64)
        return cls((labels.shape[0], labels.shape[1]), named, begin, y, x, image)

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def area(self) -> Floats:
        """Pixels of each cell, (N,)."""
        return np.diff(self.begin).astype(np.float64)

    @cached_property
    def sums(self) -> dict[str, Floats]:
        """Box, centroid and central moments over the area, (N,) each, by the names of `_passes.SUMS`."""
        from napari_cellstate.methods.measure._passes import SUMS, sum_shapes

        found = sum_shapes(self.begin, self.y, self.x)
        return {name: np.ascontiguousarray(found[:, nth]) for nth, name in enumerate(SUMS)}

    @cached_property
    def _borders(self) -> Floats:
        from napari_cellstate.methods.measure._borders import sum_borders

        return sum_borders(self.image, self.begin, self.y, self.x, _PIXEL_LENGTH, _QUADS)

    @property
    def perimeter(self) -> Floats:
        """Length of the outline through the middles of border pixels, (N,), px.

        Each border pixel counts 1, sqrt(2) or half their sum by how its border neighbours lie (Benkrid and Crookes
        2000, Design and FPGA implementation of a perimeter estimator). A single pixel has 0.
        """
        return self._borders[:, 0]

    @property
    def crofton(self) -> Floats:
        """Length of the outline from how often lines of four directions cross it (Crofton's formula), (N,), px."""
        return self._borders[:, 1]

    @property
    def euler(self) -> Floats:
        """Pieces less holes, pieces joined at corners being one, (N,)."""
        return self._borders[:, 2]

    @cached_property
    def hull_area(self) -> Floats:
        """Pixels in the convex hull of each cell, (N,)."""
        from napari_cellstate.methods.measure._hull import hull_areas

        return hull_areas(self.begin, self.y, self.x).astype(np.float64)

    @cached_property
    def outline(self) -> Floats:
        """Numbers of the smoothed outline, (N, 9) as `_outline.COLUMNS`."""
        from napari_cellstate.methods.measure._outline import describe_outlines

        return describe_outlines(self.image, self.begin, self.y, self.x)

    @cached_property
    def contacts(self) -> Floats:
        """Part of the border within `REACH` px of other cells, and the number of these, (N, 2)."""
        from napari_cellstate.methods.measure._borders import count_contacts

        return count_contacts(self.image, self.begin, self.y, self.x, REACH)

    @property
    def touches_border(self) -> NDArray[np.bool_]:
        """Whether a cell has a pixel at the border of the image, (N,)."""
        last_row, last_column = self.shape[0] - 1, self.shape[1] - 1
        low = (self.sums["top"] == 0) | (self.sums["left"] == 0)
        return np.asarray(low | (self.sums["bottom"] == last_row) | (self.sums["right"] == last_column))

    def values(self, plane: Array) -> Floats:
        """Brightness of each pixel of the cells in a channel (Y, X), (P,)."""
        from napari_cellstate.methods.measure._passes import gather

        return gather(self.begin, self.y, self.x, np.ascontiguousarray(plane))
