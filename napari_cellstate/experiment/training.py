"""Train a net for cells from images and masks in folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Array
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.formats.movies import open_movie
from napari_cellstate.formats.picture import SUFFIXES, open_picture
from napari_cellstate.learn import models

if TYPE_CHECKING:
    from napari_cellstate.learn.cells.teach import Lesson

SCRATCH = "scratch"
"""Name of the start with fresh weights."""
_MOST_UNLABELLED = 40


@dataclass(frozen=True)
class NewModel:
    """What training made.

    Attributes
    ----------
    folder : of the model; give it as --model.
    digest : of net and weights.
    images, cells : learnt from.
    unlabelled : frames without labels.
    steps : done.
    diameter : px, median of the masks.
    """

    folder: Path
    digest: str
    images: int
    cells: int
    unlabelled: int
    steps: int
    diameter: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**vars(self), "folder": str(self.folder)}


def train(
    images: str | Path,
    masks: str | Path,
    out: str | Path,
    *,
    unlabelled: str | Path = "",
    start: str = models.DEFAULT,
    seconds: float = 300.0,
    steps: int = 0,
    channel: int = 0,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
) -> NewModel:
    """Fine-tune a model, or train a new one, on images and masks.

    Parameters
    ----------
    images : folder of images, of any size and type.
    masks : folder with a label image of the same stem for each of them: 0 background, each other number one cell.
    out : folder of the new model, with its weights, its config, and history.csv, history.png, history.pdf.
    unlabelled : a movie of the same kind without labels, for interpolation consistency; "" for none.
    start : name or folder of the model to start from; "scratch" for fresh weights.
    seconds : at most; `steps` : at most, 0 for no limit. With steps alone (seconds 0) the result is reproducible.
    channel : of the images.
    progress : called before each step. If it stops the training, the same call goes on from there.

    Raises
    ------
    InputError
        An image without mask, one of another size, a mask without cells everywhere, or nothing to learn from.
    """
    from napari_cellstate.learn.cells.teach import Teaching, teach
    from napari_cellstate.learn.checkpoint import FILE
    from napari_cellstate.learn.device import choose_device
    from napari_cellstate.learn.weights import save_model

    if seconds <= 0 and steps <= 0:
        raise InputError("train: give seconds or steps, more than 0")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: expected a folder for the model, found a file")
    lessons, others = _lessons(Path(images), Path(masks), channel), _frames(unlabelled, channel)
    net, settings, parent = _start(start)
    told = Teaching(seconds, steps, 5e-4 if parent else 2e-3, 10.0, seed, fresh=not parent)
    unfinished = folder / "unfinished"
    where = choose_device(device)
    taught, done = teach(net, lessons, others, 0.0, told, folder=unfinished, device=where, progress=progress)
    cells = int(sum(len(np.unique(one.labels[one.labels > 0])) for one in lessons))
    diameter = round(float(np.median([_diameter(one) for one in lessons])), 1)
    card = {
        "title": folder.name,
        "from": parent,
        "images": len(lessons),
        "cells": cells,
        "unlabelled": len(others),
        "steps": done.steps,
        "diameter": diameter,
    }
    config = save_model(folder, taught, net="tiramisu", settings=settings, card=card)
    _write_history(folder, done.table())
    (unfinished / FILE).unlink(missing_ok=True)
    unfinished.rmdir()
    return NewModel(folder, config.digest, len(lessons), cells, len(others), done.steps, diameter)


def _start(name: str) -> tuple[Any, dict[str, Any], str]:
    """The net to start from, its settings, and the digest of its weights ("" for fresh ones)."""
    from napari_cellstate.learn.cells.heads import outputs
    from napari_cellstate.learn.weights import load_model
    from napari_cellstate.nets.tiramisu import Tiramisu

    if name == SCRATCH:
        import torch

        settings: dict[str, Any] = {"channels": 2, "classes": outputs(), "layout": "wide-half", "dropout": 0.0}
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return Tiramisu(**settings), settings, ""
    net, config = load_model(models.find_model(name))
    if not isinstance(net, Tiramisu) or (net.channels, net.classes) != (2, outputs()):
        raise InputError(f"train: {name} is no model for cells; napari-cellstate models lists those that are")
    return net, dict(config.settings), config.digest


def _lessons(images: Path, masks: Path, channel: int) -> list[Lesson]:
    from napari_cellstate.learn.cells.teach import Lesson

    found = []
    for folder in (images, masks):
        if not folder.is_dir():
            raise InputError(
                f"{folder}: expected a folder of images, found {'a file' if folder.exists() else 'nothing'}"
            )
    known = {file.stem: file for file in sorted(masks.iterdir()) if file.suffix.lower() in SUFFIXES}
    for file in sorted(images.iterdir()):
        if file.suffix.lower() not in SUFFIXES or file.name.startswith("."):
            continue
        if file.stem not in known:
            raise InputError(f"{file}: no mask {file.stem}.* in {masks}; expected one for each image")
        image, labels = _plane(file, channel), _plane(known[file.stem], 0)
        if image.shape != labels.shape:
            raise InputError(f"{known[file.stem]}: {labels.shape} px; expected {image.shape}, as {file.name}")
        if labels.dtype.kind not in "bui":
            raise InputError(f"{known[file.stem]}: {labels.dtype}; expected whole numbers, one for each cell")
        found.append(Lesson(image, labels.astype(np.int32)))
    if not any((one.labels > 0).any() for one in found):
        raise InputError(f"{masks}: no cells in {len(found)} masks; there is nothing to learn from")
    return found


def _plane(file: Path, channel: int) -> Array:
    source = open_picture(file)
    try:
        if source.shape[0] != 1 or not 0 <= channel < source.shape[1]:
            raise InputError(
                f"{file}: {source.shape[0]} frames, {source.shape[1]} channels; expected a frame with channel {channel}"
            )
        return np.array(source.read(0, channel))
    finally:
        source.close()


def _frames(movie: str | Path, channel: int) -> list[Array]:
    """Frames of a movie, at most 40 spread over it."""
    if not movie:
        return []
    source = open_movie(Path(movie), time_given=True)
    try:
        nth = np.unique(np.linspace(0, source.shape[0] - 1, _MOST_UNLABELLED).round().astype(int))
        return [np.array(source.read(int(t), channel)) for t in nth]
    finally:
        source.close()


def _diameter(one: Lesson) -> float:
    from napari_cellstate.learn.cells.crops import typical_diameter

    return typical_diameter(one.labels)


def _write_history(folder: Path, table: Any) -> None:
    from napari_cellstate.core.atomic import replacing
    from napari_cellstate.plots.history import history
    from napari_cellstate.plots.style import save

    with replacing(folder / "history.csv") as temporary:
        table.to_csv(temporary, index=False)
    save(history(table), folder, "history")
