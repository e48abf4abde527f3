"""The shape of a cell over a window: what it is, how much it changes, and whether the cell moves along its axis."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._shape.outlines import compare_outlines
from napari_cellstate.methods.features._windowed import Quantity, autocorrelation, four, trend
from napari_cellstate.methods.features.paths import mean, ratio, spread, steps

Floats = NDArray[np.float64]

_MASK = "As good as the mask."
_SMALL = "On cells of less than about 100 pixels it is mostly pixels."
_REGIONPROPS = "scikit-image regionprops"
_FOURIER = "after Granlund 1972, IEEE Trans. Comput. C-21:195"
_GAINED = "Everything that a fast cell moves into or out of counts, and so does a wrong outline."

AREA = (
    Feature(
        "area_mean", "Mean area.", length=2, pooled=False, note="Tells cells apart rather than what they do. " + _MASK
    ),
    Feature(
        "area_variation",
        "Standard deviation (divided by n) of the area over its mean.",
        pooled=False,
        note="One wrong outline decides it.",
    ),
    Feature(
        "area_trend",
        "Growth rate: slope of ln area in time, least squares.",
        time=-1,
        pooled=False,
        note="A cell that spreads or rounds up grows and shrinks on the image too.",
    ),
    Feature(
        "area_autocorr",
        "Correlation of the area with itself a frame later.",
        pooled=False,
        note="Biased down on short windows, and by noise.",
    ),
)

RATIOS = (
    Quantity("elongation", "elongation (1 - minor / major axis)", note=_MASK, pooled=True),
    Quantity("solidity", "solidity (1 without dents)", source=_REGIONPROPS, note=_SMALL, pooled=True),
    Quantity(
        "form_factor",
        "form factor (4 pi area / perimeter^2)",
        note="Not capped: small round cells reach above 1, since the outline runs through pixel middles.",
        pooled=True,
    ),
)
"""Described with all four numbers."""

MORE = (
    Quantity("major_axis", "long axis of the ellipse with the same second moments", 1, _REGIONPROPS, _MASK),
    Quantity("minor_axis", "short axis of the ellipse with the same second moments", 1, _REGIONPROPS, _MASK),
    Quantity(
        "eccentricity",
        "eccentricity",
        source=_REGIONPROPS,
        note="Insensitive near 1: 0.87 is only half as wide as long.",
    ),
    Quantity("convexity", "convexity (hull over outline length, smoothed)", note="Thin protrusions are smoothed away."),
    Quantity("bending", "squared curvature of the smoothed outline (1 for a circle)", note=_SMALL),
    Quantity("curvature_sd", "standard deviation of the outline's curvature (0 for a circle)", note=_SMALL),
    Quantity("concave", "part of the smoothed outline that bends inwards", note="In steps of 1/64 of the outline."),
    *(
        Quantity(
            f"lobes_{n}",
            f"size of the waves with {n} lobes in the outline (e / sqrt(2) for R (1 + e cos {n} a))",
            source=_FOURIER,
            note="An elongated cell has 2 lobes, and a little of 4." if n in (2, 4) else _SMALL,
        )
        for n in range(2, 7)
    ),
)
"""Described with their mean, or with all four numbers where the setting says so."""

BETWEEN = (
    Quantity("protrusion", "area gained from one frame to the next, over the area", note=_GAINED),
    Quantity("retraction", "area lost from one frame to the next, over the area", note=_GAINED),
    Quantity(
        "deformation",
        "part of both outlines that does not fit when the middles are laid together",
        note="Half a pixel of shift is left over: small cells read a few hundredths more. Turning counts too.",
    ),
)
"""Of two frames; NaN where the movie has no labels."""

ALIGNMENT = Feature(
    "axis_alignment",
    "Mean of cos 2a, a between a step and the long axis at its start: 1 along it, -1 across, 0 any way.",
    pooled=False,
    note="For round cells, and for steps as small as the position noise, the angle is noise.",
)


@register
class Shape(FeatureSet):
    """Area, axes, outline and its waves over a window; what is gained and lost from frame to frame.

    Notes
    -----
    Nothing here changes when the movie is turned, but for what pixels do. Given tracks without label images have no
    shape: all is NaN.
    """

    kind: ClassVar[str] = "shape"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Shape and how it changes"

    statistics: Literal["few", "all"] = setting(
        "few",
        "Statistics",
        rare=True,
        help='"few" gives all four numbers (mean, spread, trend, autocorrelation) for the usual measures and means '
        'for the others; "all" gives four for each.',
    )

    def asks(self) -> tuple[str, ...]:
        """Columns of the cell table that it reads."""
        return (*(one.name for one in (*RATIOS, *MORE)), "orientation")

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        last = 4 if self.statistics == "all" else 1
        usual = (feature for one in RATIOS for feature in one.features())
        more = (feature for one in (*MORE, *BETWEEN) for feature in one.features()[:last])
        return (*AREA, *usual, ALIGNMENT, *more)

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), len(features())), in px and frames, NaN where it is not defined."""
        runtime.progress(0, 1, "features")
        area, every, last = windows.values("area"), windows.every, 4 if self.statistics == "all" else 1
        grown = np.log(np.where(area > 0, area, np.nan))
        columns = [mean(area), ratio(spread(area), mean(area)), trend(grown) / every, autocorrelation(area)]
        for one in RATIOS:
            columns += four(windows.values(one.name), every)
        columns.append(alignment(steps(windows.positions()), windows.values("orientation")[:, :-1]))
        for one in MORE:
            columns += _some(windows.values(one.name), every, last)
        changes = np.append(compare_outlines(windows, runtime), np.full((1, len(BETWEEN)), np.nan), axis=0)
        for nth in range(len(BETWEEN)):
            columns += _some(changes[windows.cell[:, :-1], nth], every, last)
        runtime.progress(1, 1, "features")
        return np.stack(columns, axis=-1)


def _some(values: Floats, every: int, last: int) -> list[Floats]:
    return [mean(values)] if last == 1 else four(values, every)


def alignment(moved: Floats, orientation: Floats) -> Floats:
    """Mean of cos 2a between steps (N, W - 1, 2) and long axes (N, W - 1), rad from the y axis; (N,)."""
    length = np.hypot(moved[..., 0], moved[..., 1])
    way = np.where(length > 0, np.arctan2(moved[..., 1], moved[..., 0]), np.nan)
    return mean(np.cos(2 * (way - orientation)))
