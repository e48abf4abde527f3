"""Results of one movie, ready to be looked up by (frame, label) and by (frame, position). No windows here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.apply_links import without
from napari_cellstate.core.behavior import NO_STATE, POSTERIOR
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.stages.own_links import NEEDED
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import states_of_cells

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_cellstate.experiment.entry import MovieEntry

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MovieResults:
    """One row a cell and frame, sorted by frame, then label.

    Attributes
    ----------
    movie : its name.
    frame, label, track, state : (N,); state 0 is none.
    y, x : (N,), px.
    probability : (N,), of the state; NaN where there is none.
    row : (N,), row of the behaviour table, -1 for none.
    parents : (n_tracks + 1,), by track, 0 for none.
    k : number of states.
    cluster : (N,), best state of each row by itself.
    posterior : of the behaviour table, a row each: `posterior[row]`; None where the method gives none.
    features : name, unit and value of a few features a row of the behaviour table: `values[row]`.
    tracks : cells and links that all this is of, with the columns that links are about.
    kept : (N,) row of each in the whole cell table, of which what is no cell is left out.
    reading : what was read beside the links.
    """

    movie: str
    frame: Ints
    label: Ints
    track: Ints
    state: Ints
    y: NDArray[np.float64]
    x: NDArray[np.float64]
    probability: NDArray[np.float64]
    row: Ints
    parents: Ints
    k: int
    features: tuple[tuple[str, str], ...] = ()
    values: NDArray[np.float64] | None = None
    cluster: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    posterior: NDArray[np.float64] | None = None
    tracks: Tracks | None = None
    kept: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    reading: Reading | None = None

    @property
    def clustered(self) -> bool:
        """Whether clusters, which know no time, differ from states anywhere."""
        return len(self.cluster) == len(self.state) and bool((self.cluster != self.state).any())

    @cached_property
    def _starts(self) -> Ints:
        last = int(self.frame.max(initial=-1))
        return np.searchsorted(self.frame, np.arange(last + 2))

    def rows_of(self, frame: int) -> slice:
        """Rows of one frame."""
        if not 0 <= frame < len(self._starts) - 1:
            return slice(0, 0)
        return slice(int(self._starts[frame]), int(self._starts[frame + 1]))

    def find(self, frame: int, label: int) -> int:
        """Row of a cell, -1 where there is none."""
        rows = self.rows_of(frame)
        at = rows.start + int(np.searchsorted(self.label[rows], label))
        return at if at < rows.stop and self.label[at] == label else -1

    def table(self, frame: int, values: Ints, *, background: int = 0) -> Ints:
        """Lookup table of one frame: entry `label` is the value of that cell; labels without a cell are background."""
        rows = self.rows_of(frame)
        labels = self.label[rows]
        table = np.full(int(labels.max(initial=0)) + 1, background, np.int64)
        table[labels] = values[rows]
        return table

    def row_of(self, track: int, frame: int) -> int:
        """Row of a track in a frame, -1 where it has no cell there."""
        rows = self.rows_of(frame)
        found = np.flatnonzero(self.track[rows] == track)
        return rows.start + int(found[0]) if len(found) else -1

    @cached_property
    def _by_track(self) -> tuple[Ints, Ints]:
        """Rows sorted by track and frame, and the keys they are sorted by."""
        key = self.track * self._span + self.frame
        order = np.argsort(key, kind="stable")
        return order, key[order]

    @cached_property
    def _span(self) -> int:
        return int(self.frame.max(initial=-1)) + 2

    def rows_at(self, track: Ints, frame: Ints) -> Ints:
        """Row of each of many tracks and frames, (N,), -1 where it has no cell there."""
        order, key = self._by_track
        if not len(key):
            return np.full(len(track), -1, np.int64)
        known = (frame >= 0) & (frame < self._span)
        wanted = np.asarray(track) * self._span + np.where(known, frame, 0)
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        return np.where(known & (key[at] == wanted), order[at], -1)

    def track_rows(self, track: int) -> Ints:
        """Rows of one track, by frame."""
        return np.flatnonzero(self.track == track)  # to sort all by track takes a hundred times as long


@dataclass(frozen=True, eq=False)
class Reading:
    """What of a movie's results no correction of its links changes.

    Attributes
    ----------
    experiment, entry : where it is from.
    cells : the whole cell table.
    behavior : the behaviour table; None before there is one with states.
    """

    experiment: Experiment
    entry: MovieEntry
    cells: pd.DataFrame
    behavior: AnnData | None

    def with_tracks(self, tracks: Tracks, dropped: Ints) -> MovieResults:
        """Results with these tracks, which leave out the rows of `cells` that are no cells."""
        behavior, cells = self.behavior, tracks.cells
        row = np.asarray(states_of_cells(self.experiment, self.entry, tracks, behavior), np.int64)
        state, probability, k = _states(behavior, row)
        features, values = _features(behavior)
        return MovieResults(
            self.entry.name,
            cells["frame"].to_numpy(np.int64),
            cells["label"].to_numpy(np.int64),
            tracks.track,
            state,
            cells["y"].to_numpy(np.float64),
            cells["x"].to_numpy(np.float64),
            probability,
            row,
            tracks.parents,
            k,
            features,
            values,
            _clusters(behavior, row),
            None if behavior is None or POSTERIOR not in behavior.obsm else np.asarray(behavior.obsm[POSTERIOR]),
            tracks,
            np.delete(np.arange(len(self.cells)), dropped),
            self,
        )


def load(experiment: Experiment, movie: str) -> MovieResults | None:
    """Results of a movie as far as they are there; None before it is linked."""
    record = experiment.record("link", movie)
    if not experiment.movie_paths(movie).links.exists() or record is None:
        return None
    cells, gone = experiment.cells(movie), experiment.dropped(movie)
    needed = cells[[name for name in NEEDED if name in cells]]
    tracks = Tracks(*without(needed, experiment.links(movie), gone), record["resolved"]["max_gap"], f"movie {movie}")
    reading = Reading(experiment, experiment.entry(movie), cells, read_behavior(experiment))
    return reading.with_tracks(tracks, gone)


def read_behavior(experiment: Experiment) -> AnnData | None:
    """The behaviour table, or None before there is one with states."""
    if not experiment.paths.behavior.exists() or experiment.record("states") is None:
        return None
    return experiment.behavior


def _states(behavior: AnnData | None, row: Ints) -> tuple[Ints, NDArray[np.float64], int]:
    if behavior is None or "state" not in behavior.obs:
        return np.zeros(len(row), np.int64), np.full(len(row), np.nan), 0
    states = behavior.obs["state"].to_numpy(np.int64)
    k = behavior.obsm[POSTERIOR].shape[1] if POSTERIOR in behavior.obsm else int(states.max(initial=0))
    state = np.append(states, NO_STATE)[row]
    return state, np.append(behavior.obs["state_prob"].to_numpy(np.float64), np.nan)[row], int(k)


def _clusters(behavior: AnnData | None, row: Ints) -> Ints:
    if behavior is None or "cluster" not in behavior.obs:
        return np.zeros(len(row), np.int64)
    return np.append(behavior.obs["cluster"].to_numpy(np.int64), NO_STATE)[row]


def _features(behavior: AnnData | None, most: int = 2) -> tuple[tuple[tuple[str, str], ...], Any]:
    """The first few features, for a readout."""
    if behavior is None:
        return (), None
    used = behavior.var_names[:most]
    units = behavior.var["unit"].astype(str)
    named = tuple((str(name), str(units[name])) for name in used)
    return named, np.asarray(behavior.X[:, : len(named)], np.float64)
