"""Teach a net with what was corrected by hand in a movie."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.digest import digest
from napari_cellstate.core.edits import records
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.mask_edits import MaskEdit, RemoveCell, label_at
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.review_edits import Confirm
from napari_cellstate.experiment.click import diameter, looked_over, places_looked_over
from napari_cellstate.experiment.recipe import Recipe, recipe_from
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.learn.models import DEFAULT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellstate.experiment.teaching import TaughtModel
    from napari_cellstate.learn.cells.teach import Lesson
    from napari_cellstate.methods.segment._cells.model import CellNet

_UNLABELLED = 8
"""Other frames of the movie that are used without labels."""
CELL, BACKGROUND = 1, 2
"""What a scribble says."""
_UNKNOWN, _IN_A_CELL = -1, -2


def teach_movie(
    experiment: Experiment | str | Path,
    movie: str,
    name: str,
    *,
    model: str = DEFAULT,
    seconds: float = 60.0,
    whole_frames: bool = False,
    scribbles: Mapping[int, NDArray[np.integer]] | None = None,
    device: str = "auto",
    progress: Progress = silent,
    watch: Callable[[CellNet], None] | None = None,
) -> TaughtModel:
    """Fine-tune a copy of a model with the corrections of a movie's masks, and save it under a name.

    Parameters
    ----------
    experiment : an experiment or its folder.
    movie : its name; its other frames are used without labels (interpolation consistency).
    name : of the new model, among the user's models.
    model : name or folder of the model to start from.
    seconds : how long.
    whole_frames : frames with corrections are right everywhere; else only what was corrected is learnt from.
    scribbles : by frame, (Y, X), 1 on cells, 2 on background, 0 where nothing is said.
    device, progress, watch : as of `teaching.teach`. A teaching that is cancelled goes on where it was the next time.

    Raises
    ------
    InputError
        Nothing was corrected and nothing scribbled, or a name or model that cannot be used.
    """
    from napari_cellstate.experiment.teaching import teach

    experiment = as_experiment(experiment)
    drawn = scribbles or {}
    edits = looked_over(experiment, movie)
    frames = sorted({frame for one in edits for frame in one.frames()} | set(drawn))
    if not frames:
        raise InputError(
            f"movie {movie}: nothing was corrected yet; click a few cells in one or two frames, or scribble, and teach "
            "then"
        )
    wide = float(np.median([diameter(experiment, movie, frame) for frame in frames]))
    opened = experiment.movie(movie)
    try:
        frames = [frame for frame in frames if frame in opened.frames]
        lessons = [
            lesson_of(experiment, movie, frame, opened.image(frame), drawn.get(frame), whole=whole_frames)
            for frame in frames
        ]
        others = [frame for frame in opened.frames if frame not in frames]
        spread = np.unique(np.linspace(0, len(others) - 1, min(_UNLABELLED, len(others))).round().astype(int))
        unlabelled = [opened.image(others[nth]) for nth in spread.tolist()]
    finally:
        opened.close()
    told = [name, model, seconds, whole_frames, records(edits), {t: digest(one.tolist()) for t, one in drawn.items()}]
    folder = experiment.paths.model(f"teaching-{digest(told)[:16]}")  # the same lesson goes on, another begins anew
    taught = teach(
        model,
        lessons,
        unlabelled,
        name=name,
        diameter=wide,
        seconds=seconds,
        folder=folder,
        device=device,
        progress=progress,
        watch=watch,
    )
    shutil.rmtree(folder, ignore_errors=True)
    return taught


def recipe_with(recipe: Recipe, name: str) -> Recipe:
    """A recipe with a taught model as its segmentation."""
    return replace(recipe, segment=recipe_from({"segment": {"method": "tiramisu", "model": name}}).segment)


def lesson_of(
    experiment: Experiment,
    movie: str,
    frame: int,
    image: NDArray[np.generic],
    scribble: NDArray[np.integer] | None,
    *,
    whole: bool,
) -> Lesson:
    """What the corrections and scribbles of a frame say."""
    from napari_cellstate.experiment.teaching import lesson
    from napari_cellstate.learn.cells.teach import Lesson

    labels: NDArray[np.int32] = np.asarray(experiment.labels(movie)[frame], np.int32)
    found = places_looked_over(experiment, movie, frame)
    if whole and found:
        found_known = lesson(image, labels, None, 0.0)
    else:
        ids = sorted({label_at(labels.astype(np.uint32), place) for one, place in found} - {0})
        found_known = lesson(image, labels, ids, diameter(experiment, movie, frame))
    known: NDArray[np.int32] = np.array(found_known.labels, np.int32)
    if not whole:
        _removed(known, labels, [one for one, _ in found], diameter(experiment, movie, frame))
    if scribble is not None:
        known[(scribble == CELL) & (known <= 0)] = _IN_A_CELL
        known[scribble == BACKGROUND] = 0
    return Lesson(image, known)


def _removed(known: NDArray[np.int32], labels: NDArray[np.int32], edits: list[MaskEdit | Confirm], wide: float) -> None:
    """Where a cell was removed, or none is and that is right, there is background, as far as no other cell is."""
    y, x = np.ogrid[: known.shape[0], : known.shape[1]]
    for one in edits:
        if isinstance(one, RemoveCell | Confirm):
            near = (y - one.place[0]) ** 2 + (x - one.place[1]) ** 2 < (wide / 2) ** 2
            known[near & (labels == 0) & (known == _UNKNOWN)] = 0
