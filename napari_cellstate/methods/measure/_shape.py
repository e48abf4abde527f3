"""Shape of cells: what each column is, and how it is computed for all cells at once.

Definitions are those of scikit-image's regionprops where a column has that for its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.units import Feature
from napari_cellstate.methods.measure._regions import Floats, Regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SOURCE = "scikit-image regionprops"
_FOURIER = "after Granlund 1972, IEEE Trans. Comput. C-21:195"
_SIDES = {"top": "first row", "left": "first column", "bottom": "last row", "right": "last column"}
_HU = (
    *(f"Hu's moment {nth} of the mask: does not change when it is turned or grows." for nth in range(1, 7)),
    "Hu's moment 7 of the mask: mirroring changes its sign.",
)
_OUTLINED = {
    "convexity": "Length of the convex hull over that of the outline, both of the smoothed outline: 1 without dents.",
    "bending": "Mean squared curvature of the smoothed outline times (its length / 2 pi)^2: 1 for a circle.",
    "curvature_sd": "Standard deviation of the curvature along the smoothed outline times its length / 2 pi.",
    "concave": "Part of the smoothed outline that bends inwards.",
    **{
        f"lobes_{n}": f"Size of the waves with {n} lobes in the outline, over that of the circle: e / sqrt(2) for the "
        f"outline R (1 + e cos {n} a)."
        for n in range(2, 7)
    },
}


def _axes(regions: Regions) -> tuple[Floats, Floats]:
    yy, yx, xx = (regions.sums[name] for name in ("yy", "yx", "xx"))
    middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return 4 * np.sqrt(middle + apart), 4 * np.sqrt(np.maximum(middle - apart, 0))


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
    yy, yx, xx = (regions.sums[name] for name in ("yy", "yx", "xx"))
    angle = 0.5 * np.arctan2(2 * yx, yy - xx)
    round_ = np.hypot((yy - xx) / 2, yx) <= 1e-12 * np.maximum(yy + xx, 1)
    return np.where(round_, np.nan, angle)


def extent(regions: Regions) -> Floats:
    """Area over the area of the upright box around the cell."""
    top, left, bottom, right = (regions.sums[name] for name in BOX)
    return np.asarray(regions.area / ((bottom - top + 1) * (right - left + 1)))


def form_factor(regions: Regions) -> Floats:
    """4 pi area / perimeter^2, NaN where the perimeter is 0."""
    return _ratio(4 * np.pi * regions.area, regions.perimeter**2, np.nan)


def hu_moments(regions: Regions) -> Floats:
    """Hu's seven moments, (7, N), of the central moments over area^(1 + order / 2)."""
    root = np.sqrt(regions.area)
    yy, yx, xx = (regions.sums[name] / regions.area for name in ("yy", "yx", "xx"))
    yyy, yyx, yxx, xxx = (regions.sums[name] / (regions.area * root) for name in ("yyy", "yyx", "yxx", "xxx"))
    p, q = yyy - 3 * yxx, 3 * yyx - xxx
    s, t = yyy + yxx, yyx + xxx
    return np.stack(
        [
            yy + xx,
            (yy - xx) ** 2 + 4 * yx**2,
            p**2 + q**2,
            s**2 + t**2,
            p * s * (s**2 - 3 * t**2) + q * t * (3 * s**2 - t**2),
            (yy - xx) * (s**2 - t**2) + 4 * yx * s * t,
            q * s * (s**2 - 3 * t**2) - p * t * (3 * s**2 - t**2),
        ]
    )


def _ratio(above: Floats, below: Floats, otherwise: float) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), otherwise), where=below > 0))


def _box(side: str, regions: Regions) -> Floats:
    return regions.sums[side]


def _hu(nth: int, regions: Regions) -> Floats:
    return np.asarray(hu_moments(regions)[nth])


def _outlined(nth: int, regions: Regions) -> Floats:
    return regions.outline[:, nth]


BOX = ("top", "left", "bottom", "right")

MEASURES: Mapping[str, Callable[[Regions], NDArray[np.float64]]] = {
    "area": lambda regions: regions.area,
    "perimeter": lambda regions: regions.perimeter,
    "perimeter_crofton": lambda regions: regions.crofton,
    "major_axis": lambda regions: _axes(regions)[0],
    "minor_axis": lambda regions: _axes(regions)[1],
    "eccentricity": eccentricity,
    "elongation": elongation,
    "solidity": lambda regions: regions.area / regions.hull_area,
    "form_factor": form_factor,
    "equivalent_diameter": lambda regions: np.sqrt(4 / np.pi * regions.area),
    "orientation": orientation,
    "extent": extent,
    "hull_area": lambda regions: regions.hull_area,
    "euler_number": lambda regions: regions.euler,
    "contact": lambda regions: regions.contacts[:, 0],
    "contacts": lambda regions: regions.contacts[:, 1],
    **{f"box_{side}": partial(_box, side) for side in BOX},
    **{f"hu_{nth + 1}": partial(_hu, nth) for nth in range(7)},
    **{name: partial(_outlined, nth) for nth, name in enumerate(_OUTLINED)},
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
        Feature(
            "perimeter_crofton",
            "Length of the outline by Crofton's formula in four directions: nearer to the truth than the perimeter, "
            "pixel sides included.",
            1,
            source=_SOURCE,
        ),
        Feature("hull_area", "Area of the convex hull, in pixels whose middle is in it.", 2, source=_SOURCE),
        Feature("contact", "Part of the border pixels with another cell at most 2 px to one of their four sides."),
        Feature("contacts", "Number of cells that are so near.", pooled=False),
        Feature("euler_number", "Pieces less holes.", source=_SOURCE, pooled=False),
        *(
            Feature(f"box_{side}", f"The box around the cell: {said}.", 1, pooled=False)
            for side, said in _SIDES.items()
        ),
        *(Feature(f"hu_{nth}", said, source=_SOURCE, pooled=False) for nth, said in enumerate(_HU, start=1)),
        *(Feature(name, said, source=_FOURIER) for name, said in _OUTLINED.items()),
        Feature("orientation", "Angle of the long axis to the y axis.", angle=True, source=_SOURCE, pooled=False),
        Feature("extent", "Area over the area of the upright box around the cell.", source=_SOURCE, pooled=False),
    )
}
"""What can be asked for, by name; powers of length and definitions."""
