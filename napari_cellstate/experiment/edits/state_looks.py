"""Name, colour and note of a state: no result depends on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from napari_cellstate.core.edits import Edit, History
from napari_cellstate.core.looks import Looks
from napari_cellstate.experiment.edits.states import MergeStates, OrderStates, SplitState


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


class NoteState(Edit):
    """Write down what is known of a state, in words of one's own.

    Attributes
    ----------
    state : its number, from 1.
    note : "" for none.
    """

    kind: ClassVar[str] = "note-state"
    changes_view: ClassVar[bool] = False
    state: int = Field(ge=1, le=1000)
    note: str = Field(max_length=4000)

    def words(self) -> str:
        """What it does."""
        return f"note on state {self.state}: {self.note[:40]}" if self.note else f"no note on state {self.state}"


def looks_of(history: History) -> Looks:
    """Names and colours in force; the last word counts."""
    names, colours, _ = _said(history)
    return Looks(names, colours)


def notes_of(history: History) -> Mapping[int, str]:
    """Notes in force, by state."""
    return _said(history)[2]


def _said(history: History) -> tuple[dict[int, str], dict[int, str], dict[int, str]]:
    """Names, colours and notes, which follow their states where those get other numbers."""
    names, colours, notes = dict[int, str](), dict[int, str](), dict[int, str]()
    for one in history.done:
        if isinstance(one, NameState):
            names[one.state] = one.name.strip()
        elif isinstance(one, ColourState):
            colours[one.state] = one.colour.upper()
        elif isinstance(one, NoteState):
            notes[one.state] = one.note.strip()
        elif isinstance(one, MergeStates | SplitState | OrderStates):
            names, colours, notes = (_follow(each, one) for each in (names, colours, notes))
    return _kept(names), _kept(colours), _kept(notes)


def _follow(said: dict[int, str], one: MergeStates | SplitState | OrderStates) -> dict[int, str]:
    if isinstance(one, SplitState):
        return {state + (state > one.state): text for state, text in said.items()}
    if isinstance(one, OrderStates):
        place = {state: nth for nth, state in enumerate(one.order, start=1)}
        return {place.get(state, state): text for state, text in said.items()}
    gone = sorted(set(one.states))[1:]
    return {state - sum(other < state for other in gone): text for state, text in said.items() if state not in gone}


def _kept(said: dict[int, str]) -> dict[int, str]:
    return {state: text for state, text in said.items() if text}
