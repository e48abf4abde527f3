"""The brightness of a cell over a window, above what is around it, channel by channel."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.method import register
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.units import Feature
from napari_cellstate.core.windows import Windows
from napari_cellstate.methods.features._channels import OfChannels
from napari_cellstate.methods.features._windowed import Quantity, four

Floats = NDArray[np.float64]

_BLEACHING = "Bleaching and focus change it; movies compare only where exposure and staining were the same."


def _quantities(channel: int) -> tuple[Quantity, ...]:
    of = f"channel {channel}"
    return (
        Quantity(
            f"brightness_{channel}",
            f"brightness of {of} less the background around the cell",
            note=_BLEACHING,
            pooled=True,
        ),
        Quantity(
            f"total_{channel}",
            f"sum over the cell of {of} less the background",
            note=f"Grows with the area. {_BLEACHING}",
        ),
        Quantity(
            f"unevenness_{channel}",
            f"standard deviation within the cell over the brightness of {of} less the background",
            note="Not defined for cells no brighter than the background, and noise for those hardly brighter.",
            pooled=True,
        ),
        Quantity(
            f"offcentre_{channel}",
            f"distance of the brightness of {of} (less the background) from the cell's middle, over its diameter",
            note="A mask too large on one side shifts it; not defined for cells no brighter than the background, "
            "and noise for those hardly brighter.",
            pooled=True,
        ),
        Quantity(
            f"background_{channel}",
            f"background of {of} around the cell",
            note="In crowds it holds light of the neighbours; without free pixels near it is that of the frame.",
        ),
    )


@register
class Intensity(OfChannels):
    """Brightness above the local background, its sum, unevenness and place within the cell, for each channel.

    Notes
    -----
    In the camera's grey values. The background is the median of a ring around each cell (settings of `measure`).
    """

    kind: ClassVar[str] = "intensity"
    title: ClassVar[str] = "Brightness above the background"
    columns_read: ClassVar[tuple[str, ...]] = ("intensity_mean", "intensity_sd", "intensity_shift", "background")

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return tuple(feature for channel in self.numbers for one in _quantities(channel) for feature in one.features())

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 20 a channel), NaN where a feature is not defined."""
        area = windows.values("area")
        columns: list[Floats] = []
        for nth, channel in enumerate(self.numbers):
            runtime.progress(nth, len(self.numbers), "features")
            mean, sd, shift, background = (windows.values(f"{name}_{channel}") for name in self.columns_read)
            above = mean - background
            bright = np.where(above > 0, above, np.nan)
            diameter = np.sqrt(4 / np.pi * area)
            offcentre = shift * mean / (bright * diameter)  # the background is spread evenly over the cell
            for values in (above, above * area, sd / bright, offcentre, background):
                columns += four(values, windows.every)
        runtime.progress(len(self.numbers), len(self.numbers), "features")
        return np.stack(columns, axis=-1)
