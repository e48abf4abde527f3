"""A small simulated experiment to try things on, and the sample movie in napari's menu. No windows here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.sample import sample_experiment
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.gui.stacks import LazyStack

FOLDER = "napari-cellstate-sample"
"""Below the home folder."""


def sample_folder() -> Path:
    """Where the sample is, or will be."""
    return Path.home() / FOLDER


def make_sample(
    folder: Path, progress: Progress = silent, *, frames: int = 40, size: int = 256, cells: int = 18
) -> Experiment:
    """Two young and two aged movies in an experiment of their own; what is there already is used."""
    return sample_experiment(folder, "sample", replicates=2, frames=frames, size=size, cells=cells, progress=progress)


def sample_movie() -> list[tuple[Any, dict[str, Any], str]]:
    """The first movie of the sample, for napari's File > Open Sample."""
    experiment = make_sample(sample_folder())
    return [image_layer(experiment, experiment.movies[0].name)]


def image_layer(experiment: Experiment, name: str) -> tuple[Any, dict[str, Any], str]:
    """A movie's first channel as data, settings and type of a layer, read frame by frame."""
    import numpy as np

    entry, movie = experiment.entry(name), experiment.movie(name)
    if movie.source is None:
        raise AssertionError("asked only of movies with images")
    source = movie.source
    t, _, y, x = source.shape
    stack = LazyStack(lambda at: source.read(at, entry.channel), (t, y, x), source.dtype)
    looked = np.concatenate([stack[at][::4, ::4].ravel() for at in sorted({0, t // 2, t - 1})]).astype(np.float64)
    low, high = np.percentile(looked[np.isfinite(looked)], [0.5, 99.8]) if np.isfinite(looked).any() else (0.0, 1.0)
    pixel = entry.pixel_size_um
    kwargs: dict[str, Any] = {
        "name": name,
        "contrast_limits": (float(low), float(max(high, low + 1e-6))),
        "colormap": "gray",
        "scale": (1.0, pixel or 1.0, pixel or 1.0),
        "units": ("pixel", "um", "um") if pixel else ("pixel", "pixel", "pixel"),
        "axis_labels": ("t", "y", "x"),
        "metadata": {"cellstate_file": str(entry.images.resolve(experiment.root)) if entry.images else ""},
    }
    return stack, kwargs, "image"
