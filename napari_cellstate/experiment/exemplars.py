"""Small movies of single cells: typical windows of a state, or events, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.atomic import replacing
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.store import Experiment

Floats = NDArray[np.float64]

MOST = 40
"""Cells in one strip or clip."""


def cell_movies(
    experiment: Experiment,
    keys: Sequence[tuple[str, int, int]],
    *,
    half: int = 24,
    before: int = 3,
    after: int = 3,
    progress: Progress = silent,
) -> NDArray[np.uint8]:
    """Cut a little movie around each cell.

    Parameters
    ----------
    keys : (movie, track, frame); the cell stays in the middle as long as it is seen, then the cut stands still.
    half : px from the middle to the edge.
    before, after : frames.

    Returns
    -------
    (N, before + 1 + after, 2 half, 2 half), grey, one contrast a movie; black where there is no picture.
    """
    length = before + 1 + after
    found = np.zeros((len(keys), length, 2 * half, 2 * half), np.uint8)
    for nth, movie_name in enumerate(dict.fromkeys(key[0] for key in keys)):
        mine = [at for at, key in enumerate(keys) if key[0] == movie_name]
        entry = experiment.entry(movie_name)
        movie = experiment.movie(movie_name)
        try:
            if movie.source is None:
                continue
            tracks = experiment.tracks(movie_name)
            places = {at: _places(tracks, keys[at], before, after) for at in mine}
            first, last = entry.frames
            wanted = sorted({keys[at][2] + step for at in mine for step in range(-before, after + 1)})
            limits = None
            for t in wanted:
                progress(nth, len(keys), "cut out cells")
                if not first <= t < last:
                    continue
                image = np.asarray(movie.image(t), np.float64)
                limits = limits or _limits(image)
                for at in mine:
                    step = t - keys[at][2] + before
                    if 0 <= step < length:
                        found[at, step] = _cut(image, places[at][step], half, limits)
        finally:
            movie.close()
    progress(len(keys), len(keys), "cut out cells")
    return found


def _places(tracks: Tracks, key: tuple[str, int, int], before: int, after: int) -> Floats:
    """Where the cell is in each frame, (length, 2); the nearest known place where it is not seen."""
    _, track, frame = key
    mine = tracks.track == track
    frames = tracks.cells["frame"].to_numpy()[mine]
    at = tracks.cells[["y", "x"]].to_numpy(np.float64)[mine]
    order = np.argsort(frames)
    frames, at = frames[order], at[order]
    wanted = np.arange(frame - before, frame + after + 1)
    return np.stack([np.interp(wanted, frames, at[:, axis]) for axis in (0, 1)], axis=1)


def _limits(image: Floats) -> tuple[float, float]:
    low, high = (float(one) for one in np.percentile(image, (1, 99.8)))
    return low, max(high, low + 1e-9)


def _cut(image: Floats, place: Floats, half: int, limits: tuple[float, float]) -> NDArray[np.uint8]:
    y, x = (round(float(one)) for one in place)
    cut = np.zeros((2 * half, 2 * half), np.uint8)
    rows = slice(max(0, y - half), max(0, min(image.shape[0], y + half)))
    columns = slice(max(0, x - half), max(0, min(image.shape[1], x + half)))
    part = image[rows, columns]
    grey = np.clip((part - limits[0]) / (limits[1] - limits[0]), 0, 1) * 255
    top, left = rows.start - y + half, columns.start - x + half
    cut[top : top + part.shape[0], left : left + part.shape[1]] = grey.astype(np.uint8)
    return cut


def save_cells(
    experiment: Experiment,
    keys: Sequence[tuple[str, int, int]],
    path: Path,
    *,
    most: int = MOST,
    before: int = 4,
    after: int = 4,
    progress: Progress = silent,
) -> Path:
    """Write little movies of cells as a strip (a row a cell, a column a frame) or as a clip.

    Parameters
    ----------
    keys : (movie, track, frame), such as those of the events from one state to another; the first `most` are taken.
    path : .png for a strip; .mp4 or .gif for a clip, the cells side by side.

    Raises
    ------
    InputError
        No cells, or another ending.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".mp4", ".gif") or not keys:
        raise InputError(f"{path}: {len(keys)} cells; expected at least one, and a name in .png, .mp4 or .gif")
    movies = cell_movies(experiment, keys[:most], before=before, after=after, progress=progress)
    if kind == ".png":
        from PIL import Image

        strip = np.concatenate([np.concatenate(list(one), axis=1) for one in movies], axis=0)
        with replacing(path) as temporary:
            Image.fromarray(strip).save(temporary, format="PNG")
        return path
    from napari_cellstate.plots.movie_file import write_movie

    across = int(np.ceil(np.sqrt(len(movies))))
    blank = np.zeros((-len(movies) % across, *movies.shape[1:]), np.uint8)
    grid = np.concatenate([movies, blank]).reshape(-1, across, *movies.shape[1:])
    frames = grid.transpose(2, 0, 3, 1, 4).reshape(movies.shape[1], grid.shape[0] * movies.shape[2], -1)
    return write_movie((np.repeat(one[..., None], 3, axis=-1) for one in frames), path.with_suffix(""), 4, kind[1:])
