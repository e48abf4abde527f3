"""The experiment table: condition, replicate, well, times and all else that is said of many movies, from a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.add import check_positive
from napari_cellstate.experiment.entry import MovieEntry
from napari_cellstate.experiment.lock import writing
from napari_cellstate.experiment.store import Experiment, as_experiment
from napari_cellstate.formats.read_sheet import read_sheet

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellstate.formats.sheet import Sheet

_MOVIE = ("movie", "name", "file", "filename")
_KNOWN = {
    "condition": ("condition", "treatment", "group"),
    "replicate": ("replicate", "animal", "donor", "mouse", "patient"),
    "dt_s": ("dt_s", "dt"),
    "pixel_size_um": ("pixel_size_um", "pixel_size"),
}
_NUMBERS = {"dt_s": "seconds", "pixel_size_um": "micrometres"}


def movie_table(experiment: Experiment | str | Path) -> pd.DataFrame:
    """What is said of each movie: movie, condition, replicate, dt_s, pixel_size_um, then everything else said."""
    import pandas as pd

    entries = as_experiment(experiment).movies
    others = dict.fromkeys(name for entry in entries for name in entry.about)
    rows = [
        {
            "movie": entry.name,
            **{name: getattr(entry, name) for name in _KNOWN},
            **{name: entry.about.get(name, "") for name in others},
        }
        for entry in entries
    ]
    return pd.DataFrame(rows, columns=["movie", *_KNOWN, *others])


def update_from_table(
    experiment: Experiment | str | Path, table: str | Path, *, preview: bool = False
) -> tuple[MovieEntry, ...]:
    """Say of many movies at once what a sheet says of them.

    Parameters
    ----------
    table : CSV or parquet with a column movie (name, or file name with or without suffix), and any of condition,
        replicate, dt_s, pixel_size_um; all other columns (well, position, age, drug, treated_h) are kept as they
        stand and can be named in a comparison with --by and --batch. A blank changes nothing.
    preview : change nothing, only say what would be.

    Returns
    -------
    The entries that differ from before, as they are then.

    Raises
    ------
    InputError
        A movie that is not there or named twice, or a number that is none: nothing is changed then.
    """
    experiment = as_experiment(experiment)
    sheet = read_sheet(Path(table))
    with writing(experiment.paths.lock):
        entries = experiment.movies
        changed = _changed(sheet, {entry.name: entry for entry in entries})
        if changed and not preview:
            experiment.set_movies(tuple(changed.get(entry.name, entry) for entry in entries))
    return tuple(changed.values())


def set_movie_table(
    experiment: Experiment | str | Path, said: Mapping[str, Mapping[str, str]]
) -> tuple[MovieEntry, ...]:
    """Say exactly this of movies: condition, replicate and anything else by name; blank means that nothing is said.

    Parameters
    ----------
    said : by movie.

    Returns
    -------
    The entries that differ from before.
    """
    experiment = as_experiment(experiment)
    with writing(experiment.paths.lock):
        changed = {}
        for name, values in said.items():
            entry = experiment.entry(name)
            about = {key: text for key, text in values.items() if key not in ("condition", "replicate") and text}
            own = {key: values[key] for key in ("condition", "replicate") if key in values}
            new = entry.model_copy(update={**own, "about": about})
            if new != entry:
                changed[name] = new
        if changed:
            experiment.set_movies(tuple(changed.get(entry.name, entry) for entry in experiment.movies))
    return tuple(changed.values())


def _changed(sheet: Sheet, entries: dict[str, MovieEntry]) -> dict[str, MovieEntry]:
    key = sheet.find(_MOVIE, "", "a column 'movie'")
    columns = {name: sheet.find_optional(names) for name, names in _KNOWN.items()}
    others = [str(name) for name in sheet.frame.columns if name not in (key, *columns.values()) and str(name).strip()]
    if not any(columns.values()) and not others:
        raise InputError(f"{sheet.path}: nothing but {key!r}; expected condition, replicate, dt_s, ... beside it")
    values = {
        name: (sheet.text if name in _NUMBERS else sheet.words)(column) for name, column in columns.items() if column
    }
    about = {name: sheet.words(name) for name in others}
    seen: dict[str, int] = {}
    changed = {}
    for nth, given in enumerate(sheet.text(key)):
        row = int(sheet.rows[nth])
        entry = entries[_name(given, entries, sheet.path, row)]
        if entry.name in seen:
            raise InputError(f"{sheet.path}, rows {seen[entry.name]} and {row}: both are movie {entry.name}; keep one")
        seen[entry.name] = row
        said = {name: _value(name, column[nth], sheet.path, row) for name, column in values.items() if column[nth]}
        more = {name: column[nth] for name, column in about.items() if column[nth]}
        new = entry.model_copy(update={**said, "about": entry.about | more})
        if new != entry:
            changed[entry.name] = new
    return changed


def _name(given: str, entries: dict[str, MovieEntry], path: Path, row: int) -> str:
    """The movie that a sheet names, by its name or its file."""
    plain = given.replace("\\", "/").rpartition("/")[2]
    for one in (given, plain, plain.partition(".")[0]):
        if one in entries:
            return one
    raise InputError(f"{path}, row {row}: no movie {given!r}; there are: {', '.join(entries)}")


def _value(name: str, text: str, path: Path, row: int) -> Any:
    if name not in _NUMBERS:
        return text
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{path}, row {row}: {name} is {text!r}; expected {_NUMBERS[name]} as a number") from None
    check_positive(f"{path}, row {row}: {name}", value, _NUMBERS[name])
    return value
