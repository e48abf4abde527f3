"""A click on a missed cell to a correction, and where a click helps most."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.mask_edits import AddCell, Mask, MaskEdit, Place
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.review_edits import Confirm
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.learn.models import DEFAULT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.methods.segment._cells.predict import Prediction

_KEPT = 8
_LOOKED_AT = 5
"""Frames of a movie that `next_spot` looks at, beside the one that is shown."""
_FEW = 3
"""Cells in a frame from which on their size says how large a cell is."""


@dataclass(frozen=True)
class Spot:
    """A place where a click helps.

    Attributes
    ----------
    frame : of the movie.
    place : (y, x), px.
    doubt : mean of the place, from 0 (the net is sure) to 1.
    """

    frame: int
    place: Place
    doubt: float


@dataclass
class PreparedFrames:
    """What a net says about the last few frames: the second click into a frame is answered at once."""

    model: str = DEFAULT
    _found: OrderedDict[tuple[str, str, str, int], Prediction] = field(default_factory=OrderedDict)

    def prediction(self, experiment: Experiment, movie: str, frame: int) -> Prediction:
        """What the net says about a frame, looked at now if it has not been yet."""
        from napari_cellstate.experiment.teaching import prepare

        key = (self.model, str(experiment.root), movie, frame)
        if key not in self._found:
            opened = experiment.movie(movie)
            try:
                image = opened.image(frame)
            finally:
                opened.close()
            self._found[key] = prepare(image, self.model, diameter(experiment, movie, frame))
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]


def add_cell(
    experiment: Experiment,
    movie: str,
    frame: int,
    place: Place,
    *,
    prepared: PreparedFrames | None = None,
    carry: int = 0,
    progress: Progress = silent,
) -> AddCell:
    """The correction that gives a missed cell a mask.

    Parameters
    ----------
    place : (y, x) inside the cell, px.
    prepared : frames that were looked at already.
    carry : add it in so many of the next frames as well, as long as nothing is in its place.

    Raises
    ------
    InputError
        A cell is there already, or the place is outside of the frame.
    """
    from napari_cellstate.experiment.teaching import mask_at

    ready = prepared or PreparedFrames()
    array = experiment.labels(movie)
    masks: list[Mask] = []
    at = place
    for nth in range(min(carry + 1, array.shape[0] - frame)):
        progress(nth, carry + 1, "looking for the cell")
        labels = np.asarray(array[frame + nth])
        pixels = mask_at(ready.prediction(experiment, movie, frame + nth), labels, *at)
        if not pixels.any():
            break
        masks.append(Mask.of(frame + nth, pixels))
        rows, columns = np.nonzero(pixels)
        nearest = np.argmin(np.hypot(rows - rows.mean(), columns - columns.mean()))
        at = (float(rows[nearest]), float(columns[nearest]))
    if not masks:
        y, x = place
        raise InputError(
            f"movie {movie}, frame {frame}: a cell is at ({y:.0f}, {x:.0f}) already; split it, or remove it first"
        )
    return AddCell(movie=movie, masks=tuple(masks))


def next_spot(
    experiment: Experiment,
    movie: str,
    frame: int,
    *,
    seen: tuple[Spot, ...] = (),
    prepared: PreparedFrames | None = None,
    progress: Progress = silent,
) -> Spot | None:
    """The cell that stands for most of what the net is unsure of, in this frame and a few others spread over the movie.

    Parameters
    ----------
    seen : spots that were shown already; they and what was corrected by hand are left out, what looks like them waits.
    prepared : frames that were looked at already.

    Returns
    -------
    None where every place that may be a cell was seen.
    """
    from napari_cellstate.experiment.teaching import where_next

    ready = prepared or PreparedFrames()
    frames = looked_at(experiment, movie, frame)
    predictions = {}
    for nth, one in enumerate(frames):
        progress(nth, len(frames), "looking where the net hesitates")
        predictions[one] = ready.prediction(experiment, movie, one)
    size = next(iter(predictions.values())).diameter
    shown = {one: _seen(experiment, movie, one, seen, size) for one in frames}
    found = where_next(predictions, shown)
    return None if found is None else Spot(found[0], (float(found[1]), float(found[2])), found[3])


def looked_at(experiment: Experiment, movie: str, frame: int) -> list[int]:
    """The frame, and a few others spread over the movie."""
    first, stop = experiment.entry(movie).frames
    spread = np.linspace(first, stop - 1, _LOOKED_AT).round().astype(int).tolist()
    return sorted({frame, *spread})


def diameter(experiment: Experiment, movie: str, frame: int) -> float:
    """Diameter of a typical cell, px: what the segmenter used, or that of the frame's cells; 0 where neither says."""
    used = (experiment.record("segment", movie) or {}).get("resolved", {}).get("diameter", 0.0)
    if used:
        return float(used)
    areas = np.bincount(np.asarray(experiment.labels(movie)[frame]).ravel())[1:]
    areas = areas[areas > 0]
    return float(np.sqrt(4 / np.pi * np.median(areas))) if len(areas) >= _FEW else 0.0


def looked_over(experiment: Experiment, movie: str) -> list[MaskEdit | Confirm]:
    """What a person said about masks of a movie: corrections, and places that are right."""
    corrected = [one for one in experiment.history.of("segment", movie) if isinstance(one, MaskEdit)]
    return [*corrected, *(one for one in experiment.history.of_class(Confirm) if one.movie == movie)]


def places_looked_over(experiment: Experiment, movie: str, frame: int) -> list[tuple[MaskEdit | Confirm, Place]]:
    """What was said about a frame, and where."""
    return [(one, at) for one in looked_over(experiment, movie) if frame in one.frames() for at in one.places()]


def _seen(experiment: Experiment, movie: str, frame: int, spots: tuple[Spot, ...], size: float) -> NDArray[np.bool_]:
    shape = tuple(experiment.labels(movie).shape[1:])
    places = [spot.place for spot in spots if spot.frame == frame]
    places += [place for _, place in places_looked_over(experiment, movie, frame)]
    y, x = np.ogrid[: shape[0], : shape[1]]
    seen = np.zeros(shape, bool)
    for at in places:
        seen |= (y - at[0]) ** 2 + (x - at[1]) ** 2 < size**2
    return seen
