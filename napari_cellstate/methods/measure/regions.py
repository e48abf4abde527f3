"""Labels and images to a table of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.method import Method, register
from napari_cellstate.core.movie import Array
from napari_cellstate.methods.measure._regions import Regions
from napari_cellstate.methods.measure._shape import COLUMNS, MEASURES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "Measure"]

_ALWAYS = ("label", "y", "x", "area", "touches_border")
_INTENSITY = re.compile(r"intensity_(mean|sd)_\d+")


@register
class Measure(Method):
    """Position, area, shape and brightness of each cell; shape columns are made when a feature set asks for them."""

    family: ClassVar[str] = "measure"
    kind: ClassVar[str] = "regions"
    title: ClassVar[str] = "Region measures"

    def measure(self, labels: NDArray[np.uint32], planes: Sequence[Array], columns: Sequence[str] = ()) -> pd.DataFrame:
        """Measure every cell of one frame.

        Parameters
        ----------
        labels : (Y, X) uint32, 0 is background; numbers may have gaps.
        planes : the channels of the frame, each (Y, X), any real dtype; none at all is allowed.
        columns : names of `COLUMNS`, in the order wanted. What is always made may be named as well.

        Returns
        -------
        One row a cell, sorted by label: label (int64), y, x (px; the middle of pixel (0, 0) is 0, 0), area (px^2),
        touches_border (bool), the asked columns in px, then intensity_mean_c and intensity_sd_c (of all pixels of
        the cell, not of a sample) for each channel c = 0, 1, ...; float64 where not said otherwise.

        Raises
        ------
        InputError
            An unknown column, or a channel of another shape than the labels.
        """
        import pandas as pd

        asked = [name for name in dict.fromkeys(columns) if name not in _ALWAYS and not _INTENSITY.fullmatch(name)]
        _check(labels, planes, asked)
        regions = Regions.of(labels)
        y, x = regions.centroid
        values: dict[str, NDArray[np.generic]] = {
            "label": regions.label,
            "y": y,
            "x": x,
            "area": regions.area,
            "touches_border": regions.touches_border,
        }
        values |= {name: MEASURES[name](regions) for name in asked}
        for channel, plane in enumerate(planes):
            brightness = plane.ravel()[regions.pixel].astype(np.float64)
            mean = regions.mean(brightness)
            values[f"intensity_mean_{channel}"] = mean
            values[f"intensity_sd_{channel}"] = regions.spread(brightness, mean)
        return pd.DataFrame(values)


def _check(labels: Array, planes: Sequence[Array], asked: Sequence[str]) -> None:
    for name in asked:
        if name not in COLUMNS:
            raise InputError(f"measure: no column {name!r}; known: {', '.join(COLUMNS)}")
    for channel, plane in enumerate(planes):
        if plane.shape != labels.shape:
            raise InputError(
                f"measure: channel {channel} is {plane.shape[0]} x {plane.shape[1]} px, the labels "
                f"{labels.shape[0]} x {labels.shape[1]}; they must be of one frame"
            )
