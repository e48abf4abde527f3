"""Take in the new frames of a movie that has grown since it was added."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.times import median_interval
from napari_cellstate.experiment.add import Found, look, true_times
from napari_cellstate.experiment.entry import MovieEntry, Reference
from napari_cellstate.experiment.keys import MoviePlan, Status, plan_movie
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.opening import open_entry
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.stages import measure, segment
from napari_cellstate.experiment.store import Experiment, as_experiment

_LOOKED_AT = 3
_KINDS = ("images", "labels", "tracks")


@dataclass(frozen=True)
class Grown:
    """A movie with its new frames.

    Attributes
    ----------
    entry : as it is now.
    new_frames : how many came.
    kept_frames : how many need not be segmented again; 0 where there was nothing up to date to keep.
    """

    entry: MovieEntry
    new_frames: int
    kept_frames: int

    def text(self) -> str:
        """As a person reads it."""
        kept = f"; {self.kept_frames} need not be segmented and measured again" if self.kept_frames else ""
        return f"{self.entry.name}: {self.new_frames} new frames, {self.entry.shape[0]} now{kept}"


def grow(experiment: Experiment | str | Path, movie: str) -> Grown:
    """Take in the frames by which a movie's file or folder has grown; `run` then segments and measures these only.

    Old frames keep their labels and measures if these are up to date and not corrected by hand; settings that were
    estimated stay as they were estimated from the old frames. Links, features and states are made anew, since new
    frames tell more about old ones.

    Parameters
    ----------
    experiment : an experiment or its folder.
    movie : its name.

    Raises
    ------
    InputError
        The file has not changed; it has fewer frames, or another size; an old frame is not what it was.
    """
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        old, recipe, history = experiment.entry(movie), current_recipe(experiment), experiment.history
        before = plan_movie(experiment, recipe, old, history)
        entry = _grown(old, experiment.root)
        keeps = before.statuses["segment"] is Status.FRESH
        if keeps:
            entry = entry.model_copy(update={"grown_from": old.grown_from or old.frames[1]})
            _check_old_frames(experiment, before, entry)
            now = plan_movie(experiment, recipe, entry, history)
            n = old.frames[1] - old.frames[0]
            segment.keep_for(experiment, movie, now.keys["segment"], frames=n, length=entry.shape[0])
            if before.statuses["measure"] is Status.FRESH and old.tracks is None:
                measure.keep_for(experiment, movie, now.keys["measure"], stop=old.frames[1])
        experiment.set_movies(tuple(entry if one.name == movie else one for one in experiment.movies))
    return Grown(entry, entry.shape[0] - old.shape[0], old.frames[1] - old.frames[0] if keeps else 0)


def _grown(old: MovieEntry, root: Path) -> MovieEntry:
    """The entry with all frames that there are now."""
    references: dict[str, Reference] = {name: getattr(old, name) for name in _KINDS if getattr(old, name) is not None}
    paths = {name: reference.resolve(root) for name, reference in references.items()}
    for path in paths.values():
        if not path.exists():
            raise InputError(f"movie {old.name}: {path} is not there; say where it is: napari-cellstate relink")
    found = _look(old, paths)
    (length, channels, height, width), (was, channels_before, *size) = found.shape, old.shape
    bottom, right = (size[0], size[1]) if old.roi is None else (old.roi[1], old.roi[3])
    fits = (height, width) == (bottom, right) if old.roi is None else (height >= bottom and width >= right)
    if channels != channels_before or not (fits or (old.images is None and old.labels is None)):
        raise InputError(
            f"movie {old.name}: {channels} channels of {height} x {width} px; expected {channels_before} of "
            f"{bottom} x {right} px as before; it is another movie: add it as one of its own"
        )
    if length <= was:
        more = "not more" if length == was else "fewer"
        raise InputError(f"movie {old.name}: {length} frames, {more} than the {was} that it had; it has not grown")
    if old.frames[1] != was:
        raise InputError(
            f"movie {old.name}: only frames up to {old.frames[1]} of {was} are in use, so new ones at the end would "
            "not be; remove it, and add it again with other --frames"
        )
    file_tells = old.dt_s is not None and (bool(old.times_s) or old.dt_s == found.dt_s)
    times = true_times(found.times_s, next(iter(paths.values()))) if file_tells else ()
    changes: dict[str, Any] = {
        name: reference.model_copy(
            update=Reference.to(paths[name], root).model_dump(include={"path", "fingerprint", "stamp"})
        )
        for name, reference in references.items()
    }
    changes |= {"shape": (length, *old.shape[1:]), "frames": (old.frames[0], length), "times_s": times}
    changes["dt_s"] = median_interval(times) or old.dt_s
    return old.model_copy(update=changes)


def _look(old: MovieEntry, paths: dict[str, Path]) -> Found:
    images, tracks = old.images, old.tracks
    columns = tracks.model_dump(include={"track", "time", "y", "x", "time_unit"}) if tracks else {}
    axes = images.axes if images else (old.labels.axes if old.labels else "")
    position, project = (images.position, images.project) if images else (None, "")
    return look(
        *(paths.get("images"), paths.get("labels"), paths.get("tracks")),
        axes,
        columns,
        old.pixel_size_um,
        position,
        project,
        time_given=True,
    )


def _check_old_frames(experiment: Experiment, before: MoviePlan, entry: MovieEntry) -> None:
    """A few old frames must still be what they were: cells as bright as measured, given labels the same."""
    old, labels = before.entry, experiment.labels(entry.name)
    cells = experiment.cells(entry.name) if before.statuses["measure"] is Status.FRESH else None
    with closing(open_entry(entry, experiment.root)) as movie:
        for t in np.unique(np.linspace(old.frames[0], old.frames[1] - 1, _LOOKED_AT).round().astype(int)).tolist():
            frame = np.asarray(labels[t])
            same = movie.labels is None or np.array_equal(movie.labels.read(t, 0), frame)
            if same and movie.source is not None and cells is not None and f"intensity_mean_{old.channel}" in cells:
                here = cells[cells["frame"] == t].sort_values("label")
                total = np.bincount(frame.ravel(), movie.image(t).ravel().astype(np.float64))
                count = np.bincount(frame.ravel())
                label = here["label"].to_numpy()
                same = bool(label.max(initial=0) < len(count)) and np.allclose(
                    total[label] / np.maximum(count[label], 1), here[f"intensity_mean_{old.channel}"], rtol=1e-9
                )
            if not same:
                raise InputError(
                    f"movie {entry.name}: frame {t} is not what it was; the file has not only grown but changed: add "
                    "it as a movie of its own"
                )
