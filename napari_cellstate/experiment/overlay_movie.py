"""Movie files in which the states are painted on the cells, with time, scale bar and legend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import state_name
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.looks import wearing
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.experiment.tables import states_of_cells

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

FRAMES_A_SECOND = 8
KINDS = ("auto", "mp4", "gif", "tiff")
"""Kinds of movie files; "auto" is MP4, or GIF where no encoder is found."""


def export_movie(
    experiment: Experiment | str | Path,
    out: str | Path,
    kind: str = "auto",
    *,
    movies: tuple[str, ...] = (),
    fps: int = FRAMES_A_SECOND,
    force: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Write movies with their states painted on the cells.

    Parameters
    ----------
    experiment : an experiment, or its folder, with states.
    out : a folder; made if missing, and it must be empty.
    kind : "mp4" (needs an ffmpeg with an H.264 encoder), "gif", "tiff" (a stack of RGB images) or "auto".
    movies : names; default all that have outlines.
    fps : frames a second.
    force : write into a folder that is not empty.

    Returns
    -------
    ``OUT/MOVIE_states.mp4`` and so on.

    Raises
    ------
    InputError
        No states yet, a movie without outlines, an unknown kind, no encoder for MP4.
    """
    from napari_cellstate.experiment.export import make_folder

    experiment, folder = as_experiment(experiment), Path(out)
    if kind not in KINDS:
        raise InputError(f"no kind of movie {kind!r}; known: {', '.join(KINDS)}")
    if not 1 <= fps <= 120:
        raise InputError(f"{fps} frames a second; expected 1 to 120")
    if experiment.record("states") is None:
        raise InputError(f"{experiment.root}: there are no states yet; do: napari-cellstate run {experiment.root}")
    entries = [experiment.entry(name) for name in movies] if movies else list(experiment.movies)
    outlined = [entry for entry in entries if experiment.movie_paths(entry.name).labels.exists()]
    if not outlined or (movies and len(outlined) < len(entries)):
        raise InputError("only tracks were given, so there are no outlines to paint; choose other movies")
    make_folder(folder, force=force)
    paths = []
    for entry in outlined:
        path = folder / f"{entry.name}_states"
        paths.append(write_overlay(experiment, entry, path, kind=kind, fps=fps, progress=progress))
    return paths


def write_overlay(
    experiment: Experiment,
    entry: MovieEntry,
    path: Path,
    *,
    kind: str = "auto",
    fps: int = FRAMES_A_SECOND,
    progress: Progress = silent,
) -> Path:
    """Write one movie with its states painted on the cells.

    Parameters
    ----------
    path : without suffix.
    kind, fps : as for `export_movie`.
    """
    from napari_cellstate.plots.movie_file import write_movie

    return write_movie(overlay_frames(experiment, entry, progress), path, fps, kind)


def overlay_frames(experiment: Experiment, entry: MovieEntry, progress: Progress) -> Iterator[NDArray[np.uint8]]:
    """Frames of a movie with its states painted on the cells, (H, W, 3)."""
    from napari_cellstate.plots.captions import time_text
    from napari_cellstate.plots.overlay import contrast_limits, overlay_frame

    behavior, labels, movie = experiment.behavior, experiment.labels(entry.name), experiment.movie(entry.name)
    states = _states_by_frame(experiment, entry, behavior)
    k = int(behavior.obs["state"].max()) if behavior.n_obs else 0
    looks = experiment.looks
    with wearing(looks):
        legend = {state: state_name(state) for state in range(1, k + 1)}
    try:
        has_images = movie.source is not None
        few = [movie.frames[nth * (len(movie.frames) - 1) // 4] for nth in range(5)]
        limits = contrast_limits(movie.image(t) for t in few) if has_images else (0.0, 255.0)
        for nth, t in enumerate(movie.frames):
            progress(nth, len(movie.frames), f"{entry.name}: overlay movie")
            with wearing(looks):
                painted = overlay_frame(
                    movie.image(t) if has_images else None,
                    np.asarray(labels[t], np.uint32),
                    states.get(t, {}),
                    limits=limits,
                    legend=legend,
                    time_text=time_text(t, entry.dt_s),
                    pixel_size_um=entry.pixel_size_um,
                )
            yield painted
    finally:
        movie.close()


def _states_by_frame(experiment: Experiment, entry: MovieEntry, behavior: AnnData) -> dict[int, dict[int, int]]:
    """State of each label, 0 for none, frame by frame."""
    tracks = experiment.tracks(entry.name)
    row = states_of_cells(experiment, entry, tracks, behavior)
    state = np.append(behavior.obs["state"].to_numpy(np.int64), 0)[row]
    found: dict[int, dict[int, int]] = {}
    keys: Any = zip(tracks.cells["frame"].tolist(), tracks.cells["label"].tolist(), state.tolist(), strict=True)
    for frame, label, of in keys:
        found.setdefault(frame, {})[label] = of
    return found
