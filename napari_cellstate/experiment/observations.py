"""What `compare` looks at: rows of states and features, and whose they are, from a table or an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Samples, find_samples
from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.units import hours
from napari_cellstate.experiment.sequences import sequences

if TYPE_CHECKING:
    from napari_cellstate.experiment.recipe import Recipe
    from napari_cellstate.experiment.store import Experiment

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Observations:
    """Rows, and the movie, track and sample of each.

    Attributes
    ----------
    samples : replicates in their conditions; `samples.of` is that of each movie.
    movie : (N,) from 0; track : (N,) from 0, unique over all movies.
    run, frame : (N,) as `dynamics.counts` wants them.
    state : (N,) 1..k, 0 for none; empty where no states were given.
    states : names of the states as they stood.
    lag : frames between neighbouring rows.
    pair_time : length of one pair in `time_unit`.
    values : (N, F) features in their units; scaled: (N, F) the same in a common scaling.
    features : (F,) names.
    notes : what a reader should know.
    """

    samples: Samples
    movie: Ints
    track: Ints
    run: Ints
    frame: Ints
    state: Ints
    states: tuple[str, ...]
    lag: int
    pair_time: float
    time_unit: str
    values: Floats
    scaled: Floats
    features: tuple[str, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def conditions(self) -> tuple[str, ...]:
        """In the order in which they come."""
        return tuple(dict.fromkeys(self.samples.condition.tolist()))

    @property
    def sample(self) -> Ints:
        """Sample of each row, (N,)."""
        return self.samples.of[self.movie]


def observe_experiment(experiment: Experiment, recipe: Recipe) -> Observations:
    """Rows of the behaviour table; a movie without a replicate is its own."""
    found = sequences(experiment, recipe)
    entries = {entry.name: entry for entry in experiment.movies}
    names = list(dict.fromkeys(found.movie.tolist()))
    for name in names:
        if not entries[name].condition:
            raise InputError(
                f"movie {name}: no condition; say which: napari-cellstate update {experiment.root} {name} --condition C"
            )
    place = {name: nth for nth, name in enumerate(names)}
    movie = np.array([place[name] for name in found.movie], np.int64)
    replicate = [entries[name].replicate or name for name in names]
    samples = find_samples([entries[name].condition for name in names], replicate)
    behavior = experiment.behavior
    used = np.asarray(behavior.var["used"], bool)
    lag = recipe.dynamics.frames(recipe.windows.stride)
    notes = [
        f"movie {name} has no replicate and is taken as one of its own" for name in names if not entries[name].replicate
    ]
    return Observations(
        samples=samples,
        movie=movie,
        track=np.unique(np.stack([movie, found.track]), axis=1, return_inverse=True)[1].ravel(),
        run=found.run,
        frame=found.sample,
        state=found.state,
        states=tuple(str(nth + 1) for nth in range(found.k)),
        lag=lag,
        pair_time=hours(1, found.seconds(lag)) if found.dt_s else float(lag),
        time_unit="hour" if found.dt_s else "frame",
        values=np.asarray(behavior.X, np.float64)[:, used],
        scaled=np.asarray(behavior.layers[SCALED], np.float64)[:, used],
        features=tuple(str(name) for name in behavior.var_names[used]),
        notes=notes,
    )


def spacing(track: Ints, frame: Ints) -> int:
    """Frames between neighbouring rows of one track: the commonest difference; 1 where no track has two rows."""
    order = np.lexsort((frame, track))
    steps = np.diff(frame[order])[np.diff(track[order]) == 0]
    values, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(values[np.argmax(counts)]) if len(values) else 1


def track_means(values: Floats, track: Ints) -> Floats:
    """Mean of each feature over the rows of each track that have it; (N, F) to (tracks, F)."""
    tracks = int(track.max(initial=-1)) + 1
    result = np.full((tracks, values.shape[1]), np.nan)
    for nth, column in enumerate(values.T):
        there = np.isfinite(column)
        total = np.bincount(track[there], column[there], tracks)
        n = np.bincount(track[there], minlength=tracks)
        np.divide(total, n, out=result[:, nth], where=n > 0)
    return result
