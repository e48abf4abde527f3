"""The report folder: tables, figures, and the states painted on the movies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core import atomic
from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.looks import wearing
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.behaviours import describe_states
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.export import export
from napari_cellstate.experiment.overlay_movie import write_overlay
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.review import tracking_summary
from napari_cellstate.experiment.sequences import ALL, sequences
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.experiment.tables import states_table
from napari_cellstate.experiment.treatments import treatments
from napari_cellstate.formats.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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
    paths.append(_write_tracking(experiment, folder / "tracking.txt"))
    paths.append(folder / "described_states.csv")
    write_csv(describe_states(experiment).table(), paths[-1])
    with wearing(experiment.looks):
        paths += _write_figures(experiment, folder / "figures", truth, progress)
    for entry in _one_a_condition(experiment):
        path = folder / f"overlay_{entry.name}"
        paths.append(write_overlay(experiment, entry, path, progress=progress))
    return paths


def _write_tracking(experiment: Experiment, path: Path) -> Path:
    """What a reader should know of the links: corrections, their measured error rate, tracks left out."""
    words = tracking_summary(experiment)["words"]
    for entry in experiment.movies:
        words += (experiment.record("features", entry.name) or {}).get("warnings", [])
    atomic.write_text(path, "\n".join(words) + "\n")
    return path


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
    from napari_cellstate.plots.families import families
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
    treated = treatments(experiment)
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
            experiment.dynamics("occupancy_over_time"), conditions=shown, treatments=treated
        ),
        "rates_over_time": lambda: rates_over_time(
            experiment.dynamics("rates_over_time"), conditions=shown, treatments=treated
        ),
        "families": lambda: families(experiment.dynamics("families"), experiment.dynamics("divisions")),
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
