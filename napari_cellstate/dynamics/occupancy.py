"""How much of the time cells are in each state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellstate.core.behavior import DOUBTFUL
from napari_cellstate.core.errors import InputError
from napari_cellstate.dynamics._ratio import ratio
from napari_cellstate.dynamics.pairs import Ints, check_states

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Rows in each state, movie by movie.

    Attributes
    ----------
    movies : (M,), sorted.
    conditions : (M,), condition of each movie.
    counts : (M, k) int64, rows in each state; rows without a state are not counted.
    tracks : (M,) int64, tracks with at least one row in a state.
    soft : (M, k), the same rows shared out between states by their posterior; None without one.
    doubtful : (M,) int64, rows whose state is less probable than `core.behavior.DOUBTFUL`; 0 without a posterior.

    Notes
    -----
    Movies are the unit of any comparison: rows of one track resemble each other, and overlapping windows share
    frames. The mean over movies gives each movie the same weight; the pooled share gives it to each row.
    """

    movies: NDArray[Any]
    conditions: NDArray[Any]
    counts: Ints
    tracks: Ints
    soft: NDArray[np.float64] | None = None
    doubtful: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each state in each movie's rows, (M, k), NaN for a movie without rows in a state."""
        total = self.counts.sum(axis=1, keepdims=True)
        return ratio(self.counts, total)

    @property
    def soft_shares(self) -> NDArray[np.float64]:
        """The same with doubtful rows shared out instead of forced, (M, k); NaN without a posterior."""
        if self.soft is None:
            return np.full(self.counts.shape, np.nan)
        return ratio(self.soft, self.counts.sum(axis=1, keepdims=True))

    def by_movie(self) -> pd.DataFrame:
        """One row for each movie and state.

        Columns: condition, movie, state, count, share, soft_share, n_rows, n_doubtful, n_tracks; see `table`.
        """
        import pandas as pd

        movies, k = self.counts.shape
        return pd.DataFrame(
            {
                "condition": np.repeat(self.conditions, k),
                "movie": np.repeat(self.movies, k),
                "state": np.tile(np.arange(1, k + 1), movies),
                "count": self.counts.ravel(),
                "share": self.shares.ravel(),
                "soft_share": self.soft_shares.ravel(),
                "n_rows": np.repeat(self.counts.sum(axis=1), k),
                "n_doubtful": np.repeat(self._doubtful, k),
                "n_tracks": np.repeat(self.tracks, k),
            }
        )

    def table(self) -> pd.DataFrame:
        """One row for each condition and state.

        Columns: condition, state, count (rows in the state), share (mean over movies of their shares),
        share_pooled (of all rows), soft_share (as share, doubtful rows shared out between states by their posterior;
        blank without one), n_rows and n_tracks (in any state), n_doubtful (of these rows), n_movies (with such rows).
        """
        import pandas as pd

        names = (
            *("condition", "state", "count", "share", "share_pooled", "soft_share"),
            *("n_rows", "n_doubtful", "n_tracks", "n_movies"),
        )
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for condition in np.unique(self.conditions):
            mine = (self.conditions == condition) & (self.counts.sum(axis=1) > 0)
            count, movies, rows = self.counts[mine].sum(axis=0), int(mine.sum()), int(self.counts[mine].sum())
            shares = self.shares[mine].mean(axis=0) if movies else np.full(len(count), np.nan)
            soft = self.soft_shares[mine].mean(axis=0) if movies else np.full(len(count), np.nan)
            doubtful = int(self._doubtful[mine].sum())
            for nth, state_count in enumerate(count):
                pooled = state_count / rows if rows else np.nan
                tracks = int(self.tracks[mine].sum())
                head = (condition, nth + 1, int(state_count), shares[nth], pooled, soft[nth])
                values = (*head, rows, doubtful, tracks, movies)
                for name, value in zip(names, values, strict=True):
                    columns[name].append(value)
        return pd.DataFrame(columns)

    @property
    def _doubtful(self) -> Ints:
        return self.doubtful if len(self.doubtful) else np.zeros(len(self.movies), np.int64)


def occupancy(
    state: Ints,
    k: int,
    *,
    movie: NDArray[Any],
    condition: NDArray[Any],
    track: Ints,
    posterior: NDArray[np.float64] | None = None,
) -> Occupancy:
    """Count rows in each state.

    Parameters
    ----------
    state : (N,), 1 to `k`; 0 for none.
    k : number of states.
    movie, condition : (N,), of each row.
    track : (N,), of each row, unique within its movie.
    posterior : (N, k), rows summing to 1, where there is one.

    Raises
    ------
    InputError
        Lengths differ, a state above `k`, or a movie in two conditions.
    """
    check_states(state, k, len(movie))
    for name, values in (("conditions", condition), ("tracks", track)):
        if len(values) != len(movie):
            raise InputError(f"dynamics: {len(values)} {name} for {len(movie)} rows; expected one for every row")
    movies, first, number = np.unique(np.asarray(movie), return_index=True, return_inverse=True)
    conditions = np.asarray(condition)[first]
    bad = np.flatnonzero(conditions[number] != np.asarray(condition))
    if len(bad):
        row = bad[0]
        raise InputError(
            f"dynamics row {row}: movie '{movie[row]}' is in condition '{condition[row]}' here and in "
            f"'{conditions[number[row]]}' before; expected one condition for a movie"
        )
    seen = state > 0
    counts = np.bincount(number[seen] * k + state[seen] - 1, minlength=len(movies) * k).reshape(len(movies), k)
    _, codes = np.unique(track, return_inverse=True)
    tracks = np.unique(number[seen] * (codes.max(initial=0) + 1) + codes[seen]) // (codes.max(initial=0) + 1)
    of_movie = np.bincount(tracks, minlength=len(movies))
    if posterior is None:
        return Occupancy(movies, conditions, counts, of_movie)
    shared = [np.bincount(number[seen], column, len(movies)) for column in posterior[seen].T]
    sure = posterior[seen, state[seen] - 1]
    doubtful = np.bincount(number[seen][sure < DOUBTFUL], minlength=len(movies))
    return Occupancy(movies, conditions, counts, of_movie, np.stack(shared, axis=1), doubtful)
