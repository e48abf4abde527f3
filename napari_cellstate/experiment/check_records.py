"""Records: what stages say that they did."""

from __future__ import annotations

from collections.abc import Sequence

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.finding import Findings
from napari_cellstate.experiment.stages.base import MovieStage, PooledStage
from napari_cellstate.experiment.store import Experiment

_FIELDS = {"stage": str, "key": str, "resolved": dict, "summary": dict, "warnings": list}


def check_records(
    experiment: Experiment, found: Findings, stages: Sequence[MovieStage | PooledStage], movie: str = ""
) -> bool:
    """Check the records of a movie, or of the pooled stages; True if all of them can be read and are complete."""
    sound = True
    for stage in stages:
        path = experiment.movie_paths(movie).record(stage.name) if movie else experiment.paths.record(stage.name)
        where, again = path.relative_to(experiment.root).as_posix(), found.again(path)
        try:
            record = experiment.record(stage.name, movie or None)
        except InputError as error:
            found.add(where, str(error).removeprefix(f"{path}: "), again)
            sound = False
            continue
        done = stage.done(experiment, movie) if isinstance(stage, MovieStage) else stage.done(experiment)
        if record is None:
            # The pooled stages share files, so a result without a record cannot be told there.
            if done and isinstance(stage, MovieStage):
                found.add(where, "missing, though the result is there", f"do: napari-cellstate run {experiment.root}")
            continue
        wrong = [name for name, kind in _FIELDS.items() if not isinstance(record.get(name), kind)]
        if wrong:
            found.add(where, f"field {wrong[0]!r} is missing or of a wrong type", again)
            sound = False
        elif record["stage"] != stage.name:
            found.add(where, f"is of stage {record['stage']!r}; expected {stage.name!r}", again)
            sound = False
        if not done:
            found.add(where, "is there, but its result is not", again)
    return sound
