"""Label images of tracks and states, as OME-Zarr."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.relabel import relabel
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.experiment.tables import states_table
from napari_cellstate.experiment.track_ids import shown_ids
from napari_cellstate.plots.colours import state_rgb

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellstate.formats.ome_zarr_labels import LabelImage


def export_ome_zarr(experiment: Experiment, folder: Path, progress: Progress) -> list[Path]:
    """Write MOVIE.ome.zarr for each movie, with the label images ``tracks`` and, once there are states, ``states``.

    A pixel of ``tracks`` holds the number of its track, one of ``states`` the state of its cell in that frame (0 where
    it has none). Names of tracks and states, parents and families are properties of the numbers.
    """
    from napari_cellstate.formats.ome_zarr_labels import write_label_images

    table, paths = states_table(experiment), []
    for entry in experiment.movies:
        if not experiment.movie_paths(entry.name).labels.exists():
            raise InputError(f"movie {entry.name}: only tracks were given, so there are no masks to write")
        tracks = experiment.tracks(entry.name)
        images = {"tracks": _track_image(experiment, entry, tracks, progress)}
        states = table.loc[table["movie"] == entry.name, "state"]
        if states.notna().any():
            images["states"] = _state_image(experiment, entry, tracks, states, progress)
        paths.append(folder / f"{entry.name}.ome.zarr")
        shape = (entry.shape[0], *entry.shape[2:])
        write_label_images(paths[-1], images, shape, dt_s=entry.dt_s, pixel_size_um=entry.pixel_size_um)
    return paths


def _track_image(experiment: Experiment, entry: MovieEntry, tracks: Tracks, progress: Progress) -> LabelImage:
    from napari_cellstate.formats.ome_zarr_labels import LabelImage

    ids, about = shown_ids(experiment, entry, tracks), []
    for row in tracks.table().to_dict("records"):
        named = {} if ids is None else {"id": ids[row["track"]]}
        numbers = {name: int(row[name]) for name in ("parent", "lineage", "first_frame", "last_frame")}
        about.append({"label-value": int(row["track"]), **named, **numbers})
    return LabelImage(_frames(experiment, entry, tracks, tracks.track, progress), about)


def _state_image(
    experiment: Experiment, entry: MovieEntry, tracks: Tracks, states: pd.Series[Any], progress: Progress
) -> LabelImage:
    from napari_cellstate.formats.ome_zarr_labels import LabelImage

    number = states.fillna(0).to_numpy(np.int64)
    rgb = state_rgb(int(number.max())).tolist()
    known = range(1, len(rgb))
    return LabelImage(
        _frames(experiment, entry, tracks, number, progress),
        [{"label-value": state, "name": state_name(state)} for state in known],
        {state: (rgb[state][0], rgb[state][1], rgb[state][2]) for state in known},
    )


def _frames(
    experiment: Experiment, entry: MovieEntry, tracks: Tracks, number: NDArray[np.int64], progress: Progress
) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Frame number and labels renumbered, frame by frame."""
    labels, frames = experiment.labels(entry.name), range(*entry.frames)
    frame, label = (tracks.cells[name].to_numpy() for name in ("frame", "label"))
    for nth, t in enumerate(frames):
        progress(nth, len(frames), f"{entry.name}: export ome-zarr")
        here = frame == t
        yield t, relabel(np.asarray(labels[t]), label[here], number[here])
