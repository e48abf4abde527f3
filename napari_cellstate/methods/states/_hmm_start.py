"""Where expectation maximisation begins: states of the rows smoothed along their run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_cellstate.core.families import Floats, Ints
from napari_cellstate.methods.states._common import nearest_centre
from napari_cellstate.methods.states._hmm_em import Prior, expectation, fit
from napari_cellstate.methods.states._hmm_model import Model, moments
from napari_cellstate.methods.states._hmm_runs import Packed, pack

WIDTHS = (1, 3, 7, 15)
"""Rows that are averaged, in turn: what moves slowly stands out, whatever its spread."""

_MIXTURE = 15  # iterations of a mixture before time is looked at
_STAY = 0.9  # a first guess of the probability of staying


def smoothed(points: Floats, run: Ints, width: int) -> Floats:
    """Mean of each row and up to `width` // 2 rows of its run before and after it, (N, D)."""
    if width <= 1:
        return points
    n, half = len(points), width // 2
    new = np.ones(n, np.bool_)
    new[1:] = run[1:] != run[:-1]
    starts = np.flatnonzero(new)
    number = np.cumsum(new) - 1
    first, last = starts[number], np.append(starts[1:], n)[number]
    low, high = np.maximum(np.arange(n) - half, first), np.minimum(np.arange(n) + half + 1, last)
    sums = np.concatenate([np.zeros((1, points.shape[1])), np.cumsum(points, axis=0)])
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None])


def first_model(points: Floats, run: Ints, k: int, seed: int, *, width: int, diagonal: bool, floor: float) -> Model:
    """A model to begin with: a mixture of Gaussians that begins at k-means++ centres of the smoothed rows.

    Parameters
    ----------
    points : (N, D), standardised, with at least `k` different rows.
    width : rows that are averaged; see `WIDTHS`.
    """
    from sklearn.cluster import kmeans_plusplus

    smooth = smoothed(points, run, width)
    _, chosen = kmeans_plusplus(smooth, k, random_state=seed)
    nearest = nearest_centre(smooth, smooth[chosen])
    for _ in range(10):
        counts = np.bincount(nearest, minlength=k)
        sums = np.stack([np.bincount(nearest, column, minlength=k) for column in smooth.T], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], smooth[chosen])
        nearest = nearest_centre(smooth, centres)
    columns = np.ascontiguousarray(points.T)
    each = np.zeros((k, len(points)))
    each[nearest, np.arange(len(points))] = 1.0
    weight, mean, covariance = moments(columns, each, diagonal=diagonal)
    some = weight > points.shape[1]  # rows; fewer have no shape
    wide = np.ones(covariance.shape[1:]) if diagonal else np.eye(points.shape[1])
    covariance = np.where(some.reshape(-1, *[1] * (covariance.ndim - 1)), covariance, wide) + floor * wide
    mean = np.where(weight[:, None] > 0, mean, points[chosen])
    model = Model(np.full(k, 1 / k), _staying(np.full(k, 1 / k)), mean, covariance)
    if width > 1:
        return model
    alone = pack(np.arange(len(points)))
    mixture = fit(alone, columns, model, Prior(move=1.0, floor=floor), iterations=_MIXTURE, tolerance=1e-4)
    return Model(mixture.model.start, _staying(mixture.model.start), mixture.model.mean, mixture.model.covariance)


def _staying(share: Floats) -> Floats:
    return np.asarray(_STAY * np.eye(len(share)) + (1 - _STAY) * share)


def packed_points(points: Floats, run: Ints, model: Model) -> tuple[Packed, Floats]:
    """How rows follow each other, and their coordinates in that order as the model wants them; see `log_emission`."""
    packed = pack(run)
    columns = np.ascontiguousarray(points[packed.order].T)
    if not model.autoregressive:
        return packed, columns
    before = np.full(columns.shape, np.nan)
    before[:, packed.first :] = columns[:, packed.before]
    return packed, np.concatenate([columns, before])


def split_components(model: Model, components: int, seed: int) -> Model:
    """Each state as a mixture of Gaussians around its middle, wide apart enough to go their own ways."""
    k, axes = model.mean.shape
    away = np.random.default_rng([seed, 7]).normal(size=(k, components, axes))
    spread = np.sqrt(model.covariance if model.diagonal else np.diagonal(model.covariance, axis1=1, axis2=2))
    mean = model.mean[:, None] + 0.7 * away * spread[:, None]
    return replace(
        model,
        mean=mean.reshape(k * components, axes),
        covariance=np.repeat(model.covariance, components, axis=0),
        weight=np.full((k, components), 1.0 / components),
    )


def with_row_before(points: Floats, run: Ints, model: Model, floor: float) -> Model:
    """The states of a model with Gaussian emissions, described by each row together with the row before it."""
    plain = pack(run)
    posterior = expectation(plain, np.ascontiguousarray(points[plain.order].T), model).posterior
    axes = model.mean.shape[1]
    begun = replace(model, autoregressive=True)
    packed, columns = packed_points(points, run, begun)
    wide = np.eye(2 * axes)
    if len(packed.before) < 1:  # no row has one before it: any way of moving on will do
        each = np.stack([np.kron(np.eye(2), _full(one)) for one in model.covariance])
        return replace(begun, mean=np.tile(model.mean, 2), covariance=each)
    weight, mean, covariance = moments(columns[:, packed.first :], posterior[:, packed.first :], diagonal=False)
    some = weight > 2 * axes
    return replace(
        begun,
        mean=np.where(weight[:, None] > 0, mean, np.tile(model.mean, 2)),
        covariance=np.where(some[:, None, None], covariance, wide) + floor * wide,
    )


def _full(covariance: Floats) -> Floats:
    return np.diag(covariance) if covariance.ndim == 1 else covariance
