"""Names, colours and notes stay with their states when those get other numbers."""

from __future__ import annotations

import pytest

from napari_cellstate.core.edits import History
from napari_cellstate.experiment.edits.state_looks import ColourState, NameState, NoteState, looks_of, notes_of
from napari_cellstate.experiment.edits.states import MergeStates, OrderStates, SplitState

SAID = (
    NameState(state=1, name="rest"),
    NameState(state=3, name="run"),
    ColourState(state=3, colour="#00ff00"),
    NoteState(state=2, note="before division"),
)


@pytest.mark.parametrize(
    ("change", "names", "colours", "notes"),
    [
        (OrderStates(order=[3, 1, 2]), {2: "rest", 1: "run"}, {1: "#00FF00"}, {3: "before division"}),
        (MergeStates(states=[1, 2]), {1: "rest", 2: "run"}, {2: "#00FF00"}, {}),
        (MergeStates(states=[2, 3]), {1: "rest"}, {}, {2: "before division"}),
        (SplitState(state=1), {1: "rest", 4: "run"}, {4: "#00FF00"}, {3: "before division"}),
        (SplitState(state=3), {1: "rest", 3: "run"}, {3: "#00FF00"}, {2: "before division"}),
    ],
)
def test_they_follow_and_undo_brings_them_back(change, names, colours, notes):
    history = History((*SAID, change))
    assert (looks_of(history).names, looks_of(history).colours, notes_of(history)) == (names, colours, notes)
    before = history.undo()
    assert looks_of(before).names == {1: "rest", 3: "run"}
    assert looks_of(before.redo()).names == names


def test_last_word_and_no_word():
    history = History((*SAID, NoteState(state=2, note=""), NameState(state=1, name=" calm ")))
    assert notes_of(history) == {}
    assert looks_of(history).names == {1: "calm", 3: "run"}
