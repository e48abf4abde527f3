"""Which movies are one replicate, and whether two conditions are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Pairing = Literal["auto", "paired", "unpaired"]

MINIMUM = 3
"""Replicates of each condition (or pairs) below which nothing is concluded."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Replicates in their conditions: one sample is one replicate in one condition, whatever movies it has.

    Attributes
    ----------
    condition, replicate : (S,) names.
    of : (M,) the sample of each movie (or track, or row).

    Notes
    -----
    Samples are the n of every test. Two movies of one animal are one sample: their counts are added up, their means
    averaged.
    """

    condition: NDArray[Any]
    replicate: NDArray[Any]
    of: Ints

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum over the movies of each sample; (M, ...) to (S, ...)."""
        result = np.zeros((len(self.condition), *values.shape[1:]), values.dtype)
        np.add.at(result, self.of, values)
        return result

    def mean(self, values: NDArray[Any]) -> Floats:
        """Mean over the movies of each sample, each movie with the same weight; (M, ...) to (S, ...).

        Movies whose value is NaN are left out; NaN where none is left.
        """
        values = np.asarray(values, np.float64)
        there = np.isfinite(values)
        above, below = self.total(np.where(there, values, 0.0)), self.total(there.astype(np.float64))
        result = np.full(above.shape, np.nan)
        np.divide(above, below, out=result, where=below > 0)
        return result


@dataclass(frozen=True, eq=False)
class Design:
    """Which samples stand against which.

    Attributes
    ----------
    reference, other : the two conditions; effects are `other` against `reference`.
    a, b : samples of `reference` and of `other`; of one replicate at each place where `paired`.
    paired : the two conditions were seen in the same replicates.
    left_out : replicates without a partner, which a paired comparison cannot use.
    shared : replicates seen in both conditions; where not `paired`, they are treated as if they were not the same.
    """

    reference: str
    other: str
    a: Ints
    b: Ints
    paired: bool
    left_out: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def n(self) -> tuple[int, int]:
        """Replicates of the reference and of the other condition; equal where paired."""
        return len(self.a), len(self.b)

    @property
    def enough(self) -> bool:
        """At least `MINIMUM` replicates a condition, or as many pairs."""
        return min(self.n) >= MINIMUM

    def split(self, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Values of the reference and of the other condition; (..., S) to (..., Ra) and (..., Rb)."""
        return values[..., self.a], values[..., self.b]


def find_samples(condition: Sequence[Any] | NDArray[Any], replicate: Sequence[Any] | NDArray[Any]) -> Samples:
    """Group movies (or tracks, or rows) into samples, in the order in which they first come.

    Parameters
    ----------
    condition, replicate : (M,) names.

    Raises
    ------
    InputError
        Different lengths, or a blank name.
    """
    names = [str(name) for name in condition], [str(name) for name in replicate]
    if len(names[0]) != len(names[1]):
        raise InputError(f"compare: {len(names[0])} conditions for {len(names[1])} replicates; expected one of each")
    for what, given in zip(("condition", "replicate"), names, strict=True):
        if "" in given:
            raise InputError(f"compare, entry {given.index('')}: the {what} is blank; expected the name of one")
    pairs = list(zip(*names, strict=True))
    place = {pair: nth for nth, pair in enumerate(dict.fromkeys(pairs))}
    of = np.array([place[pair] for pair in pairs], np.int64)
    condition_of, replicate_of = np.array([*place], object).reshape(-1, 2).T
    return Samples(condition_of, replicate_of, of)


def make_design(samples: Samples, reference: str, other: str, *, pairing: Pairing = "auto") -> Design:
    """Set two conditions against each other.

    Parameters
    ----------
    pairing : "auto" pairs where all replicates of one condition, or at least three, occur in the other too; "paired"
        and "unpaired" insist.

    Raises
    ------
    InputError
        A condition without samples, or "paired" where no replicate occurs in both.

    Notes
    -----
    A replicate is known by its name: if the animals of two conditions are all called 1, 2, 3 but are not the same
    animals, name them apart or say "unpaired". A paired test of what is not paired is still valid but weak; an
    unpaired test of what is paired tends to miss differences.
    """
    for name in (reference, other):
        if name not in samples.condition:
            there = ", ".join(dict.fromkeys(samples.condition))
            raise InputError(f"compare: no condition {name!r}; there are: {there}")
    a, b = (np.flatnonzero(samples.condition == name) for name in (reference, other))
    at = dict(zip(samples.replicate[b], b, strict=True))
    both = [name for name in samples.replicate[a] if name in at]
    if pairing == "paired" and not both:
        raise InputError(f"compare: no replicate occurs in both {reference!r} and {other!r}, so they cannot be paired")
    wanted = pairing == "paired" or len(both) in (len(a), len(b)) or len(both) >= MINIMUM
    if not both or pairing == "unpaired" or not wanted:
        return Design(reference, other, a, b, False, shared=tuple(both))
    names = (*samples.replicate[a], *samples.replicate[b])
    left_out = tuple(dict.fromkeys(name for name in names if name not in both))
    first = np.array([where for where in a if samples.replicate[where] in at], np.int64)
    second = np.array([at[name] for name in both], np.int64)
    return Design(reference, other, first, second, True, left_out, tuple(both))
