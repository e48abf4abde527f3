"""Find moved movies again."""

from __future__ import annotations

from pathlib import Path

from napari_cellstate.core.digest import fingerprint
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.entry import MovieEntry, Reference
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.store import Experiment, as_experiment


def relink(experiment: Experiment | str | Path, old: str | Path, new: str | Path) -> list[str]:
    """Say where a file, or everything below a folder, is now; results stay fresh.

    Parameters
    ----------
    experiment : an experiment or its folder.
    old, new : the same file, or the same folder, before and after.

    Returns
    -------
    Names of the movies that refer to it.

    Raises
    ------
    InputError
        No movie refers to `old`, or a file at `new` is missing or is not the same.
    """
    experiment = as_experiment(experiment)
    root, before, after = experiment.root, Path(old).resolve(), Path(new).resolve()
    with writing(experiment.paths.lock):
        entries = tuple(_moved(entry, before, after, root) for entry in experiment.movies)
        changed = [a.name for a, b in zip(entries, experiment.movies, strict=True) if a != b]
        if not changed:
            known = sorted({str(ref.resolve(root)) for entry in entries for ref in entry.references})
            raise InputError(f"no movie refers to {before}; they refer to: {', '.join(known) or 'nothing'}")
        experiment.set_movies(entries)
    return changed


def _moved(entry: MovieEntry, old: Path, new: Path, root: Path) -> MovieEntry:
    changes: dict[str, Reference] = {}
    for field in ("images", "labels", "tracks"):
        reference = getattr(entry, field)
        if reference is None or not reference.resolve(root).is_relative_to(old):
            continue
        path = new / reference.resolve(root).relative_to(old)
        if not path.exists():
            raise InputError(f"movie {entry.name}: {path} does not exist")
        if fingerprint(path) != reference.fingerprint:
            raise InputError(f"movie {entry.name}: {path} does not hold what {reference.path} held when it was added")
        fresh = type(reference).to(path, root)
        changes[field] = reference.model_copy(update={"path": fresh.path, "stamp": fresh.stamp})
    return entry.model_copy(update=changes)
