"""Links so far, and what they leave open: ends and starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.methods.link._frames import FirstPass
from napari_cellstate.methods.link._points import Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Links between rows of `Points`, what each is worth in nats, and how sure it is (0 to 1)."""

    source: Ints
    target: Ints
    gain: Floats
    sure: Floats

    @classmethod
    def joined(cls, parts: list[Links]) -> Links:
        """All links of several."""
        no, none = np.empty(0, np.int64), np.empty(0)
        blank = cls(no, no, none, none)
        names = ("source", "target", "gain", "sure")
        return cls(*(np.concatenate([getattr(part, name) for part in [blank, *parts]]) for name in names))

    @classmethod
    def of(cls, first: FirstPass) -> Links:
        """Links of the first pass."""
        return cls.joined([cls(*part) for part in zip(first.source, first.target, first.gain, first.sure, strict=True)])


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
    def of(cls, points: Points, first: FirstPass, links: Links) -> Scene:
        """From the first pass."""
        block = np.repeat(np.arange(len(points.frames)), np.diff(points.bounds))
        sister, has_before = np.full(len(points.at), -1), np.zeros(len(points.at), np.bool_)
        sister[links.source] = links.target
        has_before[links.target] = True
        shift, ahead = np.array(first.shift), np.concatenate(first.ahead)
        return cls(
            block=block,
            ends=np.flatnonzero((sister < 0) & (block < len(points.frames) - 1)),
            starts=np.flatnonzero(~has_before & (block > 0)),
            sister=sister,
            ahead=ahead,
            scale2=np.concatenate(first.scale2),
            there=points.at + ahead + shift[block],
            moved=np.cumsum(shift, axis=0) - shift,
            apart=10 * float(np.ptp(points.at, axis=0).max() + np.abs(shift).sum() + 1),
        )
