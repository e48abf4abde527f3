"""What the links of the first pass leave open: ends and starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._frames import FirstPass
from napari_cellstate.methods.link._held import Held
from napari_cellstate.methods.link._links import Links
from napari_cellstate.methods.link._points import Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def links_of(first: FirstPass) -> Links:
    """Links of the first pass."""
    parts = zip(first.source, first.target, first.gain, first.sure, strict=True)
    return Links.joined([Links(*part) for part in parts])


@dataclass(frozen=True)
class Scene:
    """What the second pass looks at.

    Attributes
    ----------
    block : (N,) position of each cell's frame in `Points.frames`.
    ends, starts : rows without a link forward (not in the last frame), and backward (not in the first).
    sister : (N,) the cell that each is linked to, -1 for none.
    ahead, scale2 : (N,) step expected next, and squared scale of its spread.
    there : (N, D) where each is expected in the next frame.
    moved : (T, D) what all cells did together since the first frame, beside the drift.
    apart : longer than any distance, so that another frame can be another place.
    """

    block: Ints
    ends: Ints
    starts: Ints
    sister: Ints
    ahead: Floats
    scale2: Floats
    there: Floats
    moved: Floats
    apart: float

    @classmethod
    def of(cls, points: Points, first: FirstPass, links: Links, held: Held | None = None) -> Scene:
        """From the first pass; what is pinned is open no more."""
        block = np.repeat(np.arange(len(points.frames)), np.diff(points.bounds))
        sister, has_before = np.full(len(points.at), -1), np.zeros(len(points.at), np.bool_)
        sister[links.source] = links.target
        has_before[links.target] = True
        busy = sister >= 0
        if held is not None:
            busy, has_before = busy | held.source, has_before | held.target
        shift, ahead = np.array(first.shift), np.concatenate(first.ahead)
        return cls(
            block=block,
            ends=np.flatnonzero(~busy & (block < len(points.frames) - 1)),
            starts=np.flatnonzero(~has_before & (block > 0)),
            sister=sister,
            ahead=ahead,
            scale2=np.concatenate(first.scale2),
            there=points.at + ahead + shift[block],
            moved=np.cumsum(shift, axis=0) - shift,
            apart=10 * float(np.ptp(points.at, axis=0).max() + np.abs(shift).sum() + 1),
        )
