"""Pixels and frames to micrometres and hours, by the dimension a quantity has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Feature:
    """What one column of a feature table is.

    Attributes
    ----------
    name : the column.
    definition : one sentence, shown as a tooltip.
    length, time : powers of its dimension: a speed has 1, -1; an area 2, 0; a ratio 0, 0.
    angle : in radians.
    source : where the definition comes from.
    pooled : False for a column that should not decide states (depends on rotation, or is degenerate).
    note : how it can mislead, shown behind the definition.
    """

    name: str
    definition: str
    length: int = 0
    time: int = 0
    angle: bool = False
    source: str = ""
    pooled: bool = True
    note: str = ""

    @property
    def said(self) -> str:
        """Definition and note in one text."""
        return f"{self.definition} {self.note}".strip()

    def unit(self, pixel_size_um: float | None, dt_s: float | None) -> str:
        """Unit of the values that `factor` gives: um and h where known, else px and frames."""
        if self.angle:
            return "rad"
        parts = [(("um" if pixel_size_um else "px"), self.length), (("h" if dt_s else "frame"), self.time)]
        above = [_power(unit, power) for unit, power in parts if power > 0]
        below = [_power(unit, -power) for unit, power in parts if power < 0]
        if not above and not below:
            return ""
        return " ".join(above or ["1"]) + "".join(f"/{unit}" for unit in below)

    def factor(self, pixel_size_um: float | None, dt_s: float | None) -> float:
        """What a value in px and frames is multiplied by."""
        return float((pixel_size_um or 1.0) ** self.length * ((dt_s / 3600.0) if dt_s else 1.0) ** self.time)


def _power(unit: str, power: int) -> str:
    return unit if power == 1 else f"{unit}^{power}"


def hours(frames: float, dt_s: float | None) -> float:
    """Frames as hours, NaN where the frame interval is not known."""
    return frames * dt_s / 3600.0 if dt_s else float(np.nan)
