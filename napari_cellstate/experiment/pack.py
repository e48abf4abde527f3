"""An experiment as one folder that can be carried away."""

from __future__ import annotations

import shutil
from pathlib import Path

from napari_cellstate.core import atomic
from napari_cellstate.core.digest import fingerprint, stamp
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.entry import MovieEntry, Reference
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.paths import SUFFIX
from napari_cellstate.experiment.store import Experiment, as_experiment

RAW = "raw"
_FIELDS = ("images", "labels", "tracks")


def pack(
    experiment: Experiment | str | Path, out: str | Path, *, movies: bool = False, progress: Progress = silent
) -> Experiment:
    """Copy an experiment, and with `movies` all files that it refers to, into a new folder.

    Parameters
    ----------
    experiment : an experiment or its folder.
    out : a folder that does not exist yet, or is empty; it is there whole or not at all.
    movies : also copy movies, labels and track tables, into the folder ``raw``; the copy then refers to these and
        works anywhere. Without, results, figures and exports work, and `relink` says where the movies are.

    Returns
    -------
    The copy, ``OUT/NAME.cellstate``.

    Raises
    ------
    InputError
        `out` is not empty or lies inside the experiment; a file is gone, or has changed since it was added.
    """
    experiment, target = as_experiment(experiment), Path(out).resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} exists already and is not empty; give another folder")
    if target.is_relative_to(experiment.root):
        raise InputError(f"{target} lies inside the experiment; give a folder elsewhere")
    name = experiment.root.name if experiment.root.suffix == SUFFIX else f"{experiment.root.name}{SUFFIX}"
    with writing(experiment.paths.lock):
        if movies:
            for entry in experiment.movies:
                for reference in entry.references:
                    reference.check(experiment.root, entry.name)
        if target.exists():
            target.rmdir()
        with atomic.building_folder(target) as building:
            shutil.copytree(experiment.root, building / name, ignore=_ignored)
            if movies:
                copy = Experiment(building / name)
                copy.set_movies(_copied(experiment, building, name, progress))
    return Experiment(target / name)


def _ignored(folder: str, names: list[str]) -> set[str]:
    """What only the running process needs, and what a killed one left."""
    return {name for name in names if name == "lock" or (name.startswith(".") and name != ".zattrs")}


def _copied(experiment: Experiment, building: Path, name: str, progress: Progress) -> tuple[MovieEntry, ...]:
    """Copy everything that is referred to, each once; give the entries that refer to the copies."""
    places: dict[Path, Path] = {}
    entries = []
    for nth, entry in enumerate(experiment.movies):
        progress(nth, len(experiment.movies), f"{entry.name}: copy")
        changes: dict[str, Reference] = {}
        for field in _FIELDS:
            reference: Reference | None = getattr(entry, field)
            if reference is None:
                continue
            source = reference.resolve(experiment.root)
            if source not in places:
                places[source] = building / RAW / entry.name / field / source.name
                _copy(source, places[source], reference, entry.name)
            place = places[source]
            written = (Path("..") / place.relative_to(building)).as_posix()
            changes[field] = reference.model_copy(update={"path": written, "stamp": stamp(place)})
        entries.append(entry.model_copy(update=changes))
    return tuple(entries)


def _copy(source: Path, place: Path, reference: Reference, movie: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy2(source, place)
    if fingerprint(place) != reference.fingerprint:
        raise InputError(f"movie {movie}: {source} has changed while it was copied; try again")
