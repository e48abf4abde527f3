"""Simulated movies in an experiment of their own: the demo's, and the sample that the window offers."""

from __future__ import annotations

import json
from pathlib import Path

from napari_cellstate.core import atomic
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.add import add, new
from napari_cellstate.experiment.paths import SUFFIX
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.simulate.sample import simulate

MOVIES = "movies"
_LIST = "sample.json"
"""Names the simulated movies, beside them."""


def sample_experiment(
    folder: Path,
    name: str,
    *,
    seed: int = 0,
    replicates: int = 4,
    frames: int = 60,
    size: int = 384,
    cells: int = 40,
    progress: Progress = silent,
) -> Experiment:
    """Simulate young and aged movies into FOLDER/movies, and put them into FOLDER/NAME.cellstate.

    What is there of an earlier call is used. The settings are those of `simulate`; only the seed is compared.

    Raises
    ------
    InputError
        The folder holds movies of another seed, or something else.
    """
    movies = folder / MOVIES
    if not (movies / _LIST).exists():
        if movies.exists():
            raise InputError(f"{movies} does not hold simulated movies; give another folder")
        with atomic.building_folder(movies) as building:
            made = simulate(
                building, replicates=replicates, frames=frames, size=size, cells=cells, seed=seed, progress=progress
            )
            said = [{"name": one.name, "condition": one.condition, "replicate": one.replicate} for one in made]
            atomic.write_text(building / _LIST, json.dumps({"seed": seed, "movies": said}, indent=1) + "\n")
    content = json.loads((movies / _LIST).read_text(encoding="utf-8"))
    if content["seed"] != seed:
        raise InputError(f"{folder} holds movies with seed {content['seed']}; give another folder for seed {seed}")
    path = folder / f"{name}{SUFFIX}"
    experiment = Experiment(path) if (path / "experiment.json").exists() else new(path)
    known = {entry.name for entry in experiment.movies}
    for one in content["movies"]:
        if one["name"] not in known:
            file = movies / f"{one['name']}.ome.tif"
            add(experiment, file, name=one["name"], condition=one["condition"], replicate=one["replicate"])
    return experiment
