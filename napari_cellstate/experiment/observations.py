"""What `compare` looks at: rows of states and features, and whose they are, from a table or an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Samples, find_samples
from napari_cellstate.compare.factors import Factors
from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.units import hours
from napari_cellstate.experiment.sequences import sequences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellstate.experiment.entry import MovieEntry
    from napari_cellstate.experiment.recipe import Recipe
    from napari_cellstate.experiment.store import Experiment

JOINED = ", "
"""Between the factors in the name of a condition."""

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
    space : (N, D) embedding, or principal components of the scaled features; NaN where a row has none.
    space_name : what it is.
    dt_s : seconds a frame, where known.
    place : (N, 2) y and x of the cell; NaN where a row has none, and no rows where there are no positions.
    place_unit : of `place`; "" where it is not known.
    batch : (M,) plate, day or well of each movie; empty where none was named.
    factors : levels of each sample, where the condition is made of several factors.
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
    space: Floats
    space_name: str
    dt_s: float | None = None
    place: Floats = field(default_factory=lambda: np.empty((0, 2)))
    place_unit: str = ""
    batch: NDArray[Any] = field(default_factory=lambda: np.empty(0, object))
    factors: Factors | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def conditions(self) -> tuple[str, ...]:
        """In the order in which they come."""
        return tuple(dict.fromkeys(self.samples.condition.tolist()))

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Rows that have a place in the space, (N,)."""
        return np.asarray(np.isfinite(self.space).all(axis=1))

    @property
    def sample(self) -> Ints:
        """Sample of each row, (N,)."""
        return self.samples.of[self.movie]


def observe_experiment(
    experiment: Experiment, recipe: Recipe, *, by: Sequence[str] = (), batch: str = ""
) -> Observations:
    """Rows of the behaviour table; a movie without a replicate is its own.

    Parameters
    ----------
    by : what of each movie is its condition: "condition", or names in its notes (`MovieEntry.about`); several are
        factors.
    batch : "replicate", or a name in the notes of the movies.
    """
    found = sequences(experiment, recipe)
    entries = {entry.name: entry for entry in experiment.movies}
    names = list(dict.fromkeys(found.movie.tolist()))
    by = tuple(by) or ("condition",)
    levels = np.array([[_said(experiment, entries[name], one) for one in by] for name in names], object)
    conditions = [JOINED.join(row) for row in levels]
    batches = [_said(experiment, entries[name], batch) for name in names] if batch else []
    place = {name: nth for nth, name in enumerate(names)}
    movie = np.array([place[name] for name in found.movie], np.int64)
    replicate = [entries[name].replicate or name for name in names]
    samples = find_samples(conditions, replicate)
    behavior = experiment.behavior
    used = np.asarray(behavior.var["used"], bool)
    space = next(str(name) for name in behavior.obsm if str(name).startswith("X_"))
    lag = recipe.dynamics.frames(recipe.windows.stride)
    sizes = np.array([entries[name].pixel_size_um or np.nan for name in names])
    known = bool(np.isfinite(sizes).all())
    positions = behavior.obs[["y", "x"]].to_numpy(np.float64)
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
        space=np.asarray(behavior.obsm[space], np.float64),
        space_name=space.removeprefix("X_"),
        dt_s=found.dt_s,
        place=positions * sizes[movie, None] if known else positions,
        place_unit="µm" if known else "px",
        batch=np.array(batches, object),
        factors=factors_of(by, levels, samples),
        notes=notes,
    )


def _said(experiment: Experiment, entry: MovieEntry, name: str) -> str:
    """What the user said of a movie under one name."""
    own = {"condition": entry.condition, "replicate": entry.replicate}
    value = own.get(name, entry.about.get(name, ""))
    if not value:
        say = f"{entry.name} --{name} ..." if name in own else f"--table CSV, with a column {name!r}"
        raise InputError(f"movie {entry.name}: no {name}; say which: napari-cellstate update {experiment.root} {say}")
    return value


def factors_of(by: Sequence[str], levels: NDArray[Any], samples: Samples) -> Factors | None:
    """Factors of the samples, from the levels of their movies, (M, F); None where there is one factor."""
    if len(by) < 2:
        return None
    first = [int(np.argmax(samples.of == nth)) for nth in range(len(samples.condition))]
    return Factors(tuple(by), levels[first])


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
