"""Is an experiment whole? What is broken in it, and how to mend it."""

from __future__ import annotations

from pathlib import Path

from napari_cellstate.core.digest import fingerprint
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.core.times import goes_back
from napari_cellstate.experiment.check_movie import check_movie
from napari_cellstate.experiment.check_pooled import check_pooled
from napari_cellstate.experiment.check_records import check_records
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.finding import Finding, Findings
from napari_cellstate.experiment.keys import UP_TO_DATE, plan_movie, pooled_keys
from napari_cellstate.experiment.pipeline import current_recipe
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages import MOVIE_STAGES, POOLED_STAGES
from napari_cellstate.experiment.store import Experiment, as_experiment

_LEFT = (".tmp", ".old", ".building")


def check(experiment: Experiment | str | Path, *, progress: Progress = silent) -> tuple[Finding, ...]:
    """Look for everything that should not be in an experiment; nothing is changed.

    Looked at are the list of movies and the files that it refers to (their content, not only their dates), the
    recipe, records, label images frame by frame, tables and what they say of each other, the behaviour table and
    the dynamics. A stage that is missing or stale is no fault: `run` does it.

    Parameters
    ----------
    experiment : an experiment or its folder.
    progress : called for each frame of label images.

    Returns
    -------
    What was found, in the order of files; empty if the experiment is whole.

    Raises
    ------
    InputError
        The folder is no experiment at all.
    """
    root = experiment.root if isinstance(experiment, Experiment) else Path(experiment).resolve()
    found = Findings(root)
    try:
        opened = Experiment(root)
    except InputError as error:
        if not any((root / name).exists() for name in ("experiment.json", "recipe.toml", "movies")):
            raise
        mend = "update napari-cellstate" if "newer version" in str(error) else "restore it from a backup"
        found.add("experiment.json", str(error), mend)
        return found.all()
    recipe, whole = _recipe(opened, found), _check_journal(opened, found)
    _check_names(opened.movies, found)
    _check_left(opened.root, found)
    features = []
    for entry in opened.movies:
        _check_entry(entry, opened.root, found)
        records = check_records(opened, found, MOVIE_STAGES, entry.name)
        fresh, key = _fresh(opened, recipe, entry) if recipe and records and whole else (frozenset[str](), "")
        features.append(key)
        check_movie(opened, entry, found, fresh, progress)
    records = check_records(opened, found, POOLED_STAGES)
    fresh_pooled = _fresh_pooled(opened, recipe, features) if recipe and records and whole else frozenset[str]()
    check_pooled(opened, found, fresh_pooled)
    return found.all()


def listed(experiment: Experiment | str | Path) -> tuple[MovieEntry, ...]:
    """The movies of an experiment, none where their list cannot be read."""
    try:
        return as_experiment(experiment).movies
    except InputError:
        return ()


def _recipe(experiment: Experiment, found: Findings) -> Recipe | None:
    try:
        return current_recipe(experiment)
    except InputError as error:
        found.add("recipe.toml", str(error), "correct it, or remove it to use the default recipe")
        return None


def _check_journal(experiment: Experiment, found: Findings) -> bool:
    """Whether the journal of corrections can be read."""
    try:
        return experiment.history is not None
    except InputError as error:
        found.add(experiment.paths.edits.name, str(error), "put back a copy, or take the line out")
        return False


def _fresh(experiment: Experiment, recipe: Recipe, entry: MovieEntry) -> tuple[frozenset[str], str]:
    """Stages whose results fit each other, and the key of the features."""
    plan = plan_movie(experiment, recipe, entry, experiment.history)
    fresh = frozenset(name for name, status in plan.statuses.items() if status in UP_TO_DATE)
    return fresh, plan.keys[MOVIE_STAGES[-1].name]


def _fresh_pooled(experiment: Experiment, recipe: Recipe, features: list[str]) -> frozenset[str]:
    if not all(features):
        return frozenset()
    try:
        keys = pooled_keys(recipe, experiment.movies, features, experiment.history)
    except InputError:  # movies that cannot be pooled: `run` says why
        return frozenset()
    records = {name: experiment.record(name) for name in keys}
    return frozenset(name for name, record in records.items() if record and record["key"] == keys[name])


def _check_names(entries: tuple[MovieEntry, ...], found: Findings) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        other = seen.setdefault(entry.name.lower(), entry.name)
        if other is not entry.name:
            found.add("experiment.json", f"two movies are called {other!r} and {entry.name!r}", "rename one of them")


def _check_entry(entry: MovieEntry, root: Path, found: Findings) -> None:
    """What the entry says, and the files that it refers to."""
    t, channels, y, x = entry.shape
    first, stop = entry.frames
    here = f"experiment.json, movie {entry.name}"
    again = f"correct it, or remove the movie and add it again: napari-cellstate remove {root} {entry.name}"
    if min(t, y, x) < 1 or channels < 0:
        found.add(here, f"shape {entry.shape}", again)
    if not 0 <= first < stop <= t:
        found.add(here, f"frames {first}:{stop} of {t}", again)
    if not 0 <= entry.channel < max(channels, 1):
        found.add(here, f"channel {entry.channel} of {channels}", again)
    for name, value in (("dt_s", entry.dt_s), ("pixel_size_um", entry.pixel_size_um)):
        if value is not None and not 0 < value < float("inf"):
            found.add(here, f"{name} is {value}; expected more than 0", f"napari-cellstate update {root} {entry.name}")
    if entry.times_s and (len(entry.times_s) != t or goes_back(entry.times_s)):
        found.add(here, f"{len(entry.times_s)} times for {t} frames, or times that do not go up", again)
    if not entry.references:
        found.add(here, "refers to no file", again)
    for reference in entry.references:
        path = reference.resolve(root)
        if not path.exists():
            found.add(here, f"{path} is not there", f"napari-cellstate relink {root} {path} NEW")
        elif fingerprint(path) != reference.fingerprint:
            mend = "put the old file back, or add the new one as a movie of its own"
            found.add(here, f"{path} does not hold what it held when it was added", mend)


def _check_left(root: Path, found: Findings) -> None:
    """What a killed process left behind; the labels in the making are not among it."""
    for path in sorted(root.rglob(".*")):
        if path.name != ".labels.part" and any(mark in path.name for mark in _LEFT):
            where = path.relative_to(root).as_posix()
            found.add(where, "left by a process that was killed", "remove it, or run again")
