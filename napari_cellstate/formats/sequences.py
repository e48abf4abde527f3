"""Tables of state sequences made elsewhere: one row for each track and frame, with a state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.columns import FRAME_NAMES, TRACK_NAMES
from napari_cellstate.formats.read_sheet import read_sheet
from napari_cellstate.formats.sheet import Sheet

STATE_NAMES = ("state", "states", "state_name", "cluster", "behaviour", "behavior")
CONDITION_NAMES = ("condition",)
MOVIE_NAMES = ("movie",)
ALL = "all"
"""What the condition is called where none is given."""

Ints = NDArray[np.int64]
Name = str | int


@dataclass(frozen=True, eq=False)
class StateSequences:
    """A table of state sequences as we use it, sorted by movie, track and frame.

    Attributes
    ----------
    movie, condition : (N,) text; `ALL` for rows without a condition, "" for rows without a movie.
    track : (N,), from 0, unique over movies.
    run : (N,), rows of one run follow each other, `spacing` frames apart.
    frame : (N,).
    state : (N,), 1 + position in `names`, 0 for a blank.
    names : states as they stood, whole numbers if all are, in ascending order.
    spacing : frames between rows that follow each other.
    """

    movie: NDArray[np.object_]
    condition: NDArray[np.object_]
    track: Ints
    run: Ints
    frame: Ints
    state: Ints
    names: tuple[Name, ...]
    spacing: int


def read_sequences(
    path: Path, *, states: str = "", track: str = "", time: str = "", condition: str = ""
) -> StateSequences:
    """Read a table of state sequences.

    Parameters
    ----------
    path : .csv, .tsv or .txt (also .gz), or .parquet.
    states, track, time, condition : names of columns; "" finds them. A column named movie, if there is one, says which
        tracks belong together; without one all are of one movie.

    Raises
    ------
    InputError
        A column is missing, a frame is not a whole number from 0, a track has two rows in one frame or is in two
        conditions, or no row has a state.
    """
    sheet = read_sheet(path)
    state_column = sheet.find(STATE_NAMES, states, "--states")
    track_column = sheet.find(TRACK_NAMES, track, "--track")
    time_column = sheet.find(FRAME_NAMES, time, "--time")
    group = sheet.find(CONDITION_NAMES, condition, "--condition") if condition else sheet.find_optional(CONDITION_NAMES)
    movie_column = sheet.find_optional(MOVIE_NAMES)
    frame = sheet.whole(time_column, "if it is a time in seconds, name a column of frame numbers with --time")
    text = sheet.text(track_column)
    blank = np.flatnonzero(text == "")
    if len(blank):
        raise InputError(f"{path}, row {sheet.rows[blank[0]]}: {track_column} is blank; leave rows without a track out")
    nothing = np.full(len(frame), "", object)
    movie = sheet.text(movie_column) if movie_column else nothing
    keys = np.array([f"{a}\x00{b}" for a, b in zip(movie, text, strict=True)])
    number = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    conditions = sheet.text(group) if group else nothing
    conditions = np.where(conditions == "", ALL, conditions).astype(object)
    order = np.lexsort((frame, number))
    _check(sheet, text, number, frame, conditions, order)
    number, frame = number[order], frame[order]
    same, step = number[1:] == number[:-1], np.diff(frame)
    spacing = int(np.gcd.reduce(step[same])) if same.any() else 1
    run = np.cumsum(np.append(0, ~same | (step != spacing)))
    names, state = _states(sheet, state_column)
    return StateSequences(movie[order], conditions[order], number, run, frame, state[order], names, spacing)


def _states(sheet: Sheet, column: str) -> tuple[tuple[Name, ...], Ints]:
    """States as they stood, and for each row 1 + the position of its own, 0 for a blank."""
    text = sheet.text(column)
    if not (text != "").any():
        raise InputError(f"{sheet.path}: column {column!r} is blank in every row; expected the state of each")
    found = sorted(set(text) - {""})
    values: dict[str, Name] = {one: one for one in found}
    if all(one.lstrip("-").isdigit() and str(int(one)) == one for one in found):
        values = {one: int(one) for one in found}
    elif sheet.frame[column].dtype.kind != "f" and all(_whole(one) for one in found):
        values = {one: int(float(one)) for one in found}  # 1.0, 2.0: whole numbers of a column that had blanks
    names = tuple(sorted(set(values.values()), key=lambda one: (isinstance(one, str), one)))
    place = {name: at for at, name in enumerate(names, start=1)}
    return names, np.array([place[values[one]] if one else 0 for one in text], np.int64)


def _whole(text: str) -> bool:
    whole, point, rest = text.lstrip("-").partition(".")
    return bool(point) and whole.isdigit() and set(rest) <= {"0"}


def _check(
    sheet: Sheet,
    text: NDArray[np.object_],
    number: Ints,
    frame: Ints,
    condition: NDArray[np.object_],
    order: Ints,
) -> None:
    """Raise InputError where a track is twice in a frame or in two conditions."""
    before, after = order[:-1], order[1:]
    same = number[before] == number[after]
    for bad, what in (
        (same & (frame[before] == frame[after]), "is twice in one frame"),
        (same & (condition[before] != condition[after]), "is in two conditions"),
    ):
        at = np.flatnonzero(bad)
        if len(at):
            rows = sheet.rows[before[at[0]]], sheet.rows[after[at[0]]]
            raise InputError(
                f"{sheet.path}, rows {rows[0]} and {rows[1]}: track {text[before[at[0]]]} {what}; if the table holds "
                "several movies, give it a column named movie, or name a column that is unique with --track"
            )
