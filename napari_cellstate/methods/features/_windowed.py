"""Four numbers of any measure over a window: mean, spread, trend and autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.units import Feature
from napari_cellstate.methods.features.paths import mean, ratio, spread

Floats = NDArray[np.float64]

SHORT = "Biased down on short windows, and by noise."


@dataclass(frozen=True)
class Quantity:
    """What is described over a window.

    Attributes
    ----------
    name, said : of its columns and in their definitions.
    length : power of its dimension.
    source, note : as in `Feature`.
    pooled : its mean may decide states.
    """

    name: str
    said: str
    length: int = 0
    source: str = ""
    note: str = ""
    pooled: bool = False

    def features(self) -> tuple[Feature, ...]:
        """The columns that `four` makes."""
        of = Feature(self.name, self.said, self.length, source=self.source, pooled=False)
        said = self.said
        return (
            replace(of, name=f"{self.name}_mean", definition=f"Mean {said}.", note=self.note, pooled=self.pooled),
            replace(
                of,
                name=f"{self.name}_sd",
                definition=f"Standard deviation (divided by n) of the {said}.",
                note=f"Noise adds to it. {self.note}".strip(),
            ),
            replace(
                of,
                name=f"{self.name}_trend",
                definition=f"Slope of the {said} in time, least squares.",
                time=-1,
                note=f"Its error is large on short windows. {self.note}".strip(),
            ),
            replace(
                of,
                name=f"{self.name}_autocorr",
                definition=f"Correlation of the {said} with itself a frame later.",
                length=0,
                note=SHORT,
            ),
        )


def four(values: Floats, every: int) -> list[Floats]:
    """Mean, spread, trend a frame and autocorrelation of (N, W) values whose columns are `every` frames apart."""
    return [mean(values), spread(values), trend(values) / every, autocorrelation(values)]


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
