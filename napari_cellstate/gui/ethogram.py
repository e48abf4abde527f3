"""States of all tracks over time as rows that can be sorted. No windows here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import DOUBTFUL

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellstate.gui.results import MovieResults

Ints = NDArray[np.int64]

START, LENGTH, FIRST, CONDITION, SHARE = "start", "length", "first state", "condition", "share"
ORDERS = (START, LENGTH, FIRST, CONDITION)


@dataclass(frozen=True, eq=False)
class Ethogram:
    """One row a track.

    Attributes
    ----------
    condition, movie, track : (N,), whose.
    states : (N, frames); 0 where there is no state, -1 where the track is not there.
    doubtful : (N, frames), where the state is little more probable than others.
    """

    condition: NDArray[Any]
    movie: NDArray[Any]
    track: Ints
    states: NDArray[np.int16]
    doubtful: NDArray[np.bool_]

    def sorted(self, by: str, state: int = 0) -> Ethogram:
        """The same rows in another order.

        Parameters
        ----------
        by : one of `ORDERS`, or `SHARE`: most of `state` first. Within a condition, and where rows are alike, tracks
            are sorted by start, movie and number.
        """
        there = self.states >= 0
        start = there.argmax(axis=1) if there.shape[1] else np.zeros(len(self.track), np.int64)
        seen = np.maximum(there.sum(axis=1), 1)
        sorted_out = self.states > 0
        at = sorted_out.argmax(axis=1) if there.shape[1] else start
        first = self.states[np.arange(len(at)), at] if there.shape[1] else start
        keys: dict[str, NDArray[Any]] = {
            START: start,
            LENGTH: -seen,
            FIRST: np.where(sorted_out.any(axis=1), first, np.iinfo(np.int16).max),
            CONDITION: np.unique(self.condition.astype(str), return_inverse=True)[1],
            SHARE: -(self.states == state).sum(axis=1) / seen,
        }
        movie = np.unique(self.movie.astype(str), return_inverse=True)[1]
        place = np.lexsort((self.track, movie, start, keys[by]))
        return Ethogram(
            self.condition[place], self.movie[place], self.track[place], self.states[place], self.doubtful[place]
        )

    def row_of(self, movie: str, track: int) -> int:
        """Row of a track, -1 where it has none."""
        found = np.flatnonzero((self.track == track) & (self.movie == movie))
        return int(found[0]) if len(found) else -1


def ethogram_of(found: MovieResults, condition: str = "") -> Ethogram:
    """Tracks of one movie, every frame in which they have a cell."""
    tracks, row = np.unique(found.track, return_inverse=True)
    names = np.full(len(tracks), found.movie, object), np.full(len(tracks), condition, object)
    states, doubtful = _fill(len(tracks), row, found.frame, found.state, found.probability)
    return Ethogram(names[1], names[0], tracks, states, doubtful)


def ethogram_of_all(obs: pd.DataFrame) -> Ethogram:
    """Tracks of all movies, every frame on which a window of theirs is centred.

    Parameters
    ----------
    obs : of the behaviour table.
    """
    movies, movie = np.unique(obs["movie"].astype(object).to_numpy().astype(str), return_inverse=True)
    track = obs["track"].to_numpy(np.int64)
    span = int(track.max(initial=0)) + 1
    keys, first, row = np.unique(movie * span + track, return_index=True, return_inverse=True)
    states, doubtful = _fill(
        len(keys),
        row,
        obs["frame"].to_numpy(np.int64),
        obs["state"].to_numpy(np.int64),
        obs["state_prob"].to_numpy(np.float64),
    )
    condition = obs["condition"].astype(object).to_numpy()[first]
    return Ethogram(condition, movies[keys // span].astype(object), keys % span, states, doubtful)


def _fill(
    tracks: int, row: Ints, frame: Ints, state: Ints, probability: NDArray[np.float64]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    shape = tracks, int(frame.max(initial=-1)) + 1
    states, doubtful = np.full(shape, -1, np.int16), np.zeros(shape, np.bool_)
    states[row, frame] = state
    doubtful[row, frame] = (state > 0) & (probability < DOUBTFUL)
    return states, doubtful
