"""Clicks and teaching, without a window: what the tools of the window call.

>>> one = prepare(frame)                        # once a frame             # doctest: +SKIP
>>> mask = mask_at(one, labels, y, x)           # each click, milliseconds  # doctest: +SKIP
>>> doubt = uncertainty(one)                                               # doctest: +SKIP
>>> where_next({t: one}, {t: seen})                                        # doctest: +SKIP
>>> teach("default", lessons, other_frames, name="my cells", seconds=60)   # doctest: +SKIP
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.learn import models

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellstate.learn.cells.teach import Lesson
    from napari_cellstate.learn.loop import Trained
    from napari_cellstate.methods.segment._cells.model import CellNet
    from napari_cellstate.methods.segment._cells.predict import Prediction

CONFIDENT_RING = 0.25
"""Width of the ring around a corrected cell that is taken for background, of the cell diameter."""


@dataclass(frozen=True, eq=False)
class TaughtModel:
    """What teaching made.

    Attributes
    ----------
    name, folder, digest : of the saved model; recipes name it by both.
    diameter : px, of the cells that it was taught with.
    history : steps, and what each loss was.
    """

    name: str
    folder: Path
    digest: str
    diameter: float
    history: Trained


def prepare(frame: Array, model: str | CellNet = models.DEFAULT, diameter: float = 0.0, device: str = "auto") -> Any:
    """Look at a frame once, so that clicks are quick.

    Parameters
    ----------
    frame : (Y, X), any real dtype, finite.
    model : name or folder of a model, or a net as `teach` hands it to `watch`.
    diameter : of a typical cell, px; 0 estimates it (give that of the movie: it is the same for all its frames).

    Returns
    -------
    Prediction
        With `labels()`, `probability()`, `diameter`; what `mask_at`, `uncertainty` and `where_next` take.
    """
    from napari_cellstate.methods.segment._cells.model import read
    from napari_cellstate.methods.segment._cells.predict import predict

    net = read(models.find_model(model), device) if isinstance(model, str) else model
    return predict(net, frame, diameter)


def mask_at(prediction: Prediction, labels: NDArray[np.integer], y: float, x: float) -> NDArray[np.bool_]:
    """The cell that a click means, as a mask of the frame; see `methods.segment._cells.click.mask_at`."""
    from napari_cellstate.methods.segment._cells import click

    return click.mask_at(prediction, labels, y, x)


def uncertainty(prediction: Prediction) -> NDArray[np.float32]:
    """How much the net hesitates around each pixel, (Y, X) from 0 to 1."""
    from napari_cellstate.methods.segment._cells import click

    return click.uncertainty(prediction)


def where_next(
    predictions: dict[int, Prediction], seen: dict[int, NDArray[np.bool_]] | None = None
) -> tuple[int, int, int, float] | None:
    """Frame, y, x (px) of the cell that stands for most of what the net is unsure of, and the mean doubt there.

    `seen` marks what was looked at; see `methods.segment._cells.ask.where_next`.
    """
    from napari_cellstate.methods.segment._cells import ask

    return ask.where_next(predictions, seen)


def lesson(frame: Array, labels: NDArray[np.integer], corrected: Sequence[int] | None, diameter: float) -> Lesson:
    """What a corrected frame says.

    Parameters
    ----------
    frame, labels : (Y, X).
    corrected : labels of the cells that a person has looked at; a ring around them where no cell lies is taken for
        background. None: the whole frame is right, cells and background.
    diameter : of a typical cell, px.

    Notes
    -----
    Scribbles: set `Lesson.labels` yourself, 0 for background, -2 in cells, -1 elsewhere.
    """
    from napari_cellstate.learn.cells.teach import Lesson, known_around

    if corrected is None:
        return Lesson(frame, np.asarray(labels, np.int32))
    return Lesson(frame, known_around(labels, corrected, round(CONFIDENT_RING * diameter)))


def teach(
    model: str,
    lessons: Sequence[Lesson],
    unlabelled: Sequence[Array],
    *,
    name: str,
    diameter: float = 0.0,
    seconds: float = 60.0,
    steps: int = 0,
    consistency: float = 10.0,
    seed: int = 0,
    folder: Path | None = None,
    device: str = "auto",
    progress: Progress = silent,
    watch: Callable[[CellNet], None] | None = None,
) -> TaughtModel:
    """Fine-tune a copy of a model and save it under a name.

    Parameters
    ----------
    model : name or folder of the model to start from.
    lessons : of `lesson`, at least one.
    unlabelled : other frames of the movie, for interpolation consistency; may be empty.
    name : of the new model, among the user's models (`learn.models.user_folder`), where it replaces an older one of
        that name.
    diameter : of a typical cell, px; 0 takes the median of the lessons' cells.
    seconds : at most; `steps` : at most, 0 for no limit. With steps alone (seconds 0) the result is reproducible.
    consistency : weight of the unlabelled loss, 0 for none.
    folder : keeps a checkpoint; a teaching that was cancelled goes on there, and the checkpoint goes when it ends.
    progress : called before each step; raise `Cancelled` to stop.
    watch : called every few seconds with the net as it is then, ready for `prepare`; use it at once, in the same call.

    Raises
    ------
    InputError
        Nothing to learn from, an unknown model, or a name that is no name.
    """
    from napari_cellstate.learn.cells.teach import Teaching
    from napari_cellstate.learn.cells.teach import teach as fine_tune
    from napari_cellstate.learn.device import choose_device
    from napari_cellstate.learn.weights import load_model
    from napari_cellstate.methods.segment._cells.model import ready
    from napari_cellstate.nets.tiramisu import Tiramisu

    if not re.fullmatch(r"[\w][\w .-]*", name) or name in (models.DEFAULT, "classical"):
        raise InputError(
            f"teach: name {name!r}; expected letters, digits, blanks, dots, dashes, underscores, and not a shipped one"
        )
    if seconds <= 0 and steps <= 0:
        raise InputError("teach: give seconds or steps, more than 0")
    start, config = load_model(models.find_model(model))
    if not isinstance(start, Tiramisu):
        raise InputError(f"teach: {model} is a {config.net}; expected a model for cells")
    look = None
    if watch is not None:

        def look(net: Tiramisu) -> None:
            import copy

            watch(ready(copy.deepcopy(net), device=device))

    began = time.monotonic()
    told = Teaching(seconds, steps, 5e-4, consistency, seed)
    where = choose_device(device)
    taught, history = fine_tune(
        start, lessons, list(unlabelled), diameter, told, folder=folder, device=where, progress=progress, watch=look
    )
    card = {
        "title": name,
        "from": config.digest,
        "lessons": len(lessons),
        "cells": int(sum(len(np.unique(one.labels[one.labels > 0])) for one in lessons)),
        "unlabelled": len(unlabelled),
        "steps": history.steps,
        "seconds": round(time.monotonic() - began, 1),
        "diameter": diameter,
    }
    return save(taught, name, config.net, config.settings, card, history, folder)


def save(
    net: Any, name: str, kind: str, settings: Any, card: dict[str, Any], history: Trained, checkpoint: Path | None
) -> TaughtModel:
    """Save a taught net among the user's models, and drop the checkpoint that it came from."""
    from napari_cellstate.learn.checkpoint import FILE
    from napari_cellstate.learn.weights import save_model

    folder = models.user_folder() / name
    config = save_model(folder, net, net=kind, settings=settings, card=card)
    if checkpoint is not None:
        (checkpoint / FILE).unlink(missing_ok=True)
    return TaughtModel(name, folder, config.digest, float(card["diameter"]), history)
