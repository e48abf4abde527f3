"""Labels and images to a table of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import Method, register, setting
from napari_cellstate.core.movie import Array
from napari_cellstate.methods.measure._planes import PLANE_COLUMNS, PLANE_MEASURES, Plane
from napari_cellstate.methods.measure._regions import Regions
from napari_cellstate.methods.measure._shape import COLUMNS, MEASURES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "PLANE_COLUMNS", "Measure"]

_ALWAYS = ("label", "y", "x", "area", "touches_border")
_ALWAYS_OF_PLANE = ("intensity_mean", "intensity_sd")
_OF_PLANE = re.compile(rf"({'|'.join(PLANE_COLUMNS)})_(\d+)")


@register
class Measure(Method):
    """Position, area and brightness of each cell; all else (shape, texture, background) when a feature set asks."""

    family: ClassVar[str] = "measure"
    kind: ClassVar[str] = "regions"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Region measures"

    ring_from: int = setting(
        2,
        "Background from",
        unit="px",
        ge=0,
        le=100,
        rare=True,
        help="The background of a cell is taken from pixels farther away than this: beyond the halo of its light.",
    )
    ring_to: int = setting(
        7,
        "Background to",
        unit="px",
        ge=1,
        le=200,
        rare=True,
        help="... and at most so far: wider is surer, narrower follows uneven light.",
    )
    texture_step: int = setting(
        1,
        "Texture step",
        unit="px",
        ge=1,
        le=50,
        rare=True,
        help="Texture compares pixels so far apart: 1 is the finest, and sees noise first.",
    )

    def measure(self, labels: NDArray[np.uint32], planes: Sequence[Array], columns: Sequence[str] = ()) -> pd.DataFrame:
        """Measure every cell of one frame.

        Parameters
        ----------
        labels : (Y, X) uint32, 0 is background; numbers may have gaps.
        planes : the channels of the frame, each (Y, X), any real dtype; none at all is allowed.
        columns : names of `COLUMNS`, or of `PLANE_COLUMNS` with the number of a channel behind (``background_0``), in
            the order wanted. What is always made may be named as well.

        Returns
        -------
        One row a cell, sorted by label: label (int64), y, x (px; the middle of pixel (0, 0) is 0, 0), area (px^2),
        touches_border (bool), the asked columns in px, then intensity_mean_c and intensity_sd_c (of all pixels of
        the cell, not of a sample) for each channel c = 0, 1, ...; float64 where not said otherwise. Without planes,
        asked columns of channels are NaN.

        Raises
        ------
        InputError
            An unknown column, a channel that is not there, or one of another shape than the labels.
        """
        import pandas as pd

        always = {f"{name}_{channel}": name for channel in range(len(planes)) for name in _ALWAYS_OF_PLANE}
        asked = [name for name in dict.fromkeys(columns) if name not in _ALWAYS and name not in always]
        _check(labels, planes, asked)
        regions = Regions.of(labels)
        seen = [Plane(regions, plane, (self.ring_from, self.ring_to), self.texture_step) for plane in planes]
        values: dict[str, NDArray[np.generic]] = {
            "label": regions.label,
            "y": regions.sums["y"],
            "x": regions.sums["x"],
            "area": regions.area,
            "touches_border": regions.touches_border,
        }
        for name in (*asked, *always):
            values[name] = _column(name, regions, seen)
        return pd.DataFrame(values)


def _column(name: str, regions: Regions, planes: Sequence[Plane]) -> NDArray[np.float64]:
    of_plane = _OF_PLANE.fullmatch(name)
    if of_plane is None:
        return MEASURES[name](regions)
    if not planes:
        return np.full(len(regions), np.nan)
    return PLANE_MEASURES[of_plane[1]](planes[int(of_plane[2])])


def _check(labels: Array, planes: Sequence[Array], asked: Sequence[str]) -> None:
    for name in asked:
        of_plane = _OF_PLANE.fullmatch(name)
        if of_plane is None and name not in MEASURES:
            known = ", ".join([*COLUMNS, *(f"{one}_0" for one in PLANE_COLUMNS)])
            raise InputError(f"measure: no column {name!r}; known: {known}")
        if of_plane and planes and int(of_plane[2]) >= len(planes):
            raise InputError(
                f"measure: {name} asks for channel {of_plane[2]}, but the movie has {len(planes)}, counted from 0; "
                "change the channels of the feature set"
            )
    for channel, plane in enumerate(planes):
        if plane.shape != labels.shape:
            raise InputError(
                f"measure: channel {channel} is {plane.shape[0]} x {plane.shape[1]} px, the labels "
                f"{labels.shape[0]} x {labels.shape[1]}; they must be of one frame"
            )
