"""Links from tracks that were given as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Linker
from napari_cellstate.core.given import GivenTracks
from napari_cellstate.core.method import register
from napari_cellstate.core.movie import Movie
from napari_cellstate.core.progress import Runtime
from napari_cellstate.core.tables import join, make_links

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@register
class GivenTracksLinker(Linker):
    """Links from the movie's own track table: rows of a track in their order, and parents to their daughters.

    A parent with one daughter and no gap longer than `max_gap` between them is one track with it.
    """

    kind: ClassVar[str] = "tracks"
    title: ClassVar[str] = "Given tracks"

    def link(self, cells: pd.DataFrame, movie: Movie, runtime: Runtime) -> pd.DataFrame:
        """Link cells by the columns given_track and given_parent, which measuring takes from the table; 0 is none.

        Raises
        ------
        InputError
            The movie has no track table; a track is twice in one frame; a parent does not end before its daughter
            starts, or has more than two daughters.
        """
        if "given_track" not in cells.columns:
            raise InputError(
                f"movie {movie.name}: link method 'tracks' needs a track table, but none was given; "
                "add the movie with --tracks, or choose another link method"
            )
        runtime.progress(0, 1, "link")
        rows = np.flatnonzero(cells["given_track"].to_numpy() > 0)
        frame, track, parent = (
            cells[name].to_numpy(np.int64)[rows] for name in ("frame", "given_track", "given_parent")
        )
        source, target = join(frame, track)
        _check_once(frame, track, source, target, movie)
        mothers, daughters = _families(frame, track, parent, movie)
        source, target = np.append(source, mothers), np.append(target, daughters)
        at = cells[["y", "x"]].to_numpy(np.float64)[rows]
        runtime.progress(1, 1, "link")
        return make_links(rows[source], rows[target], np.hypot(*(at[target] - at[source]).T))


def _check_once(frame: Ints, track: Ints, source: Ints, target: Ints, movie: Movie) -> None:
    twice = np.flatnonzero(frame[source] == frame[target])
    if len(twice):
        at = source[twice[0]]
        raise InputError(
            f"movie {movie.name}: track {_name(movie.points, track[at])} is twice in frame {frame[at]}; expected one "
            "cell a frame; correct the track table"
        )


def _families(frame: Ints, track: Ints, parent: Ints, movie: Movie) -> tuple[Ints, Ints]:
    """Last point of each parent and first point of its daughter; parents outside the frames in use are none."""
    known, first, last = ends(frame, track)
    if not len(known):
        return first, last
    mother = parent[first]
    at = np.minimum(np.searchsorted(known, mother), len(known) - 1)
    daughters = np.flatnonzero((mother != 0) & (known[at] == mother))
    mothers = at[daughters]
    late = np.flatnonzero(frame[last[mothers]] >= frame[first[daughters]])
    if len(late):
        mother, daughter = mothers[late[0]], daughters[late[0]]
        raise InputError(
            f"movie {movie.name}: track {_name(movie.points, known[daughter])} starts in frame "
            f"{frame[first[daughter]]}, but its parent {_name(movie.points, known[mother])} is there until frame "
            f"{frame[last[mother]]}; a parent must end before its daughters start; correct the track table"
        )
    count = np.bincount(mothers, minlength=1)
    if count.max() > 2:
        raise InputError(
            f"movie {movie.name}: track {_name(movie.points, known[count.argmax()])} has {count.max()} daughters; "
            "expected at most 2; correct the track table"
        )
    return last[mothers], first[daughters]


def _name(given: GivenTracks | None, track: int) -> str:
    """A track's id as it stood in the table."""
    return repr(given.ids[track - 1]) if given is not None else str(track)


def ends(frame: Ints, identity: Ints) -> tuple[Ints, Ints, Ints]:
    """Identities, sorted, and the first and the last row of each, (K,)."""
    order = np.lexsort((frame, identity))
    known, first, count = np.unique(identity[order], return_index=True, return_counts=True)
    return known, order[first], order[first + count - 1]
