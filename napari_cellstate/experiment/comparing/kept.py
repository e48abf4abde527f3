"""The comparison that is kept with an experiment, for the window."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.comparing.compare import compare
from napari_cellstate.experiment.store import Experiment

FOLDER = "comparison"


@dataclass(frozen=True, eq=False)
class Kept:
    """A comparison as it lies on disk.

    Attributes
    ----------
    content : of compare.json.
    folder : with report.html, report.pdf, figures.
    stale : whether the experiment has newer results.
    """

    content: dict[str, Any]
    folder: Path
    stale: bool

    @property
    def figures(self) -> list[Path]:
        """PNG files, by name."""
        return sorted((self.folder / "figures").glob("*.png"))


def compare_and_keep(
    experiment: Experiment,
    *,
    by: str = "",
    batch: str = "",
    reference: str = "",
    link_error: float = 0.0,
    progress: Progress = silent,
) -> Kept:
    """Compare conditions into the experiment's own folder, in place of the comparison that lies there."""
    folder = experiment.root / FOLDER
    building = experiment.root / f".{FOLDER}.building"
    shutil.rmtree(building, ignore_errors=True)
    try:
        compare(
            experiment,
            building,
            by=by,
            batch=batch,
            reference=reference,
            link_error=link_error,
            progress=progress,
        )
        shutil.rmtree(folder, ignore_errors=True)
        building.replace(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    found = kept_comparison(experiment)
    if found is None:
        raise InputError(f"{folder}: the comparison is not there any more; compare again")
    return found


def kept_comparison(experiment: Experiment) -> Kept | None:
    """The comparison that lies with an experiment; None where there is none, or it cannot be read."""
    folder = experiment.root / FOLDER
    path = folder / "compare.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made = path.stat().st_mtime
    except (OSError, ValueError):
        return None
    record = experiment.paths.record("dynamics")
    stale = not record.exists() or max(record.stat().st_mtime, experiment.paths.experiment.stat().st_mtime) > made
    return Kept(content, folder, stale)


def factor_names(experiment: Experiment) -> list[str]:
    """What movies can be told apart by: "condition", then whatever else is said of every movie."""
    entries = experiment.movies
    named = list(dict.fromkeys(name for entry in entries for name in entry.about))
    return ["condition", *(name for name in named if all(entry.about.get(name) for entry in entries))]


def levels_of(experiment: Experiment, factor: str) -> list[str]:
    """Levels of one factor in the order of the movies."""
    values = [entry.condition if factor == "condition" else entry.about.get(factor, "") for entry in experiment.movies]
    return list(dict.fromkeys(value for value in values if value))
