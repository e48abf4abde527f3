"""Corrections of links, one class a gesture.

Each says how things are, not what to change: which links there are, which there are not, which cells are none. So an
edit applied twice is the edit applied once, and it holds whatever the links were before.
"""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_cellstate.core.cell_ref import CellRef
from napari_cellstate.core.edits import Edit

Pair = tuple[CellRef, CellRef]
"""An earlier and a later cell."""


class Claims(BaseModel):
    """What an edit says.

    Attributes
    ----------
    made : links that there are; a source has no other targets, and a target no other source.
    cut : links that there are not.
    gone : what was found as cells and is none.
    """

    model_config = ConfigDict(frozen=True)

    made: tuple[Pair, ...] = ()
    cut: tuple[Pair, ...] = ()
    gone: tuple[CellRef, ...] = ()


class LinkEdit(Edit):
    """Base of the corrections of links."""

    stage: ClassVar[str] = "link"

    def claims(self) -> Claims:
        """What it says."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _forward(self) -> Self:
        claims = self.claims()
        for source, target in (*claims.made, *claims.cut):
            if target.frame <= source.frame:
                raise ValueError(f"a link must go forward in time; found {source} -> {target}")
        sources = [source for source, _ in claims.made]
        for source in sources:
            if sources.count(source) > 2:
                raise ValueError(f"a cell has at most two daughters; found more at {source}")
        return self


class Join(LinkEdit):
    """The later cell is the earlier one; its only successor."""

    kind: ClassVar[str] = "join"
    source: CellRef
    target: CellRef

    def words(self) -> str:
        """As in lists."""
        return f"join {self.source} to {self.target}"

    def claims(self) -> Claims:
        """One link."""
        return Claims(made=((self.source, self.target),))


class Break(LinkEdit):
    """The later cell is not the earlier one."""

    kind: ClassVar[str] = "break"
    source: CellRef
    target: CellRef

    def words(self) -> str:
        """As in lists."""
        return f"break {self.source} from {self.target}"

    def claims(self) -> Claims:
        """One link less."""
        return Claims(cut=((self.source, self.target),))


class Swap(LinkEdit):
    """Two tracks were exchanged: what follows the one belongs to the other.

    Attributes
    ----------
    one, other : the last cells that are right.
    of_one, of_other : what follows each as it should be: none, one, or two daughters.
    """

    kind: ClassVar[str] = "swap"
    one: CellRef
    other: CellRef
    of_one: tuple[CellRef, ...] = Field(max_length=2)
    of_other: tuple[CellRef, ...] = Field(max_length=2)

    def words(self) -> str:
        """As in lists."""
        return f"swap what follows {self.one} and {self.other}"

    def claims(self) -> Claims:
        """Links of each to its own, and none to the other's."""
        own = [*((self.one, cell) for cell in self.of_one), *((self.other, cell) for cell in self.of_other)]
        wrong = [*((self.one, cell) for cell in self.of_other), *((self.other, cell) for cell in self.of_one)]
        return Claims(made=tuple(own), cut=tuple(wrong))


class Delete(LinkEdit):
    """What was found as these cells is none: dirt, or a piece of another cell."""

    kind: ClassVar[str] = "delete"
    cells: tuple[CellRef, ...] = Field(min_length=1)

    def words(self) -> str:
        """As in lists."""
        return f"delete {self.cells[0]}" + (f" and {len(self.cells) - 1} more" if len(self.cells) > 1 else "")

    def claims(self) -> Claims:
        """Cells less."""
        return Claims(gone=self.cells)


class AddDivision(LinkEdit):
    """The mother divides into the two daughters."""

    kind: ClassVar[str] = "add-division"
    mother: CellRef
    daughters: tuple[CellRef, CellRef]

    def words(self) -> str:
        """As in lists."""
        return f"divide {self.mother} into {self.daughters[0]} and {self.daughters[1]}"

    def claims(self) -> Claims:
        """Two links."""
        return Claims(made=tuple((self.mother, one) for one in self.daughters))


class RemoveDivision(LinkEdit):
    """The cell does not divide: it goes on as one, and the other is none of hers."""

    kind: ClassVar[str] = "remove-division"
    mother: CellRef
    kept: CellRef
    other: CellRef

    def words(self) -> str:
        """As in lists."""
        return f"no division of {self.mother} into {self.kept} and {self.other}"

    def claims(self) -> Claims:
        """One link that stays, and one less."""
        return Claims(made=((self.mother, self.kept),), cut=((self.mother, self.other),))


class ReAssign(LinkEdit):
    """The cell belongs to another track than it was put in.

    Attributes
    ----------
    before, after : its neighbours in the track that it belongs to; at least one.
    left : its former neighbours, if both were there: they follow each other now.
    """

    kind: ClassVar[str] = "re-assign"
    cell: CellRef
    before: CellRef | None = None
    after: CellRef | None = None
    left: Pair | None = None

    def words(self) -> str:
        """As in lists."""
        return f"put {self.cell} into the track of {self.before or self.after}"

    def claims(self) -> Claims:
        """Links through the cell, and past where it was."""
        made = [(self.before, self.cell)] if self.before is not None else []
        made += [(self.cell, self.after)] if self.after is not None else []
        made += [self.left] if self.left is not None else []
        return Claims(made=tuple(made))


class FillGap(LinkEdit):
    """These cells follow each other in one track, however many frames are between them."""

    kind: ClassVar[str] = "fill-gap"
    cells: tuple[CellRef, ...] = Field(min_length=2)

    def words(self) -> str:
        """As in lists."""
        return f"fill the gap from {self.cells[0]} to {self.cells[-1]}"

    def claims(self) -> Claims:
        """Links from each to the next."""
        return Claims(made=tuple(zip(self.cells[:-1], self.cells[1:], strict=True)))


class LinkAgain(LinkEdit):
    """From here on the links are made anew around all corrections before: they hold, and their neighbours follow."""

    kind: ClassVar[str] = "link-again"

    def words(self) -> str:
        """As in lists."""
        return "link again around the corrections"

    def claims(self) -> Claims:
        """Nothing."""
        return Claims()


LINK_EDITS: tuple[type[Edit], ...] = (
    Join,
    Break,
    Swap,
    Delete,
    AddDivision,
    RemoveDivision,
    ReAssign,
    FillGap,
    LinkAgain,
)
"""Every class of corrections of links."""
