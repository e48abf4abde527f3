"""Corrections by hand: what one is, and which are in force after all undoing and redoing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from napari_cellstate.core.digest import canonical, digest_of


class Edit(BaseModel):
    """One gesture of the user, as a frozen record.

    An edit names cells by frame and place, never by label, so that it can be made again after a new segmentation.
    It holds all that is needed to make it and nothing of what it led to: the result of a stage is the method's own
    result with the edits in force applied in order, and undoing is applying one fewer.

    Attributes
    ----------
    kind : as in the journal.
    stage : the stage whose result it corrects; "" where no result depends on it, as on the colour of a state.
    movie : "" where it concerns all movies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    kind: ClassVar[str]
    stage: ClassVar[str] = ""
    changes_view: ClassVar[bool] = True
    """False where nothing that is shown depends on it, so that a window need not read the results again."""

    movie: str = ""

    def record(self) -> dict[str, Any]:
        """Plain JSON values, with the kind."""
        return {"kind": self.kind, **self.model_dump(mode="json")}

    @cached_property
    def text(self) -> str:
        """Its record as keys read it; asked of every edit in force at every gesture."""
        return canonical(self.record())

    def __copy__(self) -> Self:
        """Without what is only kept: `model_copy` may change the values that it follows from."""
        copied = super().__copy__()
        copied.__dict__.pop("text", None)
        return copied

    def words(self) -> str:
        """What it does, for lists, the undo button and messages: "join cell 4 to cell 9 (frame 12)"."""
        return self.kind.replace("-", " ")


E = TypeVar("E", bound=Edit)


@dataclass(frozen=True)
class History:
    """Edits in force, and those that were undone and can be redone, the next one last."""

    done: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = field(default=())

    def do(self, edit: Edit) -> History:
        """One more; what was undone is now past redoing."""
        return History((*self.done, edit), ())

    def undo(self) -> History:
        """Without the last one; the same where there is none."""
        return History(self.done[:-1], (*self.undone, *self.done[-1:]))

    def redo(self) -> History:
        """With the one that was undone last; the same where there is none."""
        return replace(self, done=(*self.done, *self.undone[-1:]), undone=self.undone[:-1])

    def of(self, stage: str, movie: str = "") -> tuple[Edit, ...]:
        """Those in force that correct a stage, of one movie or of none in particular."""
        return tuple(edit for edit in self.done if edit.stage == stage and edit.movie == movie)

    def of_class(self, cls: type[E]) -> tuple[E, ...]:
        """Those in force of one class."""
        return tuple(edit for edit in self.done if isinstance(edit, cls))


def digest_with(own: str, edits: Iterable[Edit]) -> str:
    """`digest([own, records(edits)])`, of which the edits need not be written anew each time."""
    return digest_of(f"[{canonical(own)},[{','.join(edit.text for edit in edits)}]]")


def records(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Records of edits, for a key."""
    return [edit.record() for edit in edits]
