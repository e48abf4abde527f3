"""The texture of a cell over a window, channel by channel."""

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

_SOURCE = "Haralick et al. 1973, IEEE Trans. Syst. Man Cybern. 3:610"
_NOISE = "In faint cells it is the camera's noise; focus and pixel size change it."
_SAID = {
    "contrast": "mean squared difference of neighbouring grey levels",
    "correlation": "correlation of neighbouring grey levels (1 smooth, 0 noise)",
    "energy": "sum of squared frequencies of pairs of grey levels (1 if all are alike)",
    "homogeneity": "mean of 1 / (1 + squared difference) of neighbouring grey levels",
    "entropy": "entropy of pairs of grey levels, nats",
}
_POOLED = ("correlation", "entropy")


def _quantities(channel: int) -> tuple[Quantity, ...]:
    return tuple(
        Quantity(
            f"texture_{name}_{channel}",
            f"{said}, channel {channel}",
            source=_SOURCE,
            note=_NOISE + (" Small cells have few pairs, and less of it." if name == "entropy" else ""),
            pooled=name in _POOLED,
        )
        for name, said in _SAID.items()
    )


@register
class Texture(OfChannels):
    """Haralick's numbers of each cell's grey levels, for each channel: mean, spread, trend and autocorrelation.

    Notes
    -----
    16 grey levels over 2 standard deviations about the cell's own mean, so that gain and bleaching do not matter;
    pairs in four directions together, `texture_step` px apart (a setting of `measure`). Turning the movie by 90 degrees
    changes nothing, turning it by other angles a little.
    """

    kind: ClassVar[str] = "texture"
    title: ClassVar[str] = "Texture"
    columns_read: ClassVar[tuple[str, ...]] = tuple(f"texture_{name}" for name in _SAID)

    def features(self) -> tuple[Feature, ...]:
        """What each of its columns is, in order."""
        return tuple(feature for channel in self.numbers for one in _quantities(channel) for feature in one.features())

    def describe(self, windows: Windows, runtime: Runtime) -> Floats:
        """Describe every window, (len(windows), 20 a channel), NaN where a feature is not defined."""
        columns: list[Floats] = []
        names = self.asks()
        for nth, name in enumerate(names):
            runtime.progress(nth, len(names), "features")
            columns += four(windows.values(name), windows.every)
        runtime.progress(len(names), len(names), "features")
        return np.stack(columns, axis=-1)
