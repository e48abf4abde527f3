"""Cells of a stain image, and which cell of the last frame each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.registration import Matches, Registration, match_points, register_points
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StainImage:
    """One stain image of a table.

    Attributes
    ----------
    movie : name of its movie.
    image : path of the image, one frame, any number of channels.
    labels : path of label images of its cells, or None to find them in a channel.
    row : in the table, for messages.
    """

    movie: str
    image: Path
    labels: Path | None
    row: int


@dataclass(frozen=True, eq=False)
class Stained:
    """Cells of one movie with their stain.

    Attributes
    ----------
    table : a row a matched cell: movie, condition, replicate, label, track, state, distance_px, stain_0, stain_1, ...
    registration, matches : how the two images were brought together.
    lost : unmatched and all cells of each state of the last frame.
    """

    table: pd.DataFrame
    registration: Registration
    matches: Matches
    lost: dict[str, tuple[int, int]]


def measure_stain(
    experiment: Experiment,
    entry: MovieEntry,
    given: StainImage,
    *,
    channel: int,
    cap: float,
    max_angle: float,
    along: str,
) -> Stained:
    """Match the cells of a stain image to those of the last frame and measure every channel in them.

    Parameters
    ----------
    channel : in which cells are found, where there are no labels.
    cap : px between matched cells, 0 for half of the typical diameter.
    max_angle : degrees.
    along : column of the behaviour table to carry along (pseudotime), "" for none.

    Notes
    -----
    Intensity is the mean in the outline less the median of the pixels outside of all cells.
    """
    import pandas as pd

    image, labels = _read(given, channel)
    positions, intensity = _cells(image, labels)
    last = _last_cells(experiment, entry, along)
    if len(last) < 3 or len(positions) < 3:
        raise InputError(
            f"{given.image}: {len(positions)} cells in the stain, {len(last)} in the last frame of {entry.name}; "
            "expected at least three of each; give --channel of the nuclei, or labels"
        )
    reach = cap or float(np.sqrt(np.median(last["area"]) / np.pi))
    movie_points = last[["y", "x"]].to_numpy(np.float64)
    found = register_points(positions, movie_points, cap=reach, max_angle=np.deg2rad(max_angle))
    matches = match_points(found.apply(positions), movie_points, cap=reach)
    stained, cell = matches.pairs.T
    columns: dict[str, Any] = {"movie": entry.name, "condition": entry.condition}
    columns["replicate"] = entry.replicate or entry.name
    picked = last.iloc[cell].reset_index(drop=True)
    told = {name: picked[name] for name in ("label", "track", "state", *([along] if along else []))}
    channels = {f"stain_{nth}": intensity[stained, nth] for nth in range(intensity.shape[1])}
    table = pd.DataFrame({**told, "distance_px": matches.distance, **channels})
    for at, (name, value) in enumerate(columns.items()):
        table.insert(at, name, value)
    return Stained(table, found, matches, matches.unmatched_by_state(last["state"].to_numpy()))


def _read(given: StainImage, channel: int) -> tuple[Floats, NDArray[np.uint32]]:
    """Image (C, Y, X) and labels (Y, X)."""
    from napari_cellstate.formats.labels import open_labels
    from napari_cellstate.formats.movies import open_movie
    from napari_cellstate.methods import available

    source = open_movie(given.image)
    try:
        frames, channels = source.shape[:2]
        if frames != 1:
            raise InputError(f"{given.image}: {frames} frames; expected one image of the stain")
        if not 0 <= channel < channels:
            raise InputError(f"{given.image}: no channel {channel}; there are {channels}, from 0")
        image = np.stack([np.asarray(source.read(0, nth), np.float64) for nth in range(channels)])
    finally:
        source.close()
    if given.labels is None:
        segmenter: Any = available("segment")["threshold"]()
        return image, segmenter.segment(image[channel])
    labels = open_labels(given.labels, shape=(1, *image.shape[1:]))
    try:
        return image, np.asarray(labels.read(0, 0), np.uint32)
    finally:
        labels.close()


def _cells(image: Floats, labels: NDArray[np.uint32]) -> tuple[Floats, Floats]:
    """Centroids, (N, 2), and intensities over the background, (N, C)."""
    ids, at = np.unique(labels, return_inverse=True)
    at = at.reshape(labels.shape)
    n = np.bincount(at.ravel(), minlength=len(ids)).astype(np.float64)
    places = np.meshgrid(*(np.arange(size) for size in labels.shape), indexing="ij")
    centroids = np.stack([np.bincount(at.ravel(), place.ravel(), len(ids)) / n for place in places], axis=1)
    outside = labels == 0
    rows = []
    for plane in image:
        background = float(np.median(plane[outside])) if outside.any() else 0.0
        rows.append(np.bincount(at.ravel(), plane.ravel(), len(ids)) / n - background)
    kept = ids > 0
    return centroids[kept], np.stack(rows, axis=1)[kept]


def _last_cells(experiment: Experiment, entry: MovieEntry, along: str) -> pd.DataFrame:
    """Cells of the last frame with the last known state of their track: y, x, area, label, track, state."""
    obs = experiment.behavior.obs
    if along and along not in obs.columns:
        raise InputError(f"--along {along!r}: no such column in the behaviour table; found: {', '.join(obs.columns)}")
    tracks = experiment.tracks(entry.name)
    cells = tracks.cells.assign(track=tracks.track)
    if "area" not in cells.columns:
        raise InputError(f"movie {entry.name}: it was added as tracks; a stain needs outlines: labels or images")
    last = cells[cells["frame"] == cells["frame"].max()]
    mine = obs[(obs["movie"] == entry.name) & (obs["state"] > 0)].sort_values("frame", kind="stable")
    known = mine.groupby("track", observed=True).last()
    last = last[last["track"].isin(known.index)]
    more = {name: known.loc[last["track"], name].to_numpy() for name in ("state", *([along] if along else []))}
    columns = ["y", "x", "area", "label", "track", *more]
    table: pd.DataFrame = last.assign(**more)[columns].reset_index(drop=True)
    return table
