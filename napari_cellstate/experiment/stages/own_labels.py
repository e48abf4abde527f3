"""Corrected labels: the segmenter's own frames are kept beside them, so that every correction can be taken back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.edits import Edit
from napari_cellstate.core.mask_edits import Labels, MaskEdit, amended
from napari_cellstate.experiment.stages.base import Correction
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import zarr


def amend_labels(
    experiment: Experiment, movie: str, before: tuple[Edit, ...], after: tuple[Edit, ...], _resolved: dict[str, Any]
) -> Correction:
    """Labels with another list of corrections; only frames that some correction touches are read and written."""
    import zarr

    paths = experiment.movie_paths(movie)
    array = zarr.open_array(paths.labels, mode="r+")
    edits = [edit for edit in after if isinstance(edit, MaskEdit)]
    touched = {frame for edit in (*before, *after) if isinstance(edit, MaskEdit) for frame in edit.frames()}
    if not before:  # after a kill it is not known which corrections are in: do all frames that ever had one
        touched |= {int(path.stem) for path in paths.own_labels.glob("[0-9]*.npz")}
    frames, fitted = {}, set[int]()
    for frame in sorted(frame for frame in touched if frame < array.shape[0]):
        own = _own(paths.own_labels, array, frame)
        labels, fits = amended(own, frame, edits)
        frames[frame] = (own, labels)
        fitted |= fits
    lost = tuple(edit.words() for nth, edit in enumerate(edits) if nth not in fitted)

    def write() -> None:
        for frame, (own, labels) in frames.items():
            _keep(paths.own_labels / f"{frame:06d}.npz", own)
            array[frame] = labels

    return Correction(write, lost)


def forget_own(experiment: Experiment, movie: str) -> None:
    """There is a new segmentation: what was kept of the old one is of no use."""
    shutil.rmtree(experiment.movie_paths(movie).own_labels, ignore_errors=True)


def _own(folder: Path, array: zarr.Array[Any], frame: int) -> Labels:
    path = folder / f"{frame:06d}.npz"
    if not path.exists():
        return np.asarray(array[frame], np.uint32)
    with np.load(path, allow_pickle=False) as content:
        return np.asarray(content["labels"], np.uint32)


def _keep(path: Path, labels: Labels) -> None:
    if not path.exists():
        with atomic.replacing(path) as temporary:
            np.savez_compressed(temporary, labels=labels)
