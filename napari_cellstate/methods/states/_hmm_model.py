"""A hidden Markov model: its densities, and its parameters from weighted rows.

Emissions are Gaussian, mixtures of Gaussians, or autoregressive: Gaussian around a linear function of the row before.

The log density of a Gaussian is linear in the coordinates and their products, so that the densities of all rows in all
states, and all sums that new parameters need, are matrix products over blocks of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_cellstate.core.families import Floats

_BLOCK = 2**18
"""Numbers in a block of rows with their products: as much as stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Model:
    """Parameters.

    Attributes
    ----------
    start : (K,), probability of each state in the first row of a run.
    step : (K, K), probability of each next state.
    mean : (K, D); of mixtures (K * M, D), M components a state; autoregressive (K, 2 D), of a row and the row before.
    covariance : (K, D, D), or (K, D) for variances along the axes alone; likewise more for mixtures and autoregressive.
    weight : (K, M), share of each component in its state; None without mixtures.
    """

    start: Floats
    step: Floats
    mean: Floats
    covariance: Floats
    weight: Floats | None = None
    autoregressive: bool = False

    @property
    def components(self) -> int:
        """Gaussians of a state."""
        return 1 if self.weight is None else self.weight.shape[1]

    @property
    def diagonal(self) -> bool:
        """Whether axes are independent within a state."""
        return self.covariance.ndim == 2


def log_emission(points: Floats, model: Model) -> Floats:
    """Log density of each row in each state, (K, N).

    Parameters
    ----------
    points : (D, N), a coordinate a row; with the row before beneath it, (2 D, N), where the model is autoregressive,
        and NaN there for the first row of a run.
    """
    if model.weight is not None:
        each = component_densities(points, model)
        best = each.max(axis=1)
        return np.asarray(best + np.log(np.exp(each - best[:, None]).sum(axis=1)))
    if not model.autoregressive:
        return _gaussian(points, model.mean, model.covariance)
    half = len(points) // 2
    first = np.isnan(points[half])
    result = np.empty((len(model.mean), points.shape[1]))
    mean, covariance = model.mean, model.covariance
    result[:, first] = _gaussian(points[:half, first], mean[:, :half], covariance[:, :half, :half])
    both, before = points[:, ~first], points[half:, ~first]
    result[:, ~first] = _gaussian(both, mean, covariance) - _gaussian(
        before, mean[:, half:], covariance[:, half:, half:]
    )
    return result


def component_densities(points: Floats, model: Model) -> Floats:
    """Log of weight and density of each component of each state, (K, M, N)."""
    assert model.weight is not None
    each = _gaussian(points, model.mean, model.covariance).reshape(*model.weight.shape, -1)
    return np.asarray(each + np.log(np.maximum(model.weight, 1e-300))[:, :, None])


def _gaussian(points: Floats, mean: Floats, covariance: Floats) -> Floats:
    weights = _weights(mean, covariance)
    result = np.empty((len(mean), points.shape[1]))
    for low, terms in _blocks(points, diagonal=covariance.ndim == 2):
        np.matmul(weights, terms, out=result[:, low : low + terms.shape[1]])
    return result


def moments(points: Floats, posterior: Floats, *, diagonal: bool) -> tuple[Floats, Floats, Floats]:
    """Weight, mean and covariance of the rows of each state.

    Parameters
    ----------
    points : (D, N).
    posterior : (K, N), weight of each row in each state.

    Returns
    -------
    weight : (K,). mean : (K, D). covariance : (K, D, D), or (K, D) where `diagonal`. Both are 0 without weight.
    """
    axes = len(points)
    total = np.zeros((len(posterior), _terms(axes, diagonal=diagonal)))
    for low, terms in _blocks(points, diagonal=diagonal):
        total += posterior[:, low : low + terms.shape[1]] @ terms.T
    weight = total[:, 0]
    average = total[:, 1:] / np.maximum(weight, 1e-300)[:, None]
    mean, products = average[:, :axes], average[:, axes:]
    if diagonal:
        return weight, mean, np.maximum(products - mean**2, 0.0)
    upper = np.triu_indices(axes)
    covariance = np.empty((len(weight), axes, axes))
    covariance[:, upper[0], upper[1]] = products - mean[:, upper[0]] * mean[:, upper[1]]
    covariance[:, upper[1], upper[0]] = covariance[:, upper[0], upper[1]]
    return weight, mean, covariance


def _terms(axes: int, *, diagonal: bool) -> int:
    return 1 + axes + (axes if diagonal else axes * (axes + 1) // 2)


def _blocks(points: Floats, *, diagonal: bool) -> Iterator[tuple[int, Floats]]:
    """First row and (terms, n) of each block: 1, the coordinates, and their products (or squares)."""
    axes, rows = points.shape
    size = max(256, _BLOCK // _terms(axes, diagonal=diagonal))
    for low in range(0, rows, size):
        part = points[:, low : low + size]
        terms = np.empty((_terms(axes, diagonal=diagonal), part.shape[1]))
        terms[0], terms[1 : 1 + axes] = 1.0, part
        if diagonal:
            np.square(part, out=terms[1 + axes :])
        else:
            at = 1 + axes
            for i in range(axes):
                np.multiply(part[i:], part[i], out=terms[at : at + axes - i])
                at += axes - i
        yield low, terms


def _weights(mean: Floats, covariance: Floats) -> Floats:
    """What the terms of `_blocks` are multiplied by, (K, terms)."""
    axes = mean.shape[1]
    constant = -0.5 * axes * np.log(2 * np.pi)
    if covariance.ndim == 2:
        precise = 1.0 / covariance
        constant = constant - 0.5 * (np.log(covariance) + mean**2 * precise).sum(axis=1)
        return np.column_stack([constant, mean * precise, -0.5 * precise])
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    precision = root.transpose(0, 2, 1) @ root
    pull = (precision @ mean[:, :, None])[:, :, 0]
    constant = constant + np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1) - 0.5 * (pull * mean).sum(axis=1)
    upper = np.triu_indices(axes)
    twice = np.where(upper[0] == upper[1], 0.5, 1.0)
    return np.column_stack([constant, pull, -twice * precision[:, upper[0], upper[1]]])
