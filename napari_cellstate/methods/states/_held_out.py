"""How well a hidden Markov model foretells rows that it has not seen, and how surely it finds its states again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from napari_cellstate.core.families import Floats, Ints, Rows
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._hmm_em import Fitted, expectation
from napari_cellstate.methods.states._hmm_runs import Packed
from napari_cellstate.methods.states._hmm_start import packed_points
from napari_cellstate.methods.states.hmm import Hmm, decoded, standard

SEEN = float(np.exp(-2.0))
"""What is left from one row to the next of a process that relaxes in half the time between them."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Log likelihood of rows whose group was left out of the fit.

    Attributes
    ----------
    groups : (G,), numbers of the groups.
    per_row : (G,), mean log likelihood of a row of each group, weighted as `evidence` says.
    rows : (G,), rows of each.
    """

    groups: Ints
    per_row: Floats
    rows: Ints

    @property
    def mean(self) -> float:
        """Over rows."""
        return float((self.per_row * self.rows).sum() / self.rows.sum())

    def over(self, other: HeldOut) -> tuple[float, float]:
        """Mean difference from another fit of the same groups, and its standard error over groups."""
        weight = self.rows / self.rows.sum()
        away = self.per_row - other.per_row
        mean = float((weight * away).sum())
        groups = len(weight)
        if groups < 2:
            return mean, float("nan")
        return mean, float(np.sqrt(np.square(weight * (away - mean)).sum() * groups / (groups - 1)))


def held_out_likelihood(
    method: Hmm, rows: Rows, group: Ints, k: int, *, folds: int = 5, runtime: Runtime | None = None
) -> HeldOut:
    """Fit on some groups, and judge the others.

    Parameters
    ----------
    method : its k is not looked at.
    group : (N,), movies, or tracks where there are few movies: what is kept apart.
    folds : groups are left out in so many parts (each by itself where there are no more).
    """
    runtime = runtime or Runtime()
    method, points = method.estimated(rows), standard(rows.points)
    groups, number = np.unique(group, return_inverse=True)
    fold = np.random.default_rng([method.seed, 8]).permutation(len(groups)) % min(folds, len(groups))
    total, count = np.zeros(len(groups)), np.bincount(number, minlength=len(groups))
    for one in range(int(fold.max()) + 1):
        out = fold[number] == one
        fitted = method.learn(points[~out], rows.run[~out], k, runtime)
        for nth in np.flatnonzero(fold == one):
            mine = number == nth
            total[nth] = _likelihood(points[mine], rows.run[mine], fitted, method.evidence)
    return HeldOut(groups, total / count, count)


def _likelihood(points: Floats, run: Ints, fitted: Fitted, evidence: float) -> float:
    packed, columns = packed_points(points, run, fitted.model)
    return expectation(packed, columns, fitted.model, evidence).log_likelihood


@dataclass(frozen=True, eq=False)
class Refit:
    """A model fitted to resampled groups, and what it says of all rows.

    Attributes
    ----------
    state : (N,), of all rows. step : (k, k), transitions from row to row.
    """

    state: Ints
    step: Floats

    def slow(self) -> int:
        """Ways in which the model relaxes that take half a row or longer: eigenvalues of `SEEN` or more, but the first.

        A chain of n states that cells hold has n - 1 of them; a state that is a shape of another, taken on and off from
        row to row, adds none. What relaxes faster than half the time from row to row cannot be seen in such rows.
        """
        sizes = np.sort(np.abs(np.linalg.eigvals(self.step)))[::-1]
        return int((sizes[1:] >= SEEN).sum())


def refitted(method: Hmm, rows: Rows, group: Ints, k: int, draw: int, *, runtime: Runtime | None = None) -> Refit:
    """Fit to resampled groups, and judge all rows; `draw` picks the resample, 0 takes all rows."""
    runtime = runtime or Runtime()
    method, points = method.estimated(rows), standard(rows.points)
    chosen = np.arange(len(points))
    run = rows.run
    if draw:
        groups, number = np.unique(group, return_inverse=True)
        picked = np.random.default_rng([method.seed, 9, draw]).integers(0, len(groups), len(groups))
        parts = [np.flatnonzero(number == one) for one in picked]
        chosen = np.concatenate(parts)
        again = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        run = np.cumsum(np.append(True, (np.diff(again) != 0) | (np.diff(rows.run[chosen]) != 0)))
    fitted = method.learn(points[chosen], run, k, runtime)
    packed, columns = packed_points(points, rows.run, fitted.model)
    whole = Fitted(fitted.model, expectation(packed, columns, fitted.model, method.evidence), 0.0, 0, True)
    return Refit(decoded(columns, rows.run, whole, method.evidence)[1], fitted.model.step)


def sharing_no_frame(run: Ints, overlap: float) -> Ints:
    """Numbers of the rows, in each run from its first, that look at frames of their own: every `overlap`-th."""
    every = np.arange(len(run))
    starts = np.append(True, run[1:] != run[:-1])[: len(run)]
    since = every - np.maximum.accumulate(np.where(starts, every, 0))
    return np.flatnonzero(since % max(1, int(np.ceil(overlap))) == 0)


@dataclass(frozen=True, eq=False)
class ByCondition:
    """Transition matrices of several conditions whose states look alike.

    Attributes
    ----------
    step : (C, K, K), for each condition in order of its number.
    gain : log likelihood over that with one matrix for all.
    posterior : (N, K), decoded with each condition's own matrix.

    Notes
    -----
    For looking and for likelihood only. States decoded with a matrix of their own condition differ between conditions
    by the matrix itself: a test on them finds differences that are not there. What is tested is decoded blind.
    """

    step: Floats
    gain: float
    posterior: Floats


def transitions_by_condition(
    points: Floats, run: Ints, condition: Ints, fitted: Fitted, *, evidence: float, iterations: int = 50
) -> ByCondition:
    """Fit one transition matrix a condition, emissions as they are.

    Parameters
    ----------
    points : (N, D), standardised. run : (N,). condition : (N,) from 0, the same for all rows of a run.
    fitted : a model of all conditions together.
    """
    count = int(condition.max(initial=-1)) + 1
    k = len(fitted.model.start)
    step, posterior = np.empty((count, k, k)), np.empty((len(points), k))
    gain = 0.0
    for one in range(count):
        mine = condition == one
        packed, columns = packed_points(points[mine], run[mine], fitted.model)
        base = expectation(packed, columns, fitted.model, evidence).log_likelihood
        own = fit_steps(packed, columns, fitted, evidence, iterations)
        step[one] = own.model.step
        found = np.empty((int(mine.sum()), k))
        found[packed.order] = own.expectation.posterior.T
        posterior[mine] = found
        gain += own.expectation.log_likelihood - base
    return ByCondition(step, gain, posterior)


def fit_steps(packed: Packed, columns: Floats, fitted: Fitted, evidence: float, iterations: int) -> Fitted:
    """Improve start and transitions of a model, its emissions held."""
    model, last, nth = fitted.model, -np.inf, 0
    found = expectation(packed, columns, model, evidence)
    for nth in range(iterations):
        pairs = found.pairs + 1.0 / len(model.start)
        start = found.posterior[:, : packed.first].sum(axis=1) + 1.0 / len(model.start)
        model = replace(model, step=pairs / pairs.sum(axis=1, keepdims=True), start=start / start.sum())
        found = expectation(packed, columns, model, evidence)
        if found.log_likelihood - last < 1e-5 * columns.shape[1] and nth:
            break
        last = found.log_likelihood
    return Fitted(model, found, found.log_likelihood, nth, True)
