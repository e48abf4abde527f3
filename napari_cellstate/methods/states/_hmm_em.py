"""Parameters of a hidden Markov model by expectation maximisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from napari_cellstate.core.families import Floats
from napari_cellstate.methods.states._hmm_forward import Expectation, forward_backward
from napari_cellstate.methods.states._hmm_model import Model, component_densities, log_emission, moments
from napari_cellstate.methods.states._hmm_runs import Packed

_FEW = 1e-8  # rows; a state with less weight keeps its place and shape


@dataclass(frozen=True)
class Prior:
    """What is taken for known before the rows are seen.

    Attributes
    ----------
    evidence : weight of a row, 1 for rows that share nothing; see `Hmm`.
    stay : rows that each state is taken to have been followed by itself.
    move : rows that each state is taken to have been followed by each state.
    floor : added to variances.
    """

    evidence: float = 1.0
    stay: float = 0.0
    move: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model, its posteriors, how likely it is, and whether it had settled."""

    model: Model
    expectation: Expectation
    objective: float
    iterations: int
    settled: bool


def expectation(packed: Packed, points: Floats, model: Model, evidence: float = 1.0) -> Expectation:
    """Posteriors of packed points (D, N) under a model."""
    emission = log_emission(points, model)
    if evidence != 1.0:
        emission *= evidence
    return forward_backward(packed, emission, model.start, model.step)


def fit(
    packed: Packed,
    points: Floats,
    model: Model,
    prior: Prior,
    *,
    iterations: int,
    tolerance: float,
    tell: Callable[[], None] = lambda: None,
) -> Fitted:
    """Improve a model until a row's log likelihood gains less than `tolerance` by one iteration.

    Baum, Petrie, Soules and Weiss 1970; with the prior it is the mode of the posterior that is looked for. `tell` is
    called before each iteration.
    """
    rows, last, settled = points.shape[1], -np.inf, False
    for nth in range(iterations + 1):
        tell()
        found = expectation(packed, points, model, prior.evidence)
        objective = found.log_likelihood + _log_prior(model, prior)
        settled = objective - last < tolerance * rows
        if settled or nth == iterations:
            break
        model, last = maximised(packed, points, model, found, prior), objective
    return Fitted(model, found, objective, nth, settled)


def maximised(packed: Packed, points: Floats, model: Model, found: Expectation, prior: Prior) -> Model:
    """The likeliest parameters given the posteriors."""
    k = len(model.start)
    posterior, among = found.posterior, None
    if model.weight is not None:
        posterior = responsibilities(points, model, found.posterior)
    if model.autoregressive:  # the first row of a run has none before it
        points, posterior = points[:, packed.first :], posterior[:, packed.first :]
    weight, mean, covariance = moments(points, posterior, diagonal=model.diagonal)
    covariance = covariance + (prior.floor if model.diagonal else prior.floor * np.eye(points.shape[0]))
    seen = weight > _FEW
    if model.weight is not None:
        each = weight.reshape(model.weight.shape) + prior.move
        among = each / each.sum(axis=1, keepdims=True)
    counts = found.pairs + prior.move + prior.stay * np.eye(k)
    total = counts.sum(axis=1, keepdims=True)
    step = np.where(total > _FEW, counts / np.maximum(total, _FEW), model.step)
    start = found.posterior[:, : packed.first].sum(axis=1) + prior.move
    return replace(
        model,
        start=start / start.sum(),
        weight=among,
        step=step,
        mean=np.where(seen[:, None], mean, model.mean),
        covariance=np.where(seen.reshape(-1, *[1] * (covariance.ndim - 1)), covariance, model.covariance),
    )


def responsibilities(points: Floats, model: Model, posterior: Floats) -> Floats:
    """Weight of each row in each component of each state, (K * M, N)."""
    each = component_densities(points, model)
    share = np.exp(each - each.max(axis=1, keepdims=True))
    share *= (posterior / share.sum(axis=1))[:, None]
    return np.asarray(share.reshape(-1, points.shape[1]))


def _log_prior(model: Model, prior: Prior) -> float:
    """Log of the prior of step and start, but for a constant."""
    tiny = np.finfo(np.float64).tiny
    log_step, log_start = np.log(np.maximum(model.step, tiny)), np.log(np.maximum(model.start, tiny))
    return float(prior.stay * np.trace(log_step) + prior.move * (log_step.sum() + log_start.sum()))
