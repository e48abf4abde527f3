"""Find a behaviour: an ordered query over states, such as `run>2h -> rest -> divide`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics.dwell import Bouts, find_bouts
from napari_cellstate.dynamics.intervals import MOVIE, share_intervals, unit_of_n

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

DIVIDE, END, ANY = "divide", "end", "any"
_ITEM = re.compile(
    r"(?P<name>.+?)\s*(?:(?P<sign><=|>=|<|>)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>h|min|s|frames?|)?)?"
)
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}


@dataclass(frozen=True)
class Item:
    """One part of a query.

    Attributes
    ----------
    state : from 1; 0 for any state, -1 for division, -2 for the end of the track.
    sign : "<", "<=", ">", ">=", or "" without a condition on how long.
    frames : how long.
    soon : it follows at once; else at any later time in the same track.
    """

    state: int
    sign: str = ""
    frames: float = 0.0
    soon: bool = True


def parse_query(text: str, names: Sequence[str], *, dt_s: float | None = None) -> tuple[Item, ...]:
    """Read a query.

    Parameters
    ----------
    text : parts in order, joined by "->" (at once) or "~>" (at any later time). A part is a state by name or number,
        "any", "divide" or "end", and may say how long: run>2h, rest<=30min, 3>=5frames.
    names : of the states, from the first; numbers are known too.
    dt_s : seconds between frames; without it times are in frames.

    Raises
    ------
    InputError
        An unknown state, a time that cannot be read, or nothing at all.
    """
    parts = re.split(r"(->|~>)", text)
    items: list[Item] = []
    for nth in range(0, len(parts), 2):
        found = _ITEM.fullmatch(parts[nth].strip())
        if found is None:
            raise InputError(
                f"query {text!r}: part {parts[nth].strip()!r}; expected a state, any, divide or end, as in "
                "run>2h -> rest -> divide"
            )
        state = _state(found["name"].strip(), names, text)
        frames = _frames(found["number"], found["unit"], dt_s, text) if found["sign"] else 0.0
        if found["sign"] and state < 0:
            raise InputError(f"query {text!r}: {found['name']} lasts no time")
        items.append(Item(state, found["sign"] or "", frames, nth == 0 or parts[nth - 1] == "->"))
    if any(item.state < 0 for item in items[:-1]):
        raise InputError(f"query {text!r}: divide and end can only come last")
    return tuple(items)


def _state(name: str, names: Sequence[str], text: str) -> int:
    lower = [one.lower() for one in names]
    fixed = {ANY: 0, DIVIDE: -1, END: -2}
    if name.lower() in lower:
        return lower.index(name.lower()) + 1
    if name.lower() in fixed:
        return fixed[name.lower()]
    if name.isdigit() and 1 <= int(name) <= len(names):
        return int(name)
    raise InputError(f"query {text!r}: no state {name!r}; known: {', '.join(names)}, {ANY}, {DIVIDE}, {END}")


def _frames(number: str, unit: str | None, dt_s: float | None, text: str) -> float:
    if not unit or unit.startswith("frame"):
        return float(number)
    if not dt_s:
        raise InputError(f"query {text!r}: {number} {unit}, but the time between frames is not known; say it in frames")
    return float(number) * _SECONDS[unit] / dt_s


@dataclass(frozen=True, eq=False)
class Matches:
    """Where a behaviour was found.

    Attributes
    ----------
    row : (M,), first row of each match. last : (M,), first row of its last stay.
    tracks : tracks with a match. watched : all tracks.
    share, low, high : share of tracks with a match and its 95 % interval; over movies where there are two or more (of
        the mean of movies), else over tracks.
    unit : what the interval is over.

    Notes
    -----
    Tracks that end early had less time to show it: the share is of the tracks as watched, not of cells that would. A
    stay whose end was not seen counts as longer than what was seen of it, never as shorter than anything.
    """

    row: Ints
    last: Ints
    tracks: int
    watched: int
    share: float
    low: float
    high: float
    unit: str

    def table(self, *, movie: NDArray[Any], track: Ints, frame: Ints) -> pd.DataFrame:
        """One row a match: movie, track, frame (of its beginning), last_frame (where its last part begins)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "movie": np.asarray(movie)[self.row],
                "track": track[self.row],
                "frame": frame[self.row],
                "last_frame": frame[self.last],
            }
        )


def find_behaviour(
    items: Sequence[Item],
    run: Ints,
    frame: Ints,
    state: Ints,
    *,
    track: Ints,
    movie: NDArray[Any],
    divides: NDArray[np.bool_],
    spacing: int = 1,
) -> Matches:
    """Find every place where a behaviour begins.

    Parameters
    ----------
    items : from `parse_query`.
    run, frame, state, spacing : as for `find_bouts`.
    track : (N,), unique over movies. movie : (N,).
    divides : (N,), the row's track ends in a division.
    """
    if not items:
        raise InputError("query: empty; expected states in order, as in run>2h -> rest -> divide")
    bouts = find_bouts(run, frame, state, spacing=spacing)
    of = track[bouts.row]
    order = np.lexsort((bouts.start_frame, of))
    last_of = np.append(np.diff(of[order]) != 0, True) if len(order) else np.zeros(0, np.bool_)
    found, ends = [], []
    for at in range(len(order)):
        end = _match(items, bouts, order, of, last_of, divides, at)
        if end >= 0:
            found.append(bouts.row[order[at]])
            ends.append(bouts.row[order[end]])
    row = np.array(found, np.int64)
    share, low, high, unit, hit, watched = _counted(row, track, movie)
    return Matches(row, np.array(ends, np.int64), hit, watched, share, low, high, unit)


def _match(
    items: Sequence[Item], bouts: Bouts, order: Ints, of: Ints, last_of: NDArray[np.bool_],
    divides: NDArray[np.bool_], at: int,
) -> int:  # fmt: skip
    """Place (in `order`) of the last stay of a match that begins at a place, -1 for none."""
    if not _fits(items[0], bouts, int(order[at])):
        return -1
    here = at
    for item in items[1:]:
        if item.state < 0:
            while not item.soon and not last_of[here]:
                here += 1
            bout = order[here]
            ended = last_of[here] and not bouts.end_seen[bout]
            return here if ended and (item.state == -2 or divides[bouts.row[bout]]) else -1
        after = here + 1
        while True:
            if after >= len(order) or of[order[after]] != of[order[here]]:
                return -1
            if _fits(item, bouts, int(order[after])) and (
                not item.soon or _follows(bouts, int(order[here]), int(order[after]))
            ):
                break
            if item.soon:
                return -1
            after += 1
        here = after
    return here


def _follows(bouts: Bouts, before: int, after: int) -> bool:
    return bool(bouts.end_seen[before] and bouts.start_seen[after] and bouts.run[before] == bouts.run[after])


def _fits(item: Item, bouts: Bouts, bout: int) -> bool:
    if item.state and bouts.state[bout] != item.state:
        return False
    if not item.sign:
        return True
    seen, whole = float(bouts.frames[bout]), bool(bouts.start_seen[bout] and bouts.end_seen[bout])
    if item.sign == ">":
        return seen > item.frames
    if item.sign == ">=":
        return seen >= item.frames
    return whole and (seen < item.frames if item.sign == "<" else seen <= item.frames)


def _counted(row: Ints, track: Ints, movie: NDArray[Any]) -> tuple[float, float, float, str, int, int]:
    """Share of tracks with a match, its interval, the unit, tracks with a match and all tracks."""
    tracks, first = np.unique(track, return_index=True)
    hit = np.isin(tracks, track[row]).astype(np.int64)
    unit, name = unit_of_n(np.asarray(movie)[first], tracks)
    units, number = np.unique(unit, return_inverse=True)
    counts = np.zeros((len(units), 2), np.int64)
    np.add.at(counts, (number, hit), 1)
    if not len(tracks):
        return float("nan"), float("nan"), float("nan"), name, 0, 0
    low, high = share_intervals(counts, over_movies=name == MOVIE)
    return float(hit.mean()), float(low[1]), float(high[1]), name, int(hit.sum()), len(tracks)
