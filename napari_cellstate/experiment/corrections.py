"""What another list of edits in force makes of the results on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_cellstate.core import atomic
from napari_cellstate.core.edits import Edit, History
from napari_cellstate.experiment.keys import edited_key, own_key
from napari_cellstate.experiment.stages import MOVIE_STAGES
from napari_cellstate.experiment.stages.base import Correction, MovieStage
from napari_cellstate.experiment.store import Experiment


def correct(experiment: Experiment, one: Edit, before: History, after: History) -> Correction:
    """Work out what changes on disk when the edits in force go from `before` to `after` by `one`."""
    stage = next((stage for stage in MOVIE_STAGES if stage.name == one.stage), None)
    if stage is None or not one.movie:
        return Correction()
    return correct_stage(experiment, stage, one.movie, before.of(one.stage, one.movie), after.of(one.stage, one.movie))


def correct_stage(
    experiment: Experiment, stage: MovieStage, movie: str, before: tuple[Edit, ...], after: tuple[Edit, ...]
) -> Correction:
    """Work out a stage's result with other edits; nothing where it is not done yet: its next run applies them."""
    record = experiment.record(stage.name, movie)
    if stage.amend is None or record is None or not stage.done(experiment, movie):
        return Correction()
    amended = stage.amend(experiment, movie, before, after, record["resolved"])
    path = experiment.movie_paths(movie).record(stage.name)
    key = own_key(record)
    content = {**record, "own": key, "key": edited_key(key, after), "lost_edits": list(amended.lost)}
    content["summary"] = record["summary"] | amended.summary

    def write() -> None:
        """The record stays until the end: a kill in between leaves it stale, and the next run amends again."""
        amended.write()
        write_record(experiment, path, content)

    return replace(amended, write=write)


def write_record(experiment: Experiment, path: Path, content: dict[str, Any]) -> None:
    """Write what a stage did."""
    atomic.write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    experiment.records.forget(path)
