"""Shape of cells: what each column is, and how it is computed for all cells at once.

Definitions are those of scikit-image's regionprops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.units import Feature
from napari_cellstate.methods.measure._regions import Floats, Regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SOURCE = "scikit-image regionprops"


def area(regions: Regions) -> Floats:
    """Number of pixels."""
    return regions.area


def _axes(regions: Regions) -> tuple[Floats, Floats]:
    yy, yx, xx = regions.moments
    middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return 4 * np.sqrt(middle + apart), 4 * np.sqrt(np.maximum(middle - apart, 0))


def major_axis(regions: Regions) -> Floats:
    """Long axis of the ellipse with the same second moments."""
    return _axes(regions)[0]


def minor_axis(regions: Regions) -> Floats:
    """Short axis of the ellipse with the same second moments."""
    return _axes(regions)[1]


def eccentricity(regions: Regions) -> Floats:
    """0 for a circle and for a single pixel, 1 for a line."""
    major, minor = _axes(regions)
    return np.sqrt(np.maximum(1 - _ratio(minor, major, 1.0) ** 2, 0))


def elongation(regions: Regions) -> Floats:
    """0 for a circle and for a single pixel, 1 for a line."""
    major, minor = _axes(regions)
    return 1 - _ratio(minor, major, 1.0)


def orientation(regions: Regions) -> Floats:
    """Angle of the long axis to the y axis, -pi/2 to pi/2; NaN where no axis is longer than the other."""
    yy, yx, xx = regions.moments
    angle = 0.5 * np.arctan2(2 * yx, yy - xx)
    round_ = np.hypot((yy - xx) / 2, yx) <= 1e-12 * np.maximum(yy + xx, 1)
    return np.where(round_, np.nan, angle)


def equivalent_diameter(regions: Regions) -> Floats:
    """Diameter of the disc with the same area."""
    return np.sqrt(4 / np.pi * regions.area)


def extent(regions: Regions) -> Floats:
    """Area over the area of the upright box around the cell."""
    top, bottom, left, right = regions.box
    return regions.area / ((bottom - top + 1) * (right - left + 1))


def form_factor(regions: Regions) -> Floats:
    """4 pi area / perimeter^2, NaN where the perimeter is 0."""
    return _ratio(4 * np.pi * regions.area, perimeter(regions) ** 2, np.nan)


def perimeter(regions: Regions) -> Floats:
    """Length of the line through the middles of the border pixels."""
    return regions.perimeter


def solidity(regions: Regions) -> Floats:
    """Area over the area of the convex hull, both in pixels."""
    from napari_cellstate.methods.measure._hull import hull_areas

    row, column = regions.position
    top, bottom, _, _ = regions.box
    return regions.area / hull_areas(regions.cell, row, column, top, bottom)


def _ratio(above: Floats, below: Floats, otherwise: float) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), otherwise), where=below > 0))


MEASURES: Mapping[str, Callable[[Regions], NDArray[np.float64]]] = {
    measure.__name__: measure
    for measure in (
        area,
        perimeter,
        major_axis,
        minor_axis,
        eccentricity,
        elongation,
        solidity,
        form_factor,
        equivalent_diameter,
        orientation,
        extent,
    )
}

COLUMNS: Mapping[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("area", "Area of the cell.", length=2, source=_SOURCE),
        Feature("perimeter", "Length of the outline through the middles of the border pixels.", 1, source=_SOURCE),
        Feature("major_axis", "Long axis of the ellipse with the same second moments.", 1, source=_SOURCE),
        Feature("minor_axis", "Short axis of the ellipse with the same second moments.", 1, source=_SOURCE),
        Feature("eccentricity", "0 for a circle, 1 for a line: sqrt(1 - (minor / major)^2).", source=_SOURCE),
        Feature("elongation", "0 for a circle, 1 for a line: 1 - minor / major axis."),
        Feature("solidity", "Area over the area of the convex hull: 1 without dents.", source=_SOURCE),
        Feature(
            "form_factor",
            "4 pi area / perimeter^2: 1 for a disc, less for a ragged outline; not capped, small round cells reach "
            "above 1 since the outline runs through pixel middles.",
        ),
        Feature("equivalent_diameter", "Diameter of the disc with the same area.", 1, source=_SOURCE),
        Feature("orientation", "Angle of the long axis to the y axis.", angle=True, source=_SOURCE, pooled=False),
        Feature("extent", "Area over the area of the upright box around the cell.", source=_SOURCE, pooled=False),
    )
}
"""What can be asked for, by name; powers of length and definitions."""
