"""Name and colour of a state: no result depends on them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.looks import Looks


class NameState(Edit):
    """Call a state something.

    Attributes
    ----------
    state : its number, from 1.
    name : "" for the usual one.
    """

    kind: ClassVar[str] = "name-state"
    state: int = Field(ge=1, le=1000)
    name: str = Field(max_length=60, pattern=r"^[^\x00-\x1f]*$")

    def words(self) -> str:
        """What it does."""
        return f"call state {self.state} {self.name!r}" if self.name else f"state {self.state} without a name"


class ColourState(Edit):
    """Give a state a colour.

    Attributes
    ----------
    state : its number, from 1.
    colour : "#RRGGBB", or "" for the usual one.
    """

    kind: ClassVar[str] = "colour-state"
    state: int = Field(ge=1, le=1000)
    colour: str = Field(pattern=r"^(#[0-9A-Fa-f]{6})?$")

    def words(self) -> str:
        """What it does."""
        return f"colour state {self.state} {self.colour or 'as usual'}"


def looks_of(history: History) -> Looks:
    """Names and colours in force; the last word counts."""
    names = {one.state: one.name.strip() for one in history.of_class(NameState)}
    colours = {one.state: one.colour.upper() for one in history.of_class(ColourState)}
    return Looks(
        {state: name for state, name in names.items() if name},
        {state: colour for state, colour in colours.items() if colour},
    )
