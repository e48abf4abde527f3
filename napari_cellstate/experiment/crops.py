"""Crops of an experiment's cells: cut frame by frame into two files, read from there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.crops import (
    Crops,
    CropWish,
    GreyLevels,
    band_shares,
    check_side,
    counted,
    cut,
    estimated_side,
)
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.windows import Windows
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.store import Experiment

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

_SAYS = {
    "movie": "grey levels are scaled within each movie: differences in brightness between conditions are hidden",
    "replicate": "grey levels are scaled within each replicate: what differs between days is taken out, differences in "
    "brightness between conditions of one day stay",
    "none": "grey levels are scaled over all movies together: differences between days are left in",
}


@dataclass(frozen=True, eq=False)
class _Seen:
    """What some windows of one movie see: their numbers, cells (rows of its cell table), which window sees which."""

    entry: MovieEntry
    windows: Windows
    which: Ints
    cells: Ints
    rows: Ints


def remove_old_crops(experiment: Experiment) -> None:
    """Remove what a killed run left; only the one writer may."""
    for left in experiment.paths.crops("").parent.glob(".*.crops"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def crops_of(
    experiment: Experiment, recipe: Recipe, obs: pd.DataFrame, wish: CropWish, key: str, runtime: Runtime
) -> Iterator[Crops]:
    """Cut the crops that the rows of a behaviour table see; they are gone on leaving.

    Parameters
    ----------
    obs : movie, track and frame of each row, movie after movie in the order of the experiment.
    key : of the net that they are for; names the folder, which is removed. Crops take channels * 2 + 1 bytes a pixel of
        a cell and frame.

    Raises
    ------
    InputError
        A movie without images, or without outlines where crops are masked; crops larger than its images; a channel that
        it does not have; images that do not vary.
    """
    movie = obs["movie"].to_numpy(str)
    seen = [_seen(experiment, recipe, entry, obs[movie == entry.name], wish) for entry in experiment.movies]
    size = wish.size_um or _estimated_size(seen)
    wish = wish.on_grid(size / _pixel(experiment.movies[0]))
    folder = experiment.paths.crops(key)
    folder.mkdir(parents=True)
    try:
        yield _cut_all(experiment, seen, wish, size, folder, runtime)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def crops_of_windows(
    experiment: Experiment, recipe: Recipe, like: dict[str, Any], wish: CropWish, name: str, obs: pd.DataFrame
) -> Crops:
    """Crops of some windows of one movie, in memory, normalised as those a net was trained with.

    Parameters
    ----------
    like : what `normalisation` gave for those.
    name : the movie.
    obs : track and frame of each window.
    """
    wish = replace(wish, pixels=like["pixels"])
    seen = _seen(experiment, recipe, experiment.entry(name), obs, wish)
    pictures = np.empty((len(seen.cells), wish.channels, wish.side, wish.side), np.float16)
    kinds = np.empty((len(seen.cells), wish.side, wish.side), np.uint8)
    _cut_movie(experiment, seen, wish, like["size_um"], pictures, kinds, None, Runtime())
    place = like["movies"].index(name)
    gain, shift = np.array([like["gain"][place]]), np.array([like["shift"][place]])
    positions, movie = _positions(seen), np.zeros(len(seen.cells), np.int64)
    return Crops(pictures, kinds, seen.rows, movie, gain, shift, positions, wish, like["size_um"])


def normalisation(experiment: Experiment, crops: Crops) -> dict[str, Any]:
    """What crops cut later need to look like these, as plain values."""
    return {
        "movies": [entry.name for entry in experiment.movies],
        "gain": crops.gain.tolist(),
        "shift": crops.shift.tolist(),
        "size_um": crops.size_um,
        "pixels": crops.wish.pixels,
        "note": crops.note,
    }


def _seen(experiment: Experiment, recipe: Recipe, entry: MovieEntry, obs: pd.DataFrame, wish: CropWish) -> _Seen:
    if entry.images is None:
        raise InputError(
            f"movie {entry.name}: it was added without images, and this embedding reads crops of them; add the images, "
            "or embed features"
        )
    if wish.masked and recipe.segmenter(entry) is None:
        raise InputError(
            f"movie {entry.name}: it has tracks but no outlines, so crops cannot be masked; take crops with context"
        )
    windows = Windows(
        experiment.tracks(entry.name), recipe.windows.window, recipe.windows.stride, recipe.every(entry), entry.breaks
    )
    which = _windows_of(windows, obs["track"].to_numpy(np.int64), obs["frame"].to_numpy(np.int64))
    cell = (windows.cell if wish.window else windows.cell[:, [(windows.window - 1) // 2]])[which]
    cells, rows = np.unique(cell, return_inverse=True)
    rows = rows.reshape(cell.shape)
    if len(cells) and cells[0] < 0:
        cells, rows = cells[1:], rows - 1
    return _Seen(entry, windows, which, cells, rows)


def _windows_of(windows: Windows, track: Ints, frame: Ints) -> Ints:
    """Number of the window of each track and frame: rows that were left out by hand have none in the table."""
    span = int(max(windows.frame.max(initial=0), frame.max(initial=0))) + 1
    keys = windows.track * span + windows.frame  # sorted: windows are in the order of track, then frame
    at = np.minimum(np.searchsorted(keys, track * span + frame), max(len(keys) - 1, 0))
    if len(track) and (not len(keys) or (keys[at] != track * span + frame).any()):
        raise InputError("the behaviour table has windows that the tracks do not have; run the features stage again")
    return at


def _estimated_size(seen: list[_Seen]) -> float:
    areas = [one.windows.tracks.cells["area"].to_numpy(np.float64) * _pixel(one.entry) ** 2
             for one in seen if "area" in one.windows.tracks.cells]  # fmt: skip
    return estimated_side(np.concatenate(areas) if areas else np.empty(0))


def _pixel(entry: MovieEntry) -> float:
    return entry.pixel_size_um or 1.0


def _positions(seen: _Seen) -> Floats:
    return np.asarray(seen.windows.positions()[seen.which] * _pixel(seen.entry))


def _cut_all(
    experiment: Experiment, seen: list[_Seen], wish: CropWish, size: float, folder: Path, runtime: Runtime
) -> Crops:
    counts = np.array([len(one.cells) for one in seen])
    starts = np.concatenate(([0], np.cumsum(counts)))
    pictures, kinds = _files(folder, int(starts[-1]), wish)
    names, group = _groups(seen, wish)
    levels, units = GreyLevels.of(len(names)), []
    for nth, one in enumerate(seen):
        some = slice(starts[nth], starts[nth + 1])
        say = Runtime(progress=lambda done, total, what, nth=nth: runtime.progress(  # type: ignore[misc]
            nth * 1000 + done * 1000 // max(total, 1), len(seen) * 1000, what))  # fmt: skip
        units.append(
            _cut_movie(experiment, one, wish, size, pictures[some], kinds[some], (levels, int(group[nth])), say)
        )
    mean, spread = levels.mean_and_spread(names) if starts[-1] else (np.zeros(len(names)), np.ones(len(names)))
    offset, scale = np.array(units).reshape(-1, 2).T
    rows = [np.where(one.rows >= 0, one.rows + start, -1) for one, start in zip(seen, starts, strict=False)]
    return Crops(
        pictures, kinds, np.concatenate(rows), np.repeat(np.arange(len(seen)), counts),
        scale / spread[group], (offset - mean[group]) / spread[group],
        np.concatenate([_positions(one) for one in seen]), wish, size, _SAYS[wish.normalise],
    )  # fmt: skip


def _files(folder: Path, count: int, wish: CropWish) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    shape = (count, wish.channels, wish.side, wish.side)
    if not count:
        return np.empty(shape, np.float16), np.empty((0, *shape[2:]), np.uint8)
    pictures = np.memmap(folder / "pictures", np.float16, "w+", shape=shape)
    return pictures, np.memmap(folder / "kinds", np.uint8, "w+", shape=(count, *shape[2:]))


def _groups(seen: list[_Seen], wish: CropWish) -> tuple[list[str], Ints]:
    """Names of the groups that are normalised together, and the group of each movie."""
    of = {
        "movie": [f"movie {one.entry.name}" for one in seen],
        "replicate": [f"replicate {one.entry.replicate or one.entry.name}" for one in seen],
        "none": ["all movies"] * len(seen),
    }[wish.normalise]
    names = list(dict.fromkeys(of))
    return names, np.array([names.index(one) for one in of], np.int64)


def _cut_movie(
    experiment: Experiment,
    seen: _Seen,
    wish: CropWish,
    size: float,
    pictures: NDArray[np.float16],
    kinds: NDArray[np.uint8],
    levels: tuple[GreyLevels, int] | None,
    runtime: Runtime,
) -> tuple[float, float]:
    """Cut one movie's crops into two arrays; offset and scale of the units in which they are stored."""
    name = seen.entry.name
    cells = seen.windows.tracks.cells.iloc[seen.cells]
    frame, label = cells["frame"].to_numpy(np.int64), cells["label"].to_numpy(np.int64)
    centres = cells[["y", "x"]].to_numpy(np.float64)
    side_px = size / _pixel(seen.entry) * wish.side / wish.pixels
    movie = experiment.movie(name)
    try:
        check_side(size / _pixel(seen.entry), movie.shape[1:], name)
        channel = _channel(movie, wish)
        labels = None if seen.entry.tracks is not None and seen.entry.labels is None else experiment.labels(name)
        offset, scale = _units(movie.image(int(movie.frames[0]), channel))
        frames = np.unique(frame)
        for nth, t in enumerate(frames):
            runtime.progress(nth, len(frames), f"crops of {name}")
            now = np.flatnonzero(frame == t)
            outlines = None if labels is None else np.asarray(labels[int(t)])
            image = (movie.image(int(t), channel).astype(np.float32) - offset) / scale
            some, kind = cut(image, outlines, label[now], centres[now], side_px=side_px, pixels=wish.side)
            mask = counted(kind, masked=wish.masked)
            pictures[now, 0], kinds[now] = np.clip(some, -6e4, 6e4), kind
            pictures[now, 1:] = band_shares(some, mask, wish.bands)
            if levels is not None:
                levels[0].add(levels[1], some[mask] * scale + offset)
    finally:
        movie.close()
    return float(offset), float(scale)


def _channel(movie: Movie, wish: CropWish) -> int:
    channel = movie.channel if wish.channel < 0 else wish.channel
    if channel >= movie.n_channels:
        raise InputError(
            f"movie {movie.name}: crops of channel {channel}, but its channels are 0 to {movie.n_channels - 1}"
        )
    return channel


def _units(image: NDArray[Any]) -> tuple[np.float32, np.float32]:
    """Middle and spread of a frame: in these units half precision is fine enough."""
    values = image.astype(np.float64)
    spread = float(values.std())
    return np.float32(np.median(values)), np.float32(spread if spread > 0 else 1.0)
