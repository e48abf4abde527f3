"""When cells were treated: what the user said of each movie, for whatever is drawn over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.sequences import ALL

if TYPE_CHECKING:
    from napari_cellstate.experiment.store import Experiment

TREATED = "treated_h"
"""Name, among what is said of a movie, of its treatment times: hours since frame 0, several with ";" between them."""


def treatments(experiment: Experiment) -> dict[str, tuple[float, ...]]:
    """Treatment times of the movies of each condition, ascending, each once; only conditions that have any.

    Raises
    ------
    InputError
        What is said is no number.

    Notes
    -----
    Where the time between frames is not known, the numbers are read as frames, as all of the time axis is.
    """
    found: dict[str, set[float]] = {}
    for entry in experiment.movies:
        for word in entry.about.get(TREATED, "").replace(",", ";").split(";"):
            if word.strip():
                found.setdefault(entry.condition or ALL, set()).add(_hours(word.strip(), entry.name))
    return {name: tuple(sorted(times)) for name, times in found.items()}


def _hours(word: str, movie: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(
            f"movie {movie}: {TREATED} is {word!r}; expected hours since frame 0, several with ; between them"
        )
    return value
