"""What the settings of segmentation and linking do, shown before anything is run: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.given import CELL_COLUMNS
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.core.tables import empty_cells
from napari_cellstate.core.tracks import Tracks
from napari_cellstate.experiment.keys import UP_TO_DATE, plan_movie
from napari_cellstate.experiment.stages.measure import asked_columns
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellstate.core.families import Segmenter
    from napari_cellstate.core.movie import Movie
    from napari_cellstate.experiment.recipe import Recipe

AHEAD = 10
"""Frames whose links are shown."""


@dataclass(frozen=True, eq=False)
class LinksPreview:
    """Links of a few frames.

    Attributes
    ----------
    rows : (N, 4) float64: track (from 1), frame, y, x in px, sorted by track, then frame.
    parents : track: the track that it comes from by a division.
    frames : first frame and the one after the last.
    links, starts : number of links, and of tracks that begin after the first frame.
    """

    rows: NDArray[np.float64]
    parents: dict[int, int]
    frames: tuple[int, int]
    links: int
    starts: int


class Preview:
    """Looks at one movie under settings that change; what was estimated or found once is kept.

    Parameters
    ----------
    experiment : an experiment or its folder.
    movie : its name.

    Notes
    -----
    Estimates are those of a run: they are read from the whole movie, once for each group of settings that they
    depend on. Only then is a frame quick. Whoever makes one closes it.
    """

    def __init__(self, experiment: Experiment | str | Path, movie: str) -> None:
        self._experiment = as_experiment(experiment)
        self._entry = self._experiment.entry(movie)
        self._movie: Movie | None = None
        self._estimates: dict[Segmenter, Segmenter] = {}
        self._labels: dict[tuple[Segmenter, int], NDArray[np.uint32]] = {}

    def close(self) -> None:
        """Close the movie's files."""
        if self._movie is not None:
            self._movie.close()
            self._movie = None

    def segment(self, recipe: Recipe, frame: int, progress: Progress = silent) -> NDArray[np.uint32]:
        """Labels of one frame, (Y, X), as the segment stage would make them.

        Raises
        ------
        InputError
            A frame that is not used, a movie that has nothing to segment, files that cannot be read.
        """
        method = recipe.segmenter(self._entry)
        if method is None:
            raise InputError(f"movie {self._entry.name}: it was added with tracks alone; there is nothing to segment")
        first, stop = self._entry.frames
        if not first <= frame < stop:
            raise InputError(f"movie {self._entry.name}: frame {frame} is not used; expected {first} to {stop - 1}")
        if (method, frame) not in self._labels:
            ready = self._estimated(method, progress)
            runtime = Runtime(threads=recipe.threads, progress=progress)
            self._forget()
            self._labels[method, frame] = next(iter(ready.frames(self._open(), [frame], runtime)))
        return self._labels[method, frame]

    def link(self, recipe: Recipe, frame: int, progress: Progress = silent, *, ahead: int = AHEAD) -> LinksPreview:
        """Links from one frame over the next ones, as the link stage would make them from these frames alone.

        Cells that were measured already are used; else the frames are segmented and measured here.

        Notes
        -----
        A linker that learns from the movie learns from all cells where they are measured, else from these frames.
        """
        entry = self._entry
        frames = range(max(frame, entry.frames[0]), min(frame + ahead + 1, entry.frames[1]))
        method = recipe.linker(entry)
        plan = plan_movie(self._experiment, recipe, entry, self._experiment.history)
        if plan.statuses["measure"] in UP_TO_DATE:
            cells = self._experiment.cells(entry.name)
        else:
            cells = self._measured(recipe, frames, progress)
        movie = self._open(pixels=False) if self._movie is None else self._movie
        method = method.estimated(cells, movie)
        here = cells[cells["frame"].between(frames.start, frames.stop - 1)].reset_index(drop=True)
        runtime = Runtime(threads=recipe.threads, progress=progress)
        links = method.link(here, replace(movie, frames=frames), runtime)
        return _shown(Tracks(here, links, method.max_gap), frames)

    def _measured(self, recipe: Recipe, frames: Sequence[int], progress: Progress) -> pd.DataFrame:
        import pandas as pd

        given = self._open().points
        if recipe.segmenter(self._entry) is None and given is not None:
            return given.points.rename(columns=CELL_COLUMNS)
        tables, columns = [], asked_columns(recipe)
        for nth, t in enumerate(frames):
            progress(nth, len(frames), "preview: segment")
            movie = self._open()
            labels = self.segment(recipe, t, progress)
            table = recipe.measure.measure(labels, [movie.image(t, c) for c in range(movie.n_channels)], columns)
            table.insert(0, "frame", np.full(len(table), t, np.int64))
            tables.append(table)
        return pd.concat(tables, ignore_index=True) if tables else empty_cells()

    def _estimated(self, method: Segmenter, progress: Progress) -> Segmenter:
        """The method with nothing left to estimate; settings that no estimate depends on cost nothing to change."""
        key, fixed = method, {}
        if method.estimates_read is not None:
            fields = type(method).model_fields
            fixed = {name: getattr(method, name) for name in fields if name not in method.estimates_read}
            key = method.model_copy(update={name: fields[name].default for name in fixed})
        if key not in self._estimates:
            progress(0, 1, "preview: estimating from the movie")
            self._estimates[key] = key.estimated(self._open())
        return self._estimates[key].model_copy(update=_unlike_default(key, fixed))

    def _open(self, *, pixels: bool = True) -> Movie:
        if self._movie is None:
            opened = self._experiment.movie(self._entry.name, pixels=pixels)
            if not pixels:
                return opened
            self._movie = opened
        return self._movie

    def _forget(self, most: int = 3 * (AHEAD + 1)) -> None:
        """Keep no more frames than a few previews of links need."""
        while len(self._labels) >= most:
            self._labels.pop(next(iter(self._labels)))


def _unlike_default(key: Segmenter, fixed: dict[str, object]) -> dict[str, object]:
    """Settings that the user gave and no estimate reads; those left at their default keep what was estimated."""
    return {name: value for name, value in fixed.items() if value != type(key).model_fields[name].default}


def _shown(tracks: Tracks, frames: range) -> LinksPreview:
    cells, track = tracks.cells, tracks.track
    frame = cells["frame"].to_numpy(np.int64)
    order = np.lexsort((frame, track))
    rows = np.stack([track, frame, cells["y"].to_numpy(), cells["x"].to_numpy()], axis=1).astype(np.float64)[order]
    parents = {int(one): int(tracks.parents[one]) for one in np.flatnonzero(tracks.parents)}
    began = np.array([frame[track == one].min() for one in np.unique(track)]) if len(track) else np.empty(0)
    return LinksPreview(
        rows, parents, (frames.start, frames.stop), len(tracks.links), int((began > frames.start).sum())
    )
