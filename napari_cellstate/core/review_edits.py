"""What was reviewed: links and places that were looked at, links drawn at random that were judged.

No result depends on it, but a net that is taught learns from places that are right.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from napari_cellstate.core.cell_ref import CellRef
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.mask_edits import Frame, Place, place_words


class Accept(Edit):
    """What was doubtful was looked at and is right; the queue does not show it again.

    Attributes
    ----------
    cells : the cells it is about: the two of a link; a mother and her daughters.
    reasons : what was doubtful.
    """

    kind: ClassVar[str] = "accept"
    changes_view: ClassVar[bool] = False
    cells: Annotated[tuple[CellRef, ...], Field(min_length=1, max_length=3)]
    reasons: tuple[str, ...] = ()

    def words(self) -> str:
        """As in lists."""
        return f"accept {self.cells[0]}"


class Judge(Edit):
    """A link drawn at random was judged.

    Attributes
    ----------
    source, target : its cells.
    sample : number of the sample, from 1; it decides which links are drawn.
    verdict : "right", "wrong", or "unclear" where nobody can tell.
    """

    kind: ClassVar[str] = "judge"
    changes_view: ClassVar[bool] = False
    source: CellRef
    target: CellRef
    sample: Annotated[int, Field(ge=1)]
    verdict: Literal["right", "wrong", "unclear"]

    def words(self) -> str:
        """As in lists."""
        return f"judge the link of {self.source}: {self.verdict}"


class Confirm(Edit):
    """A place of a frame was looked at and is right as it is: the cell there, or that there is none.

    Attributes
    ----------
    frame : of the movie.
    place : (y, x), px.
    """

    kind: ClassVar[str] = "confirm"
    changes_view: ClassVar[bool] = False
    frame: Frame
    place: Place

    def frames(self) -> range:
        """Its frame."""
        return range(self.frame, self.frame + 1)

    def places(self) -> tuple[Place, ...]:
        """Its place."""
        return (self.place,)

    def words(self) -> str:
        """As in lists."""
        return f"confirm what is at {place_words(self.place)}, frame {self.frame}"


REVIEW_EDITS: tuple[type[Edit], ...] = (Accept, Judge, Confirm)
"""All of them."""
