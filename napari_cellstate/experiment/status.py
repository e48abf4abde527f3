"""Where an experiment stands, without computing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.times import sentence
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.keys import plan
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.review import measured_error
from napari_cellstate.experiment.store import Experiment, as_experiment


def status(experiment: Experiment | str | Path) -> dict[str, Any]:
    """Statuses of all stages under the experiment's recipe.

    Returns
    -------
    ``{"experiment": folder, "movies": [{"name", "condition", "replicate", "frames", "dt_s", "pixel_size_um",
    "problem", "used", "intervals", "stages": {stage: status}, "summary": {...}}, ...], "stages": {pooled stage:
    status}, "summary": {...}, "link_errors": as `ErrorRate.record`, or None where no links were judged}``. "problem" is
    "" or says what is wrong with the movie's files; "used" which frames and region are in use and why, "" for all;
    "intervals" what is irregular about its times.
    """
    experiment = as_experiment(experiment)
    found = plan(experiment, current_recipe(experiment))
    movies = []
    for movie in found.movies:
        entry = movie.entry
        summary: dict[str, Any] = {}
        for stage in movie.statuses:
            summary |= (experiment.record(stage, entry.name) or {}).get("summary", {})
        movies.append(
            {
                **entry.model_dump(include={"name", "condition", "replicate", "dt_s", "pixel_size_um"}),
                "frames": entry.frames[1] - entry.frames[0],
                "problem": _problem(entry, experiment.root),
                "used": entry.used,
                "intervals": sentence(entry.times_s, entry.name),
                "stages": {name: str(value) for name, value in movie.statuses.items()},
                "summary": summary,
            }
        )
    pooled: dict[str, Any] = {}
    for stage in found.statuses:
        pooled |= (experiment.record(stage) or {}).get("summary", {})
    stages = {name: str(value) for name, value in found.statuses.items()}
    error = measured_error(experiment)
    return {
        "experiment": str(experiment.root),
        "movies": movies,
        "stages": stages,
        "summary": pooled,
        "link_errors": error.record() if error.judged or error.unclear else None,
    }


def _problem(entry: MovieEntry, root: Path) -> str:
    try:
        for reference in entry.references:
            reference.check(root, entry.name)
    except InputError as error:
        return str(error)
    return ""
