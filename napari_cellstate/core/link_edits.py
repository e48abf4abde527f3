"""Corrections of links, one class a gesture.

Each says how things are, not what to change: which links there are, which there are not, which cells are none. So an
edit applied twice is the edit applied once, and it holds whatever the links were before.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from napari_cellstate.core.cell_ref import CellRef

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


class LinkEdit(BaseModel):
    """Base of the corrections of links.

    Attributes
    ----------
    movie : the movie's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["link"] = "link"
    movie: str = ""

    def claims(self) -> Claims:
        """What it says."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _forward(self) -> LinkEdit:
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

    kind: Literal["join"] = "join"
    source: CellRef
    target: CellRef

    def claims(self) -> Claims:
        """One link."""
        return Claims(made=((self.source, self.target),))


class Break(LinkEdit):
    """The later cell is not the earlier one."""

    kind: Literal["break"] = "break"
    source: CellRef
    target: CellRef

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

    kind: Literal["swap"] = "swap"
    one: CellRef
    other: CellRef
    of_one: tuple[CellRef, ...] = Field(max_length=2)
    of_other: tuple[CellRef, ...] = Field(max_length=2)

    def claims(self) -> Claims:
        """Links of each to its own, and none to the other's."""
        own = [*((self.one, cell) for cell in self.of_one), *((self.other, cell) for cell in self.of_other)]
        wrong = [*((self.one, cell) for cell in self.of_other), *((self.other, cell) for cell in self.of_one)]
        return Claims(made=tuple(own), cut=tuple(wrong))


class Delete(LinkEdit):
    """What was found as these cells is none: dirt, or a piece of another cell."""

    kind: Literal["delete"] = "delete"
    cells: tuple[CellRef, ...] = Field(min_length=1)

    def claims(self) -> Claims:
        """Cells less."""
        return Claims(gone=self.cells)


class AddDivision(LinkEdit):
    """The mother divides into the two daughters."""

    kind: Literal["add-division"] = "add-division"
    mother: CellRef
    daughters: tuple[CellRef, CellRef]

    def claims(self) -> Claims:
        """Two links."""
        return Claims(made=tuple((self.mother, one) for one in self.daughters))


class RemoveDivision(LinkEdit):
    """The cell does not divide: it goes on as one, and the other is none of hers."""

    kind: Literal["remove-division"] = "remove-division"
    mother: CellRef
    kept: CellRef
    other: CellRef

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

    kind: Literal["re-assign"] = "re-assign"
    cell: CellRef
    before: CellRef | None = None
    after: CellRef | None = None
    left: Pair | None = None

    def claims(self) -> Claims:
        """Links through the cell, and past where it was."""
        made = [(self.before, self.cell)] if self.before is not None else []
        made += [(self.cell, self.after)] if self.after is not None else []
        made += [self.left] if self.left is not None else []
        return Claims(made=tuple(made))


class FillGap(LinkEdit):
    """These cells follow each other in one track, however many frames are between them."""

    kind: Literal["fill-gap"] = "fill-gap"
    cells: tuple[CellRef, ...] = Field(min_length=2)

    def claims(self) -> Claims:
        """Links from each to the next."""
        return Claims(made=tuple(zip(self.cells[:-1], self.cells[1:], strict=True)))


class Accept(LinkEdit):
    """The link was looked at and is right; the queue does not show it again.

    Attributes
    ----------
    reasons : what was doubtful.
    """

    kind: Literal["accept"] = "accept"
    source: CellRef
    targets: tuple[CellRef, ...] = Field(min_length=1, max_length=2)
    reasons: tuple[str, ...] = ()

    def claims(self) -> Claims:
        """The links as they were."""
        return Claims(made=tuple((self.source, one) for one in self.targets))


class Judge(LinkEdit):
    """A link drawn at random was judged; it changes no link.

    Attributes
    ----------
    sample : number of the sample (its seed); links of one sample are judged together.
    verdict : "right", "wrong", or "unclear" where nobody can tell.
    """

    kind: Literal["judge"] = "judge"
    source: CellRef
    target: CellRef
    sample: int = Field(ge=0)
    verdict: Literal["right", "wrong", "unclear"]

    def claims(self) -> Claims:
        """Nothing."""
        return Claims()


class LinkAgain(LinkEdit):
    """From here on the links are made anew around all corrections before: they hold, and their neighbours follow."""

    kind: Literal["link-again"] = "link-again"

    def claims(self) -> Claims:
        """Nothing."""
        return Claims()


AnyLinkEdit = Annotated[
    Join | Break | Swap | Delete | AddDivision | RemoveDivision | ReAssign | FillGap | Accept | Judge | LinkAgain,
    Field(discriminator="kind"),
]
"""Any of them, as a journal reads them."""
