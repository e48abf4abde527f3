"""The switches behind the numbers of the transition matrix, one by one. No windows here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.dynamics.counts import events
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.sequences import sequences
from napari_cellstate.experiment.store import Experiment

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Event:
    """One switch.

    Attributes
    ----------
    condition, movie, track : whose.
    frame : the first frame in the new state, as windows tell it.
    before, after : states.
    """

    condition: str
    movie: str
    track: int
    frame: int
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class Events(Sequence[Event]):
    """Every switch of an experiment, by movie, track and frame, in columns; one is made when it is asked for."""

    condition: NDArray[Any]
    movie: NDArray[Any]
    track: Ints
    frame: Ints
    before: Ints
    after: Ints

    def of(self, condition: str, before: int, after: int) -> list[Event]:
        """Those of a condition from one state to another."""
        here = (self.before == before) & (self.after == after)
        return [self[at] for at in np.flatnonzero(here & (self.condition == condition)).tolist()]

    def __len__(self) -> int:
        return len(self.track)

    @overload
    def __getitem__(self, at: int) -> Event: ...

    @overload
    def __getitem__(self, at: slice) -> list[Event]: ...

    def __getitem__(self, at: int | slice) -> Event | list[Event]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        return Event(
            str(self.condition[at]),
            str(self.movie[at]),
            int(self.track[at]),
            int(self.frame[at]),
            int(self.before[at]),
            int(self.after[at]),
        )


def find_events(experiment: Experiment, recipe: Recipe) -> Events:
    """Every switch of an experiment: as many as the transition table counts."""
    found = sequences(experiment, recipe)
    before, after = events(found.run, found.sample, found.state, recipe.dynamics.frames(recipe.windows.stride)).T
    return Events(
        found.condition[after],
        found.movie[after],
        found.track[after],
        found.frame[after],
        found.state[before],
        found.state[after],
    )
