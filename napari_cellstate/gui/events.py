"""The switches behind the numbers of the transition matrix, one by one. No windows here."""

from __future__ import annotations

from dataclasses import dataclass

from napari_cellstate.dynamics.counts import events
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.sequences import sequences
from napari_cellstate.experiment.store import Experiment


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


def find_events(experiment: Experiment, recipe: Recipe) -> list[Event]:
    """Every switch of an experiment, by movie, track and frame: as many as the transition table counts."""
    found = sequences(experiment, recipe)
    pairs = events(found.run, found.sample, found.state, recipe.dynamics.frames(recipe.windows.stride))
    return [
        Event(
            str(found.condition[after]),
            str(found.movie[after]),
            int(found.track[after]),
            int(found.frame[after]),
            int(found.state[before]),
            int(found.state[after]),
        )
        for before, after in pairs
    ]
