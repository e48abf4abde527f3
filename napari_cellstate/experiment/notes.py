"""What a user should be told about what was just added."""

from __future__ import annotations

from pathlib import Path

from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.store import Experiment, as_experiment


def axes_note(experiment: Experiment | str | Path, entry: MovieEntry) -> str:
    """A sentence where the axes of a file were not named and a convention was used; else ""."""
    movie = as_experiment(experiment).movie(entry.name)
    try:
        unnamed = [
            what
            for what, source, reference in (
                ("movie", movie.source, entry.images),
                ("labels", movie.labels, entry.labels),
            )
            if source is not None and reference is not None and not source.axes_named and not reference.axes
        ]
    finally:
        movie.close()
    if not unnamed:
        return ""
    files = " and ".join(unnamed)
    return f"{entry.name}: the axes of the {files} are not named; taken as T, Y, X (say it otherwise with --axes)"
