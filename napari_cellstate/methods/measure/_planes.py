"""Brightness of cells in one channel: what each column is, and how it is computed for all cells at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from napari_cellstate.core.movie import Array
from napari_cellstate.core.units import Feature
from napari_cellstate.methods.measure._regions import Floats, Regions

FEWEST = 20
"""Pixels of a ring below which its median is too noisy; the cell then has the background of the frame."""

_HARALICK = "Haralick et al. 1973, IEEE Trans. Syst. Man Cybern. 3:610"
_SOURCE = "scikit-image regionprops"


@dataclass(frozen=True, eq=False)
class Plane:
    """One channel of a frame, seen through its cells.

    Attributes
    ----------
    regions : the cells.
    image : (Y, X), the channel.
    ring : background lies more than the first and at most the second of these from a cell, px.
    step : px between the pixels of a pair, for texture.
    """

    regions: Regions
    image: Array
    ring: tuple[int, int]
    step: int

    @cached_property
    def values(self) -> Floats:
        """Brightness of each pixel of cells, (P,)."""
        return self.regions.values(self.image)

    @cached_property
    def sums(self) -> dict[str, Floats]:
        """Statistics by the names of `_passes.BRIGHTNESS`, (N,) each."""
        from napari_cellstate.methods.measure._passes import BRIGHTNESS, sum_brightness

        found = sum_brightness(self.regions.begin, self.regions.y, self.regions.x, self.values)
        return {name: np.ascontiguousarray(found[:, nth]) for nth, name in enumerate(BRIGHTNESS)}

    @cached_property
    def texture(self) -> Floats:
        """Texture, (N, 5)."""
        from napari_cellstate.methods.measure._texture import describe_textures

        of, sums = self.regions, self.sums
        return describe_textures(of.image, of.begin, of.y, of.x, self.values, sums["mean"], sums["sd"], self.step)

    @property
    def background(self) -> Floats:
        """Median around each cell; where little is free there, that of all pixels of the frame without a cell."""
        from napari_cellstate.methods.measure._ring import ring_medians

        of = self.regions
        plane = np.ascontiguousarray(self.image)
        found = ring_medians(of.image, of.begin, of.y, of.x, plane, *self.ring, FEWEST)
        if np.isnan(found).any():
            free = plane[of.image[1:-1, 1:-1] == 0]
            found[np.isnan(found)] = np.median(free) if len(free) else np.nan
        return found

    @property
    def shift(self) -> Floats:
        """Distance from the middle of each cell to that of its brightness, (N,), px."""
        return np.hypot(self.sums["y"] - self.regions.sums["y"], self.sums["x"] - self.regions.sums["x"])


def _sum(name: str, plane: Plane) -> Floats:
    return plane.sums[name]


def _texture(nth: int, plane: Plane) -> Floats:
    return plane.texture[:, nth]


_TEXTURE = ("contrast", "correlation", "energy", "homogeneity", "entropy")

PLANE_MEASURES: Mapping[str, Callable[[Plane], Floats]] = {
    **{f"intensity_{name}": partial(_sum, name) for name in ("mean", "sd", "min", "max", "median", "y", "x")},
    "intensity_shift": lambda plane: plane.shift,
    "background": lambda plane: plane.background,
    **{f"texture_{name}": partial(_texture, nth) for nth, name in enumerate(_TEXTURE)},
}
"""What can be asked for of a channel, by name; a channel's number is put behind: ``background_0``."""

PLANE_COLUMNS: Mapping[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("intensity_mean", "Mean brightness of the cell's pixels.", source=_SOURCE),
        Feature("intensity_sd", "Standard deviation (divided by n) of their brightness.", source=_SOURCE),
        Feature("intensity_min", "Least brightness: one bad pixel decides it.", source=_SOURCE),
        Feature("intensity_max", "Greatest brightness: one bad pixel decides it.", source=_SOURCE),
        Feature("intensity_median", "Median brightness.", source=_SOURCE),
        Feature("intensity_y", "Row of the middle of the brightness.", 1, source=_SOURCE, pooled=False),
        Feature("intensity_x", "Column of the middle of the brightness.", 1, source=_SOURCE, pooled=False),
        Feature("intensity_shift", "Distance from the middle of the cell to that of its brightness.", 1),
        Feature("background", "Median brightness around the cell, where no cell is."),
        Feature("texture_contrast", "Mean squared difference of neighbouring grey levels.", source=_HARALICK),
        Feature("texture_correlation", "Correlation of neighbouring grey levels.", source=_HARALICK),
        Feature("texture_energy", "Sum of squared parts of pairs of levels: 1 if all are alike.", source=_HARALICK),
        Feature("texture_homogeneity", "Mean of 1 / (1 + difference^2) of neighbours.", source=_HARALICK),
        Feature("texture_entropy", "Entropy of pairs of levels, nats.", source=_HARALICK),
    )
}
