"""Corrections of masks: add, remove, split, merge. Each names cells by frame and place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_cellstate.core.edits import Edit

Labels = NDArray[np.uint32]
Place = tuple[float, float]
"""(y, x), px; the middle of the first pixel is (0, 0)."""
Frame = Annotated[int, Field(ge=0)]


class Mask(BaseModel):
    """A cell's pixels in one frame: a box, and runs of pixels in it, row after row, the first run outside the cell."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    frame: Frame
    top: int
    left: int
    height: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    runs: tuple[Annotated[int, Field(ge=0)], ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(self.runs) != self.height * self.width:
            raise ValueError(f"runs of {sum(self.runs)} pixels for a box of {self.height} x {self.width}")
        return self

    @classmethod
    def of(cls, frame: int, pixels: NDArray[np.bool_]) -> Mask:
        """From a whole frame, (Y, X), with at least one pixel of the cell."""
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        top, left = int(rows[0]), int(columns[0])
        box = pixels[top : rows[-1] + 1, left : columns[-1] + 1].ravel()
        changes = np.flatnonzero(np.diff(box)) + 1
        edges = [0, *changes.tolist(), box.size]
        runs = np.diff(edges).tolist()
        height, width = int(rows[-1]) - top + 1, int(columns[-1]) - left + 1
        return cls(frame=frame, top=top, left=left, height=height, width=width, runs=(*([0] if box[0] else []), *runs))

    def pixels(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """The mask in a frame of this shape; what lies outside of it is left out."""
        inside = np.zeros(len(self.runs), bool)
        inside[1::2] = True
        box = np.repeat(inside, self.runs).reshape(self.height, self.width)
        whole = np.zeros(shape, bool)
        y0, x0 = max(self.top, 0), max(self.left, 0)
        y1, x1 = min(self.top + self.height, shape[0]), min(self.left + self.width, shape[1])
        if y0 < y1 and x0 < x1:
            whole[y0:y1, x0:x1] = box[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]
        return whole


class MaskEdit(Edit):
    """A correction of masks. `apply` changes one frame in place, and says whether it fitted."""

    stage: ClassVar[str] = "segment"

    def frames(self) -> range:
        """The frames that it changes."""
        raise NotImplementedError

    def places(self) -> tuple[Place, ...]:
        """Where it was made."""
        raise NotImplementedError

    def apply(self, labels: Labels, frame: int) -> bool:
        """Change the labels of a frame, (Y, X); False where no cell is where the edit wants one."""
        raise NotImplementedError


class AddCell(MaskEdit):
    """A cell that was missed, in one frame or carried through the next ones; it takes background only."""

    kind: ClassVar[str] = "add-cell"
    masks: Annotated[tuple[Mask, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_a_row(self) -> Self:
        found = [mask.frame for mask in self.masks]
        if found != list(range(found[0], found[0] + len(found))):
            raise ValueError(f"masks of frames {found}; expected frames in a row")
        return self

    def words(self) -> str:
        """As in lists."""
        return f"add a cell at {place_words(self.places()[0])}, {_frames(self.frames())}"

    def frames(self) -> range:
        """The frames of its masks."""
        return range(self.masks[0].frame, self.masks[-1].frame + 1)

    def apply(self, labels: Labels, frame: int) -> bool:
        """Label the background pixels of the mask; False where it has none."""
        free = self.masks[frame - self.masks[0].frame].pixels(_shape(labels)) & (labels == 0)
        labels[free] = labels.max(initial=0) + 1
        return bool(free.any())

    def places(self) -> tuple[Place, ...]:
        """The middle of its first mask."""
        mask = self.masks[0]
        return ((mask.top + mask.height / 2, mask.left + mask.width / 2),)


class _FromFrame(MaskEdit):
    """A correction in one frame, or in as many from there on as `through` says."""

    frame: Frame
    through: Annotated[int, Field(ge=1)] = 1

    def frames(self) -> range:
        """From its frame on."""
        return range(self.frame, self.frame + self.through)


class _AtPlace(_FromFrame):
    """A correction at a place."""

    place: Place

    def places(self) -> tuple[Place, ...]:
        """Its place."""
        return (self.place,)

    def words(self) -> str:
        """As in lists."""
        return f"{self._verb} at {place_words(self.place)}, {_frames(self.frames())}"

    _verb: ClassVar[str]


class RemoveCell(_AtPlace):
    """Something that is no cell."""

    kind: ClassVar[str] = "remove-cell"
    _verb: ClassVar[str] = "remove the cell"

    def apply(self, labels: Labels, frame: int) -> bool:
        """Make the cell background."""
        label = label_at(labels, self.place)
        labels[labels == label] = 0
        return label > 0


class SplitCell(_AtPlace):
    """Two cells that are one: the line through two places parts them."""

    kind: ClassVar[str] = "split-cell"
    _verb: ClassVar[str] = "split the cell"
    line: tuple[Place, Place]

    @classmethod
    def between(cls, movie: str, frame: int, first: Place, second: Place, through: int = 1) -> SplitCell:
        """From a click into each of the two cells: the line halfway between the clicks parts them."""
        (ya, xa), (yb, xb) = first, second
        middle = ((ya + yb) / 2, (xa + xb) / 2)
        line = (middle, (middle[0] + (xb - xa), middle[1] - (yb - ya)))
        return cls(movie=movie, frame=frame, place=first, line=line, through=through)

    def apply(self, labels: Labels, frame: int) -> bool:
        """Give the pixels on the smaller side a label of their own; False where one side has none."""
        label = label_at(labels, self.place)
        if label == 0:
            return False
        (y0, x0), (y1, x1) = self.line
        y, x = np.nonzero(labels == label)
        beyond = (y1 - y0) * (x - x0) - (x1 - x0) * (y - y0) > 0
        if beyond.all() or not beyond.any():
            return False
        if beyond.sum() * 2 > len(beyond):
            beyond = ~beyond
        labels[y[beyond], x[beyond]] = labels.max() + 1
        return True


class MergeCells(_FromFrame):
    """One cell that is in pieces: those under a path become one."""

    kind: ClassVar[str] = "merge-cells"
    path: Annotated[tuple[Place, ...], Field(min_length=2)]

    def places(self) -> tuple[Place, ...]:
        """Where its path begins and ends."""
        return (self.path[0], self.path[-1])

    def words(self) -> str:
        """As in lists."""
        first, last = place_words(self.path[0]), place_words(self.path[-1])
        return f"merge the cells from {first} to {last}, {_frames(self.frames())}"

    def apply(self, labels: Labels, frame: int) -> bool:
        """Give all cells under the path the label of the first; False where they are fewer than two."""
        under = list(
            dict.fromkeys(label for label in (label_at(labels, place) for place in _dense(self.path)) if label)
        )
        if len(under) < 2:
            return False
        labels[np.isin(labels, under[1:])] = under[0]
        return True


MASK_EDITS: tuple[type[MaskEdit], ...] = (AddCell, RemoveCell, SplitCell, MergeCells)


def amended(labels: Labels, frame: int, edits: Sequence[MaskEdit]) -> tuple[Labels, set[int]]:
    """Labels of a frame, (Y, X), with the edits that concern it applied in order.

    Returns
    -------
    The labels, a copy, and the positions in `edits` of those that fitted in this frame.
    """
    changed, fitted = labels.copy(), set()
    for nth, edit in enumerate(edits):
        if frame in edit.frames() and edit.apply(changed, frame):
            fitted.add(nth)
    return changed, fitted


def label_at(labels: Labels, place: Place) -> int:
    """Label under a place; 0 for background and outside."""
    y, x = round(place[0]), round(place[1])
    return int(labels[y, x]) if 0 <= y < labels.shape[0] and 0 <= x < labels.shape[1] else 0


def _dense(path: Sequence[Place]) -> list[Place]:
    """Places along a path, half a pixel or less apart: a quick drag jumps over small cells."""
    places: list[Place] = [path[0]]
    for (y0, x0), (y1, x1) in pairwise(path):
        steps = max(1, int(np.ceil(2 * max(abs(y1 - y0), abs(x1 - x0)))))
        shares: Any = np.arange(1, steps + 1) / steps
        places += [(y0 + (y1 - y0) * share, x0 + (x1 - x0) * share) for share in shares.tolist()]
    return places


def _shape(labels: Labels) -> tuple[int, int]:
    return int(labels.shape[0]), int(labels.shape[1])


def place_words(place: Place) -> str:
    """A place as lists say it, y and x, whole px."""
    return f"({place[0]:.0f}, {place[1]:.0f})"


def _frames(frames: range) -> str:
    return f"frame {frames[0]}" if len(frames) == 1 else f"frames {frames[0]} to {frames[-1]}"
