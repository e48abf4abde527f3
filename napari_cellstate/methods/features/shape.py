"""The shape of a cell over a window: what it is, how much it changes, and whether the cell moves along its axis."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.paths import mean, ratio, spread, steps

Floats = NDArray[np.float64]

RATIOS = {"elongation": "elongation", "solidity": "solidity (1 without dents)", "form_factor": "form factor"}


def _of(name: str, said: str) -> list[Feature]:
    return [
        Feature(f"{name}_mean", f"Mean {said}."),
        Feature(f"{name}_sd", f"Standard deviation (divided by n) of the {said}.", pooled=False),
        Feature(f"{name}_trend", f"Slope of the {said} in time, least squares.", time=-1, pooled=False),
        Feature(
            f"{name}_autocorr",
            f"Correlation of the {said} with itself a frame later; biased down on short windows.",
            pooled=False,
        ),
    ]


FEATURES = (
    Feature("area_mean", "Mean area; tells cells apart rather than what they do.", length=2, pooled=False),
    Feature("area_variation", "Standard deviation (divided by n) of the area over its mean.", pooled=False),
    Feature("area_trend", "Growth rate: slope of ln area in time, least squares.", time=-1, pooled=False),
    Feature(
        "area_autocorr",
        "Correlation of the area with itself a frame later; biased down on short windows.",
        pooled=False,
    ),
    *(feature for name, said in RATIOS.items() for feature in _of(name, said)),
    Feature(
        "axis_alignment",
        "Mean of cos 2a, a between a step and the long axis at its start: 1 along it, -1 across, 0 any way.",
        pooled=False,
    ),
)
"""Columns of `Shape`, in order."""


@register
class Shape(FeatureSet):
    """Area, elongation, solidity and form factor over a window: mean, spread, trend and autocorrelation.

    Notes
    -----
    Nothing here changes when the movie is turned. Given tracks without label images have no shape: all is NaN.
    """

    kind: ClassVar[str] = "shape"
    title: ClassVar[str] = "Shape and how it changes"
    measures: ClassVar[tuple[str, ...]] = (*RATIOS, "orientation")

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return FEATURES

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 17), in px and frames, NaN where a feature is not defined."""
        runtime.progress(0, 1, "features")
        area = windows.values("area")
        grown = np.log(np.where(area > 0, area, np.nan))
        columns = [mean(area), ratio(spread(area), mean(area)), trend(grown) / windows.every, autocorrelation(area)]
        for name in RATIOS:
            values = windows.values(name)
            columns += [mean(values), spread(values), trend(values) / windows.every, autocorrelation(values)]
        columns.append(alignment(steps(windows.positions()), windows.values("orientation")[:, :-1]))
        runtime.progress(1, 1, "features")
        return np.stack(columns, axis=-1)


def trend(values: Floats) -> Floats:
    """Slope of (N, W) values over their place, (N,), NaN for fewer than two that are there."""
    at = np.where(np.isfinite(values), np.arange(values.shape[1], dtype=np.float64), np.nan)
    around = at - mean(at)[:, None]
    return ratio(mean(around * (values - mean(values)[:, None])), mean(around**2))


def autocorrelation(values: Floats) -> Floats:
    """Correlation of (N, W) values, about their mean, with the next ones, (N,); NaN where they do not differ."""
    around = values - mean(values)[:, None]
    varies = mean(around**2) > 1e-20 * mean(values**2)
    before, after = around[:, :-1], around[:, 1:]
    found = ratio(mean(before * after), mean((before**2 + after**2) / 2))
    return np.where(varies, np.clip(found, -1.0, 1.0), np.nan)


def alignment(moved: Floats, orientation: Floats) -> Floats:
    """Mean of cos 2a between steps (N, W - 1, 2) and long axes (N, W - 1), rad from the y axis; (N,)."""
    length = np.hypot(moved[..., 0], moved[..., 1])
    way = np.where(length > 0, np.arctan2(moved[..., 1], moved[..., 0]), np.nan)
    return mean(np.cos(2 * (way - orientation)))
