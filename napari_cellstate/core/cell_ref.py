"""Which cell is meant, said so that it can be found again after another segmentation: by place, never by label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from napari_cellstate.core.outline import Plane, checked, outline_of, under

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_SAME = 0.01
_SHARE = 0.5
_ALONE = 10.0


class CellRef(BaseModel):
    """A cell by frame and place.

    Attributes
    ----------
    frame : its frame.
    y, x : its middle, px.
    area : of its outline, px^2; 0 where it is not known.
    room : half the distance to the nearest other cell of the frame, px: a cell without outline that is found again
        must be nearer than this.
    outline : its mask, as `core.outline` writes it; "" where there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    frame: int = Field(ge=0)
    y: float = Field(allow_inf_nan=False)
    x: float = Field(allow_inf_nan=False)
    area: float = Field(0.0, ge=0, allow_inf_nan=False)
    room: float = Field(_ALONE, ge=0, allow_inf_nan=False)
    outline: Annotated[str, AfterValidator(checked)] = Field("", repr=False)

    @model_serializer(mode="wrap")
    def _without_blanks(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """An outline is written where there is one, so that the others stay as they were before outlines were kept."""
        content: dict[str, Any] = handler(self)
        return {name: value for name, value in content.items() if name != "outline" or value}

    def __str__(self) -> str:
        return f"the cell at ({self.y:.1f}, {self.x:.1f}) in frame {self.frame}"


@dataclass(frozen=True, eq=False)
class Places:
    """Cells of one movie, ready to be found by place.

    Attributes
    ----------
    frame : (N,) ascending.
    at : (N, 2) px.
    area : (N,) px^2, 0 where not known.
    label : (N,).
    plane : gives the labels of a frame, (Y, X); None where there are no masks.
    """

    frame: NDArray[np.int64]
    at: Floats
    area: Floats
    label: NDArray[np.int64]
    plane: Callable[[int], Plane] | None = None

    @classmethod
    def of(cls, cells: pd.DataFrame, plane: Callable[[int], Plane] | None = None) -> Places:
        """From a cell table, and the masks if there are any."""
        area = cells["area"].to_numpy(np.float64) if "area" in cells.columns else np.zeros(len(cells))
        return cls(
            cells["frame"].to_numpy(np.int64),
            cells[["y", "x"]].to_numpy(np.float64),
            np.where(np.isfinite(area), area, 0.0),
            cells["label"].to_numpy(np.int64),
            plane,
        )

    def ref(self, row: int, *, outlined: bool = True) -> CellRef:
        """How to find this cell again, by its outline too where there are masks (`outlined` False: not so)."""
        low, high = self._rows(int(self.frame[row]))
        away = np.hypot(*(self.at[low:high] - self.at[row]).T)
        away[row - low] = np.inf
        room = min(float(away.min()) / 2, _ALONE) if len(away) > 1 else _ALONE
        y, x = self.at[row].tolist()
        frame = int(self.frame[row])
        outline = outline_of(self.plane(frame), int(self.label[row])) if self.plane is not None and outlined else ""
        return CellRef(frame=frame, y=y, x=x, area=float(self.area[row]), room=room, outline=outline)

    def fitting(self, ref: CellRef) -> NDArray[np.int64]:
        """Rows of all cells that fit.

        A cell at the very place with the very area is it. Else, of cells with outlines (seen as discs of their area
        where the outline itself was not kept), each must cover more than half of the other: neither the half of a cell
        that was cut in two fits, nor two cells that were merged. Of cells without, it must lie within `room`.
        """
        low, high = self._rows(ref.frame)
        away = np.hypot(self.at[low:high, 0] - ref.y, self.at[low:high, 1] - ref.x)
        area = self.area[low:high]
        same = np.flatnonzero((away <= _SAME) & (np.abs(area - ref.area) <= 1e-6 * (1 + ref.area)))
        if len(same) == 1:
            return low + same
        if ref.outline and self.plane is not None and high > low:
            return low + np.flatnonzero(np.isin(self.label[low:high], under(ref.outline, self.plane(ref.frame))))
        outlined = (area > 0) & (ref.area > 0)
        near = np.flatnonzero(np.where(outlined, away * away < np.pi * ref.area, away <= ref.room))
        fits = [
            at
            for at in near.tolist()
            if not outlined[at]
            or _common(ref.area, float(area[at]), float(away[at])) > _SHARE * max(ref.area, float(area[at]))
        ]
        return low + np.array(fits, np.int64)

    def _rows(self, frame: int) -> tuple[int, int]:
        low, high = np.searchsorted(self.frame, [frame, frame + 1])
        return int(low), int(high)


def _common(a: float, b: float, distance: float) -> float:
    """Area that two discs have in common, given their areas and the distance of their middles."""
    r, s = np.sqrt(a / np.pi), np.sqrt(b / np.pi)
    if distance >= r + s:
        return 0.0
    if distance <= abs(r - s):
        return min(a, b)
    d = distance
    one = r * r * np.arccos((d * d + r * r - s * s) / (2 * d * r))
    two = s * s * np.arccos((d * d + s * s - r * r) / (2 * d * s))
    rest = (-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s)
    return float(one + two - np.sqrt(max(rest, 0.0)) / 2)
