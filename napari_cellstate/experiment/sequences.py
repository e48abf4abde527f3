"""The behaviour table, read as sequences of states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.behavior import NO_STATE, POSTERIOR
from napari_cellstate.dynamics.pairs import row_pairs

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_cellstate.experiment.recipe import Recipe
    from napari_cellstate.experiment.store import Experiment

Ints = NDArray[np.int64]

ALL = "all"
"""What the condition is called where none was given."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """States of all rows, and how rows follow each other.

    Attributes
    ----------
    movie, condition : (N,) names; the condition is `ALL` where a movie has none.
    track : (N,), unique within its movie. parent : (N,), the mother's track in the same movie, 0 for none.
    run : (N,), unique over all movies; rows of one run follow each other without a missing frame.
    frame : (N,).
    sample : (N,), time in looked-at frames: the frame over `every`.
    every : (N,), frames between looked-at frames of the row's movie (1 without resampling).
    state : (N,), 1..k, 0 for none.
    k : number of states.
    posterior : (N, k) or None.
    dt_s : seconds between looked-at frames (the median where they differ), or None.
    time_s : (N,), when the frame of each row was taken; None where all intervals are `dt_s`.
    """

    movie: NDArray[Any]
    condition: NDArray[Any]
    track: Ints
    parent: Ints
    run: Ints
    frame: Ints
    sample: Ints
    every: Ints
    state: Ints
    k: int
    posterior: NDArray[np.float64] | None
    dt_s: float | None
    time_s: NDArray[np.float64] | None = None

    def seconds(self, lag: int) -> float | None:
        """Mean seconds between rows `lag` looked-at frames apart, None where not known."""
        if self.time_s is None:
            return self.dt_s * lag if self.dt_s else None
        pairs = row_pairs(self.run, self.sample, lag)
        return float(np.diff(self.time_s[pairs], axis=1).mean()) if len(pairs) else (self.dt_s or np.nan) * lag


def sequences(experiment: Experiment, recipe: Recipe) -> Sequences:
    """Read the sequences from the behaviour table."""
    behavior, entries = experiment.windows, experiment.movies
    obs = behavior.obs
    movie = obs["movie"].astype(object).to_numpy()
    steps = {entry.name: recipe.every(entry) for entry in entries}
    every = np.array([steps[name] for name in movie], np.int64)
    state = obs["state"].to_numpy(np.int64)
    posterior = np.asarray(behavior.obsm[POSTERIOR]) if POSTERIOR in behavior.obsm else None
    k = int(state.max(initial=NO_STATE)) if posterior is None else posterior.shape[1]
    dt_s = entries[0].dt_s
    return Sequences(
        movie=movie,
        condition=np.array([name or ALL for name in obs["condition"].astype(object)], object),
        track=obs["track"].to_numpy(np.int64),
        parent=obs["parent"].to_numpy(np.int64),
        run=global_runs(behavior),
        frame=obs["frame"].to_numpy(np.int64),
        sample=obs["frame"].to_numpy(np.int64) // every,
        every=every,
        state=state,
        k=k,
        posterior=posterior,
        dt_s=dt_s * steps[entries[0].name] if dt_s else None,
        time_s=obs["time_s"].to_numpy(np.float64) if any(entry.times_s for entry in entries) else None,
    )


def global_runs(behavior: AnnData) -> Ints:
    """Runs of the rows, numbered over all movies."""
    movie, run = behavior.obs["movie"].cat.codes.to_numpy(), behavior.obs["run"].to_numpy()
    new = np.ones(len(run), bool)
    new[1:] = (movie[1:] != movie[:-1]) | (run[1:] != run[:-1])
    return np.cumsum(new)
