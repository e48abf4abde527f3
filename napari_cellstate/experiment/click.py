"""A click on a missed cell to a correction, and where a click helps most."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.mask_edits import AddCell, Mask, Place
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    from napari_cellstate.methods.segment._cells.predict import Prediction

_KEPT = 4


@dataclass(frozen=True)
class Doubt:
    """A place where the net hesitates.

    Attributes
    ----------
    frame : of the movie.
    place : (y, x), px.
    why : in words.
    """

    frame: int
    place: Place
    why: str


@dataclass
class PreparedFrames:
    """What the net says about the last few frames: the second click into a frame is answered at once."""

    model: str = ""
    _found: OrderedDict[tuple[str, str, str, int], Prediction] = field(default_factory=OrderedDict)

    def prediction(self, experiment: Experiment, movie: str, frame: int) -> Prediction:
        """What the net says about a frame, looked at now if it has not been yet."""
        from napari_cellstate.methods.segment.tiramisu import Tiramisu

        key = (self.model, str(experiment.root), movie, frame)
        if key not in self._found:
            opened = experiment.movie(movie)
            try:
                method = Tiramisu(model=self.model) if self.model else Tiramisu()
                self._found[key] = method.prediction(opened, frame)
            finally:
                opened.close()
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]

    def doubts(self, experiment: Experiment, movie: str, frame: int) -> list[Doubt]:
        """Places of a frame where a click helps, the best first."""
        from napari_cellstate.methods.segment._cells.clicks import doubts

        labels = np.asarray(experiment.labels(movie)[frame])
        found = doubts(self.prediction(experiment, movie, frame), labels)
        return [Doubt(frame, (float(y), float(x)), why) for y, x, why in found]


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
    carry : add it in so many of the next frames as well, as long as it is found where it was.

    Raises
    ------
    InputError
        The place is in a cell already, or the net sees none there.
    """
    from napari_cellstate.methods.segment._cells.clicks import mask_at

    ready = prepared or PreparedFrames()
    array = experiment.labels(movie)
    masks: list[Mask] = []
    for nth in range(min(carry + 1, array.shape[0] - frame)):
        progress(nth, carry + 1, "looking for the cell")
        labels = np.asarray(array[frame + nth])
        pixels = mask_at(ready.prediction(experiment, movie, frame + nth), labels, *place)
        if pixels is None or not pixels.any():
            break
        masks.append(Mask.of(frame + nth, pixels))
        rows, columns = np.nonzero(pixels)
        place = (float(rows.mean()), float(columns.mean()))
    if not masks:
        y, x = place
        raise InputError(
            f"movie {movie}, frame {frame}: no new cell at ({y:.0f}, {x:.0f}): a cell is there already, or nothing "
            "looks like one; draw it as a mask of its own, or click nearer to its middle"
        )
    return AddCell(movie=movie, masks=tuple(masks))
