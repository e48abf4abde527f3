"""Does behaviour run in families? State at division, and how much daughters resemble mothers and sisters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.dynamics._ratio import ratio

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LEVEL = 0.05
_FEW = 20
"""Pairs below which only strong correlations can be told from none."""


@dataclass(frozen=True, eq=False)
class Families:
    """Tracks with their parents.

    Attributes
    ----------
    track : (U,), unique over movies. movie : (U,) number.
    parent : (U,), the parent's track, -1 for none (or for one without rows).
    share : (U, k), share of the track's rows in each state.
    first, last : (U,), state of its first and last row, from 1; 0 where it has none.
    """

    track: Ints
    movie: Ints
    parent: Ints
    share: Floats
    first: Ints
    last: Ints


def find_families(track: Ints, frame: Ints, state: Ints, k: int, *, parent: Ints, movie: Ints) -> Families:
    """Sum rows up by track.

    Parameters
    ----------
    track, frame, state : (N,); tracks unique over movies; states 1 to `k`, 0 for none.
    parent : (N,), the parent's track in the same numbering, -1 for none.
    movie : (N,), number.
    """
    order = np.lexsort((frame, track))
    seen = order[state[order] > 0]
    tracks, start, number = np.unique(track[seen], return_index=True, return_inverse=True)
    counts = np.zeros((len(tracks), k), np.int64)
    np.add.at(counts, (number, state[seen] - 1), 1)
    end = np.append(start, len(seen))[1:] - 1
    mother = parent[seen[start]]
    known = np.isin(mother, tracks)
    return Families(
        tracks,
        movie[seen[start]],
        np.where(known, mother, -1),
        ratio(counts, counts.sum(axis=1, keepdims=True)),
        state[seen[start]],
        state[seen[end]],
    )


@dataclass(frozen=True, eq=False)
class Inheritance:
    """How much relatives resemble each other.

    Attributes
    ----------
    table : a row for each relation (mother-daughter, sisters) and state: relation, state, pairs, correlation (of the
        shares of time in that state), null_low, null_high (95 % of it where daughters are dealt out at random among
        the mothers of their movie), p (two-sided).
    at_division : a row a state: state, divisions (mothers whose last row is in it), share, expected (mean share of
        time that these mothers spent in it).

    Notes
    -----
    The null keeps movies apart, since cells of one movie resemble each other without being kin. Neighbours do too, and
    sisters are neighbours: a correlation is no proof of inheritance. p is over families of these movies.
    """

    table: pd.DataFrame
    at_division: pd.DataFrame

    def words(self) -> str:
        """What it says, in sentences."""
        return family_words(self.table, self.at_division)


def family_words(table: pd.DataFrame, at_division: pd.DataFrame) -> str:
    """What the tables of `Inheritance` say, in sentences; also that nobody divides.

    Holm's procedure over all relations and states decides what is called more than chance.
    """
    divisions = int(at_division["divisions"].sum())
    if not divisions:
        return (
            "No track of these movies ends in a division whose daughters were followed: there is nothing to say "
            "about inheritance."
        )
    known = table[table["p"].notna()].sort_values("p", kind="stable")
    found = []
    for nth, row in enumerate(known.to_dict("records")):
        if row["p"] > _LEVEL / (len(known) - nth):
            break
        found.append(f"{row['relation']}, state {row['state']} ({row['correlation']:.2f}, p {row['p']:.2g})")
    more = "More alike or less than chance: " + "; ".join(found) if found else "No relatives are more alike than chance"
    few = " Few pairs: only strong inheritance could be seen." if table["pairs"].max() < _FEW else ""
    return f"{divisions} divisions. {more} (95 %, Holm over {len(known)} tests).{few}"


def inheritance(families: Families, *, permutations: int = 1000, seed: int = 0) -> Inheritance:
    """Correlate relatives, and compare with relatives dealt out at random."""
    import pandas as pd

    place = {int(track): at for at, track in enumerate(families.track)}
    child = np.flatnonzero(families.parent >= 0)
    mother = np.array([place[int(families.parent[at])] for at in child], np.int64)
    rows = _relation("mother-daughter", families, mother, child, permutations, seed)
    first, second = _sisters(mother, child)
    rows += _relation("sisters", families, first, second, permutations, seed + 1)
    columns = ["relation", "state", "pairs", "correlation", "null_low", "null_high", "p"]
    return Inheritance(pd.DataFrame(rows, columns=columns), _at_division(families, np.unique(mother)))


def _sisters(mother: Ints, child: Ints) -> tuple[Ints, Ints]:
    pairs: tuple[list[int], list[int]] = ([], [])
    for one in np.unique(mother):
        mine = child[mother == one]
        if len(mine) == 2:
            pairs[0].append(int(mine[0]))
            pairs[1].append(int(mine[1]))
    return np.array(pairs[0], np.int64), np.array(pairs[1], np.int64)


def _relation(
    name: str, families: Families, one: Ints, other: Ints, permutations: int, seed: int
) -> list[tuple[str, int, int, float, float, float, float]]:
    rng = np.random.default_rng([seed, 11])
    k = families.share.shape[1]
    found = _correlation(families.share[one], families.share[other])
    null = np.full((permutations, k), np.nan)
    for nth in range(permutations if len(one) > 2 else 0):
        null[nth] = _correlation(families.share[one], families.share[_dealt(other, families.movie, rng)])
    rows = []
    for state in range(k):
        some = null[np.isfinite(null[:, state]), state]
        known = len(some) > 0 and np.isfinite(found[state])
        low, high = np.quantile(some, [0.025, 0.975]) if known else (np.nan, np.nan)
        p = (1 + int((np.abs(some) >= abs(found[state])).sum())) / (len(some) + 1) if known else np.nan
        rows.append((name, state + 1, len(one), float(found[state]), float(low), float(high), float(p)))
    return rows


def _dealt(other: Ints, movie: Ints, rng: np.random.Generator) -> Ints:
    """The same tracks in a random order within each movie."""
    dealt = other.copy()
    for one in np.unique(movie[other]):
        mine = np.flatnonzero(movie[other] == one)
        dealt[mine] = other[rng.permutation(mine)]
    return dealt


def _correlation(one: Floats, other: Floats) -> Floats:
    """Correlation of each column, NaN where one does not vary."""
    if len(one) < 3:
        return np.full(one.shape[1], np.nan)
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    return ratio((a * b).sum(axis=0), np.sqrt(np.square(a).sum(axis=0) * np.square(b).sum(axis=0)))


def _at_division(families: Families, mothers: Ints) -> pd.DataFrame:
    import pandas as pd

    k = families.share.shape[1]
    count = np.bincount(families.last[mothers], minlength=k + 1)[1:]
    expected = families.share[mothers].mean(axis=0) if len(mothers) else np.full(k, np.nan)
    return pd.DataFrame(
        {
            "state": np.arange(1, k + 1),
            "divisions": count,
            "share": count / max(len(mothers), 1) if len(mothers) else np.full(k, np.nan),
            "expected": expected,
        }
    )
