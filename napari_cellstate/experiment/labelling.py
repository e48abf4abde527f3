"""States said by hand, window by window, from which a net labels the rest: the one path of window, Python, terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.edits import History
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.edit import edit
from napari_cellstate.experiment.edits.states import TeachState
from napari_cellstate.experiment.pipeline import RunReport, current_recipe, run
from napari_cellstate.experiment.recipe import Recipe, recipe_from
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.read_sheet import read_sheet

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COLUMNS = ("movie", "track", "frame", "state")
TAUGHT = "taught"


@dataclass(frozen=True, eq=False)
class LabelPlaces:
    """Where the windows of a movie are, so that one can be named by track and frame.

    Attributes
    ----------
    movie : its name.
    track, frame : (N,). y, x : (N,), px, NaN where the cell is missing.
    probability : (N,), of the state that it has, or NaN.
    reach : frames from a window's middle within which a frame means it.
    """

    movie: str
    track: Ints
    frame: Ints
    y: Floats
    x: Floats
    probability: Floats
    reach: int

    @classmethod
    def of(cls, behavior: AnnData, movie: str) -> Self:
        """Those of a movie of a behaviour table."""
        obs = behavior.obs[(behavior.obs["movie"] == movie).to_numpy()]
        known = obs["state_prob"] if "state_prob" in obs else np.full(len(obs), np.nan)
        y, x, probability = (np.asarray(values, np.float64) for values in (obs["y"], obs["x"], known))
        track, frame = (obs[name].to_numpy(np.int64) for name in ("track", "frame"))
        return cls(movie, track, frame, y, x, probability, int(behavior.uns["window"]["window"]))

    def label(self, track: int, frame: int, state: int) -> TeachState:
        """The correction that says which state a track is in, by its window nearest to a frame; 0 takes it back.

        Raises
        ------
        InputError
            The track has no window there.
        """
        rows = np.flatnonzero((self.track == track) & np.isfinite(self.y))
        away = np.abs(self.frame[rows] - frame)
        if not len(rows) or away.min() > self.reach:
            raise InputError(
                f"movie {self.movie}: track {track} has no window around frame {frame}; take a frame further from the "
                "ends of the track, or a longer track"
            )
        row = int(rows[away.argmin()])
        frame, y, x = int(self.frame[row]), float(self.y[row]), float(self.x[row])
        return TeachState(movie=self.movie, frame=frame, y=y, x=x, state=state)

    def least_sure(self, said: Collection[TeachState]) -> tuple[int, int] | None:
        """Track and frame of the window whose state is least sure and that nobody labelled; None where all are."""
        labelled = {(one.frame, one.y, one.x) for one in said if one.movie == self.movie}
        for row in np.argsort(self.probability, kind="stable"):  # those without a state come last
            place = (int(self.frame[row]), float(self.y[row]), float(self.x[row]))
            if np.isfinite(place[1]) and place not in labelled:
                return int(self.track[row]), int(self.frame[row])
        return None


def labels_in_force(history: History) -> tuple[TeachState, ...]:
    """What is said of each window now: the last word counts, and what was taken back is out."""
    said = {(one.movie, one.frame, one.y, one.x): one for one in history.of_class(TeachState)}
    return tuple(one for one in said.values() if one.state)


def label_counts(history: History) -> dict[int, int]:
    """Number of labelled windows of each state that has some."""
    return dict(sorted(Counter(one.state for one in labels_in_force(history)).items()))


def label_states(
    experiment: Experiment | str | Path, table: pd.DataFrame | str | Path, *, progress: Progress = silent
) -> tuple[TeachState, ...]:
    """Say the states of windows by a table; each row is a correction of its own, as a key press in the window is.

    Parameters
    ----------
    experiment : an experiment or its folder, embedded.
    table : a table or a CSV file with columns movie, track, frame and state (number from 1, 0 takes back).

    Returns
    -------
    The corrections made, in the order of the rows. Labels make no states by themselves: see `learn_states`.

    Raises
    ------
    InputError
        A column is missing, or a row names no window; then nothing is written.
    """
    import pandas as pd

    experiment = as_experiment(experiment)
    rows = table if isinstance(table, pd.DataFrame) else read_sheet(Path(table)).frame
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise InputError(f"labels: no column {missing[0]!r}; expected {', '.join(COLUMNS)}")
    behavior = experiment.behavior
    places = {name: LabelPlaces.of(behavior, name) for name in (entry.name for entry in experiment.movies)}
    edits = [_of_row(number, row, places) for number, row in enumerate(rows.to_dict("records"), start=1)]
    for nth, one in enumerate(edits):
        progress(nth, len(edits), "labels")
        edit(experiment, one)
    return tuple(edits)


def taught_recipe(recipe: Recipe) -> Recipe:
    """The same recipe, its states taught by the labels; as it is where they are already."""
    if recipe.states.kind == TAUGHT:
        return recipe
    settings = {"method": TAUGHT, "space": recipe.states.space, "seed": recipe.states.seed}
    return replace(recipe, states=recipe_from({"states": settings}).states)


def learn_states(experiment: Experiment | str | Path, *, progress: Progress = silent) -> RunReport:
    """Train on the labels in force and label every window: the stage `states` by the method `taught`.

    Raises
    ------
    InputError
        Fewer than two states have a label.
    """
    experiment = as_experiment(experiment)
    known = label_counts(experiment.history)
    if len(known) < 2:
        raise InputError(f"labels of {len(known)} states; label windows of two or more states first")
    return run(experiment, taught_recipe(current_recipe(experiment)), until="states", progress=progress)


def _of_row(number: int, row: Mapping[Hashable, Any], places: dict[str, LabelPlaces]) -> TeachState:
    where, movie = f"labels row {number}", str(row["movie"])
    if movie not in places:
        raise InputError(f"{where}: no movie {movie!r}; known: {', '.join(places)}")
    numbers = []
    for name in COLUMNS[1:]:
        text = str(row[name])
        if not text.removesuffix(".0").isdigit():
            raise InputError(f"{where}: {name} is {text!r}; expected a whole number")
        numbers.append(int(float(text)))
    track, frame, state = numbers
    if state > 30:
        raise InputError(f"{where}: state {state}; expected 0 to 30")
    try:
        return places[movie].label(track, frame, state)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
