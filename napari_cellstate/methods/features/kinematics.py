"""How a cell moves inside a window, and its mean shape."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.families import FeatureSet
from napari_cellstate.core.method import register
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features.paths import (
    gyration,
    mean,
    msd_exponent,
    net_distance,
    persistence,
    ratio,
    spread,
    steps,
    straightness,
    total_distance,
    turning,
)

Floats = NDArray[np.float64]

_MSD = "Gorelik and Gautreau 2014, Nat. Protoc. 9:1931"

FEATURES = (
    Feature(
        "speed",
        "Mean step length per frame, of the steps whose both ends are there.",
        length=1,
        time=-1,
    ),
    Feature(
        "speed_sd",
        "Standard deviation (divided by n) of the step lengths per frame.",
        length=1,
        time=-1,
    ),
    Feature(
        "net_distance",
        "Distance between the first and the last position that is there.",
        length=1,
    ),
    Feature(
        "total_distance",
        "Length of the path through the positions that are there, straight over gaps.",
        length=1,
        pooled=False,
    ),
    Feature(
        "straightness",
        "Net over total distance: 1 for a straight path; not defined for a cell that did not move.",
        source="Batschelet 1981, Circular Statistics in Biology",
    ),
    Feature(
        "msd_exponent",
        "Slope of ln MSD on ln lag, from lag 1 to half the window: 0 bound, 1 random, 2 straight.",
        source=_MSD,
        pooled=False,
    ),
    Feature(
        "turning_mean_abs",
        "Mean size of the angle between successive steps.",
        angle=True,
        pooled=False,
    ),
    Feature(
        "turning_cos",
        "Mean cosine of the angle between successive steps: 1 straight on, 0 any way, -1 to and fro.",
        source=_MSD,
        pooled=False,
    ),
    Feature(
        "persistence",
        "Velocity autocorrelation at one step: products of successive steps over their mean squares.",
        source=_MSD,
    ),
    Feature(
        "gyration_radius",
        "Root mean square distance of the positions from their centre.",
        length=1,
    ),
    Feature(
        "gyration_anisotropy",
        "Squared difference over squared sum of the eigenvalues of the positions' covariance: 0 round, 1 a line.",
        source="Rudnick and Gaspari 1986, J. Phys. A 19:L191",
        pooled=False,
    ),
    Feature("area_mean", "Mean area.", length=2, pooled=False),
    Feature("area_variation", "Standard deviation (divided by n) of the area over its mean.", pooled=False),
    Feature("elongation_mean", "Mean elongation."),
)
"""Columns of `Kinematics`, in order.

Not pooled are those that say again what another says (total distance and mean turning of a window), whose
distribution over a few steps is too wide or bounded on both sides to help a mixture of Gaussians (exponent, anisotropy,
turning), and those that tell cells apart rather than what they do (area).
"""


@register
class Kinematics(FeatureSet):
    """Speed, distance, directness, turning and extent of the path, and mean area and elongation.

    Notes
    -----
    Nothing here changes when the movie is turned or mirrored. Windows of fewer than three frames have no turning.
    """

    kind: ClassVar[str] = "kinematics"
    title: ClassVar[str] = "Movement and basic shape"
    measures: ClassVar[tuple[str, ...]] = ("elongation",)

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return FEATURES

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 14), in px and frames, NaN where a feature is not defined."""
        runtime.progress(0, 1, "features")
        at = windows.positions()
        moved = steps(at)
        length = np.hypot(moved[..., 0], moved[..., 1])
        turn = turning(moved)
        radius, anisotropy = gyration(at)
        area = windows.values("area")
        columns = [
            mean(length) / windows.every,
            spread(length) / windows.every,
            net_distance(at),
            total_distance(at),
            straightness(at),
            msd_exponent(at),
            mean(np.abs(turn)),
            mean(np.cos(turn)),
            persistence(moved),
            radius,
            anisotropy,
            mean(area),
            ratio(spread(area), mean(area)),
            mean(windows.values("elongation")),
        ]
        runtime.progress(1, 1, "features")
        return np.stack(columns, axis=-1)
