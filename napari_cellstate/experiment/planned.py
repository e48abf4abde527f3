"""Many movies at once: condition and replicate from file names by a pattern, or from a table."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellstate.core.errors import CellStateError, InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.experiment.add import add
from napari_cellstate.experiment.store import Experiment, as_experiment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellstate.experiment.entry import MovieEntry
    from napari_cellstate.formats.sheet import Sheet

FIELDS = ("condition", "replicate", "name")
"""What a pattern can name."""
_FILE_NAMES = ("file", "path", "movie", "filename", "file_name")
_DT_NAMES, _PIXEL_NAMES = ("dt_s", "dt"), ("pixel_size_um", "pixel_size")
_LABELS_NAMES, _TRACKS_NAMES = ("labels",), ("tracks",)
_PIECE = re.compile(r"\{([^{}]*)\}|(\*)|(\?)")


@dataclass(frozen=True)
class Planned:
    """One movie that is about to be added.

    Attributes
    ----------
    path : of the movie.
    condition, replicate, name : "" where not said; the name is then that of the file.
    dt, pixel_size : s and um; None takes what the file says.
    labels, tracks : files that go with it, or None.
    axes, channel : as for `add`.
    problem : why it cannot be added as it stands, "" for none.
    """

    path: Path
    condition: str = ""
    replicate: str = ""
    name: str = ""
    dt: float | None = None
    pixel_size: float | None = None
    labels: Path | None = None
    tracks: Path | None = None
    axes: str = ""
    channel: int = 0
    problem: str = ""


def parse_name(path: str | Path, pattern: str) -> dict[str, str] | None:
    """What a pattern reads from a path; None where it does not fit.

    Parameters
    ----------
    pattern : such as ``{condition}_{replicate}_*.tif``: a field in braces or ``*`` stands for any text (as little as
        fits), ``?`` for one sign, everything else for itself, upper or lower case. A pattern with ``/`` is
        held against as many folders above the file; one without against its name.

    Raises
    ------
    InputError
        An unknown field, one that is named twice, a brace that is not closed.

    Examples
    --------
    >>> parse_name("aged_mouse3_pos01.tif", "{condition}_mouse{replicate}_*.tif")
    {'condition': 'aged', 'replicate': '3'}
    """
    parts = pattern.count("/") + 1
    text = "/".join(Path(path).parts[-parts:])
    found = _expression(pattern).fullmatch(text)
    return None if found is None else {name: value.strip() for name, value in found.groupdict().items()}


def plan_by_pattern(
    paths: Iterable[str | Path],
    pattern: str,
    *,
    dt: float | None = None,
    pixel_size: float | None = None,
    axes: str = "",
    channel: int = 0,
) -> tuple[Planned, ...]:
    """Read condition, replicate and name of each file from its name; files that do not fit say so in `problem`.

    Parameters
    ----------
    paths : files; a folder stands for what lies in it and fits the pattern.
    pattern : see `parse_name`.
    dt, pixel_size, axes : of all of them; None and "" take what each file says.
    channel : to segment, of all of them.
    """
    planned = []
    for path in _all_files(paths, pattern):
        found = parse_name(path, pattern)
        problem = "" if found is not None else f"does not fit the pattern {pattern}"
        condition, replicate, name = ((found or {}).get(field, "") for field in FIELDS)
        one = Planned(path, condition, replicate, name, dt, pixel_size, axes=axes, channel=channel, problem=problem)
        planned.append(one)
    if not planned:
        raise InputError(f"no file fits the pattern {pattern}")
    return _twice(planned)


def plan_by_table(table: str | Path) -> tuple[Planned, ...]:
    """Read movies from a table with a row each.

    Parameters
    ----------
    table : CSV or parquet with a column file (or path, movie) and, as far as they are known, condition, replicate,
        name, dt_s, pixel_size_um, labels and tracks; relative paths begin where the table lies.

    Raises
    ------
    InputError
        No column of files; a number that is none.
    """
    sheet, text = _columns(table)
    if not text["file"]:
        raise InputError(f"{table}: no column {_FILE_NAMES[0]!r} (or {', '.join(_FILE_NAMES[1:])})")
    below = Path(table).resolve().parent
    dt, size = (_numbers(sheet, names) for names in (_DT_NAMES, _PIXEL_NAMES))
    planned = []
    for at in range(len(sheet.rows)):
        said = {name: text[name][at] if text[name] else "" for name in (*FIELDS, "labels", "tracks", "axes")}
        path = below / text["file"][at]
        planned.append(
            Planned(
                path,
                said["condition"],
                said["replicate"],
                said["name"],
                dt[at],
                size[at],
                below / said["labels"] if said["labels"] else None,
                below / said["tracks"] if said["tracks"] else None,
                said["axes"].upper(),
                problem="" if path.exists() else "no such file",
            )
        )
    return _twice(planned)


def add_planned(
    experiment: Experiment | str | Path, planned: Sequence[Planned], *, progress: Progress = silent
) -> tuple[MovieEntry, ...]:
    """Add movies one after the other; the first one that cannot be added stops it, and says how many were.

    Raises
    ------
    InputError
        One has a problem (then none is added), or a file cannot be used.
    """
    experiment = as_experiment(experiment)
    wrong = [one for one in planned if one.problem]
    if wrong:
        raise InputError("\n".join(f"{one.path.name}: {one.problem}" for one in wrong))
    entries: list[MovieEntry] = []
    for nth, one in enumerate(planned):
        progress(nth, len(planned), "add movies")
        try:
            entries.append(_add(experiment, one))
        except CellStateError as error:
            done = f" ({nth} of {len(planned)} movies were added before it)" if nth else ""
            raise InputError(f"{error}{done}") from None
    progress(len(planned), len(planned), "add movies")
    return tuple(entries)


def _add(experiment: Experiment, one: Planned) -> MovieEntry:
    return add(
        experiment,
        one.path,
        labels=one.labels,
        tracks=one.tracks,
        name=one.name,
        axes=one.axes,
        channel=one.channel,
        dt=one.dt,
        pixel_size=one.pixel_size,
        condition=one.condition,
        replicate=one.replicate,
    )


def _expression(pattern: str) -> re.Pattern[str]:
    pieces, at, seen = [], 0, list[str]()
    for found in _PIECE.finditer(pattern):
        pieces.append(_literal(pattern[at : found.start()], pattern))
        field, star, _ = found.groups()
        if field is not None:
            if field not in FIELDS:
                raise InputError(f"pattern {pattern}: no field {{{field}}}; known: {{{'}, {'.join(FIELDS)}}}")
            if field in seen:
                raise InputError(f"pattern {pattern}: {{{field}}} stands twice; name it once")
            seen.append(field)
            pieces.append(f"(?P<{field}>[^/]+?)")
        else:
            pieces.append("[^/]*?" if star else "[^/]")
        at = found.end()
    pieces.append(_literal(pattern[at:], pattern))
    return re.compile("".join(pieces), re.IGNORECASE)


def _literal(text: str, pattern: str) -> str:
    if "{" in text or "}" in text:
        raise InputError(f"pattern {pattern}: a brace without its other one; a field looks like {{condition}}")
    return re.escape(text)


def _all_files(paths: Iterable[str | Path], pattern: str) -> list[Path]:
    """The files themselves; of a folder that does not fit by itself, what lies in it and does."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir() and parse_name(path, pattern) is None:
            depth = "/".join("*" * (pattern.count("/") + 1))
            found += [one for one in sorted(path.glob(depth)) if parse_name(one, pattern) is not None]
        else:
            found.append(path)
    return found


def _twice(planned: list[Planned]) -> tuple[Planned, ...]:
    """Say of files that stand twice, and of names that do, that they do."""
    files, names = [one.path.resolve() for one in planned], [one.name.lower() for one in planned]
    checked = []
    for at, one in enumerate(planned):
        if not one.problem and files.index(files[at]) != at:
            one = replace(one, problem="stands twice in the list")
        elif not one.problem and one.name and names.index(names[at]) != at:
            one = replace(one, problem=f"an earlier one is called {one.name} too")
        checked.append(one)
    return tuple(checked)


def _columns(table: str | Path) -> tuple[Sheet, dict[str, list[str]]]:
    """The sheet, and its text columns by what they mean; empty where there is none."""
    from napari_cellstate.formats.read_sheet import read_sheet

    sheet = read_sheet(Path(table))
    known = {
        "file": _FILE_NAMES,
        "condition": ("condition",),
        "replicate": ("replicate",),
        "name": ("name",),
        "labels": _LABELS_NAMES,
        "tracks": _TRACKS_NAMES,
        "axes": ("axes",),
    }
    columns = {what: sheet.find_optional(names) for what, names in known.items()}
    return sheet, {what: list(sheet.text(name)) if name else [] for what, name in columns.items()}


def _numbers(sheet: Sheet, names: tuple[str, ...]) -> list[float | None]:
    """Numbers of a column, None where it is blank or not there."""
    name = sheet.find_optional(names)
    if not name:
        return [None] * len(sheet.rows)
    text, values = sheet.text(name), sheet.maybe_numbers(name)
    for said, value, row in zip(text, values, sheet.rows, strict=True):
        if said and not np.isfinite(value):
            raise InputError(f"{sheet.path}, row {row}: {name} is {said!r}; expected a number with a decimal point")
    return [float(value) if np.isfinite(value) else None for value in values]
