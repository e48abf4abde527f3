"""From an entry to an open movie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.movie import FrameSource, Movie
from napari_cellstate.experiment.entry import MovieEntry, Reference, TracksReference

if TYPE_CHECKING:
    import pandas as pd


def open_entry(entry: MovieEntry, root: Path, *, pixels: bool = True) -> Movie:
    """Open what an entry refers to; InputError where it is gone, changed or unreadable.

    Without `pixels` no file is touched: the movie has neither images, nor labels, nor points.
    """
    t, _, y, x = entry.shape
    return Movie(
        name=entry.name,
        shape=(t, y, x),
        frames=range(*entry.frames),
        channel=entry.channel,
        source=_images(entry.images, entry, root) if entry.images and pixels else None,
        labels=_labels(entry.labels, entry, root) if entry.labels and pixels else None,
        points=_tracks(entry.tracks, entry, root) if entry.tracks and pixels else None,
        dt_s=entry.dt_s,
        pixel_size_um=entry.pixel_size_um,
        condition=entry.condition,
        replicate=entry.replicate,
        times_s=entry.times_s,
    )


def _images(reference: Reference, entry: MovieEntry, root: Path) -> FrameSource:
    from napari_cellstate.formats.crop import CroppedMovie
    from napari_cellstate.formats.movies import open_movie

    path = reference.check(root, entry.name)
    source = open_movie(
        path, axes=reference.axes, time_given=True, position=reference.position, project=reference.project
    )
    return source if entry.roi is None else CroppedMovie(source, entry.roi)


def _labels(reference: Reference, entry: MovieEntry, root: Path) -> FrameSource:
    from napari_cellstate.formats.crop import CroppedMovie
    from napari_cellstate.formats.labels import open_labels

    t, _, y, x = entry.shape
    path = reference.check(root, entry.name)
    if entry.roi is None:
        return open_labels(path, axes=reference.axes, time_given=True, shape=(t, y, x))
    return CroppedMovie(open_labels(path, axes=reference.axes, time_given=True), entry.roi)


def _tracks(reference: TracksReference, entry: MovieEntry, root: Path) -> GivenTracks:
    from napari_cellstate.formats.tracks import read_tracks

    path = reference.check(root, entry.name)
    columns = reference.model_dump(include={"track", "time", "y", "x", "time_unit"})
    given = read_tracks(path, pixel_size_um=entry.pixel_size_um, **columns)
    first, stop = entry.frames
    points = given.points
    if entry.roi is not None:
        points = _within(points, entry.roi)
    inside = points[(points["frame"] >= first) & (points["frame"] < stop)].reset_index(drop=True)
    return replace(given, points=inside)


def _within(points: pd.DataFrame, roi: tuple[int, int, int, int]) -> pd.DataFrame:
    """The points inside a region, in its coordinates."""
    top, bottom, left, right = roi
    moved = points.assign(y=points["y"] - top, x=points["x"] - left)
    inside = moved["y"].between(-0.5, bottom - top - 0.5) & moved["x"].between(-0.5, right - left - 0.5)
    return moved[inside].reset_index(drop=True)
