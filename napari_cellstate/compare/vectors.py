"""In which direction each group (state, cell type) changed: difference vectors and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.replicate_tests import compare_with_zero, finite_mean
from napari_cellstate.core.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DifferenceVectors:
    """Mean of the other condition less mean of the reference, for each group.

    Attributes
    ----------
    vectors : (G, D) NaN for a group that one condition does not have.
    noise : (G,) length that a vector is expected to have if nothing changed (root of the summed squared standard
        errors over replicates); NaN with fewer than two replicates.
    jackknife : (R, G, D) the same vectors with one replicate left out each time.

    Notes
    -----
    A difference of noise also has a direction and a length: compare `length` with `noise` before reading the
    direction. Vectors of groups measured in the same replicates share their replicates' errors, which makes them
    look alike; the range over left out replicates shows how much hangs on a single one.
    """

    vectors: Floats
    noise: Floats
    jackknife: Floats

    @property
    def length(self) -> Floats:
        """Length of each vector, (G,)."""
        return np.asarray(np.linalg.norm(self.vectors, axis=-1))

    @property
    def cosine(self) -> Floats:
        """Cosine similarity of all pairs of groups, (G, G); NaN for a vector of length 0."""
        return cosine_similarity(self.vectors)

    def cosine_range(self) -> tuple[Floats, Floats]:
        """Least and largest cosine similarity when one replicate is left out, (G, G) each."""
        each = np.stack([cosine_similarity(vectors) for vectors in self.jackknife])
        return each.min(axis=0), each.max(axis=0)


def difference_vectors(means: NDArray[Any], design: Design) -> DifferenceVectors:
    """Difference vectors from the means of samples.

    Parameters
    ----------
    means : (S, G, D) mean of each group in each sample, in an embedding or NMF space that does not know the
        conditions; NaN for a group that a sample does not have.

    Raises
    ------
    InputError
        Not three axes.

    Notes
    -----
    Each replicate has the same weight, whatever number of cells it has. "Aging vectors" of Kimmel et al. 2019,
    Genome Res 29:2088, but with replicates as n.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 3:
        raise InputError(f"compare: means of shape {means.shape}; expected (samples, groups, dimensions)")
    a, b = means[design.a], means[design.b]
    both = [(np.delete(a, nth, axis=0), np.delete(b, nth, axis=0)) for nth in range(len(a))] if design.paired else [
        *((np.delete(a, nth, axis=0), b) for nth in range(len(a))),
        *((a, np.delete(b, nth, axis=0)) for nth in range(len(b))),
    ]  # fmt: skip
    jackknife = np.stack([_mean(two) - _mean(one) for one, two in both])
    square = _square_error(b - a) if design.paired else _square_error(a) + _square_error(b)
    return DifferenceVectors(_mean(b) - _mean(a), np.sqrt(square.sum(axis=-1)), jackknife)


def cosine_similarity(vectors: NDArray[Any]) -> Floats:
    """Cosine of the angle between all pairs of vectors; (G, D) to (G, G)."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit = np.divide(vectors, length, out=np.full(vectors.shape, np.nan), where=length > 0)
    return np.asarray(np.clip(unit @ unit.T, -1, 1))


@dataclass(frozen=True, eq=False)
class SharedChanges:
    """Which features change in one group, and which in most.

    Attributes
    ----------
    up, down : (F,) groups in which a feature is significantly higher, or lower.
    groups : groups in which anything could be tested, (F,).
    shared : (F,) changes the same way in more than half of the groups.
    specific : (F,) changes in exactly one.
    """

    up: NDArray[np.int64]
    down: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def shared(self) -> NDArray[np.bool_]:
        """Changed the same way in more than half of the groups (at least two)."""
        most = np.maximum(self.up, self.down)
        return np.asarray((most * 2 > self.groups) & (most > 1))

    @property
    def specific(self) -> NDArray[np.bool_]:
        """Changed in exactly one of several groups."""
        return np.asarray((self.up + self.down == 1) & (self.groups > 1))


def count_shared(q: NDArray[Any], estimate: NDArray[Any], *, alpha: float = 0.05) -> SharedChanges:
    """Count in how many groups each feature changes.

    Parameters
    ----------
    q, estimate : (G, F) corrected p (NaN for not tested) and effect.

    Notes
    -----
    A feature that is not significant in a group may have changed there all the same: counts are lower bounds, and
    "specific" means that it was found in one group, not that it is absent from the others.
    """
    q, estimate = np.asarray(q), np.asarray(estimate)
    with np.errstate(invalid="ignore"):
        found = q < alpha
    return SharedChanges(
        (found & (estimate > 0)).sum(axis=0), (found & (estimate < 0)).sum(axis=0), np.isfinite(q).sum(axis=0)
    )


def _mean(values: Floats) -> Floats:
    """Mean of the finite values over the first axis."""
    return finite_mean(np.moveaxis(values, 0, -1))


def _square_error(values: Floats) -> Floats:
    """Squared standard error of the mean over the first axis; NaN with fewer than two values."""
    return compare_with_zero(np.moveaxis(values, 0, -1)).se ** 2
