"""The report folder: tables, figures, and the states painted on the movies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import SCALED, state_name
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.export import export
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.sequences import ALL, sequences
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.experiment.tables import states_of_cells, states_table

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FRAMES_A_SECOND = 8


def report(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    force: bool = False,
    truth: pd.DataFrame | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Write tables (as `export` does), figures as PNG and PDF, and an overlay movie for each condition.

    Parameters
    ----------
    experiment : an experiment, or its folder, with every stage done.
    out : a folder; made if missing, and it must be empty.
    force : write into a folder that is not empty.
    truth : true transitions (condition, from, to, probability), drawn beneath those found.

    Returns
    -------
    All files.
    """
    experiment, folder = as_experiment(experiment), Path(out)
    if experiment.record("dynamics") is None:
        raise InputError(f"{experiment.root}: a report needs every stage; do: napari-cellstate run {experiment.root}")
    paths = export(experiment, folder, force=force, progress=progress)
    paths += _write_figures(experiment, folder / "figures", truth, progress)
    for entry in _one_a_condition(experiment):
        path = folder / f"overlay_{entry.name}"
        paths.append(write_overlay(experiment, entry, path, progress))
    return paths


def write_overlay(experiment: Experiment, entry: MovieEntry, path: Path, progress: Progress = silent) -> Path:
    """Write one movie with its states painted on the cells.

    Parameters
    ----------
    path : without suffix; MP4, or GIF where no encoder is found.
    """
    from napari_cellstate.plots.movie_file import write_movie

    return write_movie(overlay_frames(experiment, entry, progress), path, FRAMES_A_SECOND)


def _write_figures(experiment: Experiment, folder: Path, truth: pd.DataFrame | None, progress: Progress) -> list[Path]:
    from napari_cellstate.plots.style import save

    makers = _figures(experiment, truth)
    written: list[Path] = []
    for nth, (name, make) in enumerate(makers.items()):
        progress(nth, len(makers), "figures")
        written += save(make(), folder, name)
    progress(len(makers), len(makers), "figures")
    return written


def _figures(experiment: Experiment, truth: pd.DataFrame | None) -> dict[str, Callable[[], Figure]]:
    """What makes each figure, by its name."""
    from napari_cellstate.plots.dwell import dwell
    from napari_cellstate.plots.embedding import embedding
    from napari_cellstate.plots.ethogram import ethogram
    from napari_cellstate.plots.matrices import transition_matrices
    from napari_cellstate.plots.occupancy import occupancy
    from napari_cellstate.plots.over_time import occupancy_over_time, rates_over_time
    from napari_cellstate.plots.paths import paths
    from napari_cellstate.plots.profiles import profiles
    from napari_cellstate.plots.state_graph import state_graph

    behavior, recipe = experiment.behavior, current_recipe(experiment)
    dt_s = sequences(experiment, recipe).dt_s
    lag = recipe.dynamics.frames(recipe.windows.stride)
    step = f"{lag * dt_s / 60:g} min" if dt_s else f"{lag} frame" + ("s" if lag > 1 else "")
    rows = behavior.obs
    space = next(name for name in behavior.obsm if name.startswith("X_"))
    axes = [f"{space.removeprefix('X_').upper()} {nth}" for nth in (1, 2)]
    used = behavior.var["used"].to_numpy(bool)
    shown = list(dict.fromkeys(entry.condition or ALL for entry in experiment.movies))
    return {
        "transitions": lambda: transition_matrices(
            experiment.dynamics("transitions"), truth=truth, step=step, conditions=shown
        ),
        "occupancy": lambda: occupancy(_with_replicates(experiment), conditions=shown),
        "embedding": lambda: embedding(rows, np.asarray(behavior.obsm[space]), axes=axes, conditions=shown),
        "ethogram": lambda: ethogram(rows, conditions=shown),
        "dwell": lambda: dwell(
            experiment.dynamics("survival"), dt_s=dt_s, conditions=shown, shortest=recipe.windows.window
        ),
        "state_graph": lambda: state_graph(
            experiment.dynamics("transitions"), experiment.dynamics("occupancy_by_condition"), conditions=shown
        ),
        "occupancy_over_time": lambda: occupancy_over_time(
            experiment.dynamics("occupancy_over_time"), conditions=shown
        ),
        "rates_over_time": lambda: rates_over_time(experiment.dynamics("rates_over_time"), conditions=shown),
        "profiles": lambda: profiles(
            np.asarray(behavior.layers[SCALED])[:, used],
            rows["state"].to_numpy(),
            list(behavior.var_names[used]),
            units=list(behavior.var["unit"][used]),
        ),
        "paths": lambda: paths(
            states_table(experiment).fillna({"state": 0}),
            pixel_size_um=experiment.movies[0].pixel_size_um,
            conditions=shown,
        ),
    }


def _with_replicates(experiment: Experiment) -> pd.DataFrame:
    shares = experiment.dynamics("occupancy")
    replicates = {entry.name: entry.replicate for entry in experiment.movies}
    return shares.assign(replicate=shares["movie"].map(replicates))


def _one_a_condition(experiment: Experiment) -> list[MovieEntry]:
    """The first movie of each condition that has labels to paint on."""
    first: dict[str, MovieEntry] = {}
    for entry in experiment.movies:
        if experiment.movie_paths(entry.name).labels.exists():
            first.setdefault(entry.condition or ALL, entry)
    return list(first.values())


def overlay_frames(experiment: Experiment, entry: MovieEntry, progress: Progress) -> Iterator[NDArray[np.uint8]]:
    """Frames of a movie with its states painted on the cells, (H, W, 3)."""
    from napari_cellstate.plots.captions import time_text
    from napari_cellstate.plots.overlay import contrast_limits, overlay_frame

    behavior, labels, movie = experiment.behavior, experiment.labels(entry.name), experiment.movie(entry.name)
    states = _states_by_frame(experiment, entry, behavior)
    k = int(behavior.obs["state"].max()) if behavior.n_obs else 0
    legend = {state: state_name(state) for state in range(1, k + 1)}
    try:
        has_images = movie.source is not None
        few = [movie.frames[nth * (len(movie.frames) - 1) // 4] for nth in range(5)]
        limits = contrast_limits(movie.image(t) for t in few) if has_images else (0.0, 255.0)
        for nth, t in enumerate(movie.frames):
            progress(nth, len(movie.frames), f"{entry.name}: overlay movie")
            yield overlay_frame(
                movie.image(t) if has_images else None,
                np.asarray(labels[t], np.uint32),
                states.get(t, {}),
                limits=limits,
                legend=legend,
                time_text=time_text(t, entry.dt_s),
                pixel_size_um=entry.pixel_size_um,
            )
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
