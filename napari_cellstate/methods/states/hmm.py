"""States by a hidden Markov model: what a cell does now, given what it did before and does next."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, Self

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.core.families import Floats, Ints, Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import one_state, possible_states, seeds
from napari_cellstate.methods.states._hmm_em import Fitted, Prior, fit
from napari_cellstate.methods.states._hmm_forward import best_path
from napari_cellstate.methods.states._hmm_model import Model, log_emission
from napari_cellstate.methods.states._hmm_runs import pack
from napari_cellstate.methods.states._hmm_start import (
    WIDTHS,
    first_model,
    packed_points,
    split_components,
    with_row_before,
)

SAMPLE = 20_000
"""Rows, in whole runs, that the starts are tried on; the best of them goes on with all rows."""

_WHAT = "states: hidden Markov model"
_ROWS_PER_NUMBER = 5  # fewer rows than this for each number fitted are called too few


@register
class Hmm(StateEstimator):
    """A hidden Markov model with Gaussian states: rows of one track are judged together, in their order.

    Several starts run on a sample of tracks; the likeliest goes on with all of them. `state` is the likeliest
    sequence of states of each run (Viterbi), `cluster` the best state of each row by itself (its density times the
    state's share), the posterior is exact: the probability of each state in each row given its whole run.

    Notes
    -----
    A run ends where frames are missing: nothing is assumed about the time between.

    Windows that overlap share frames: with a window of 3 and a stride of 1 each frame is in three rows, and a model
    that takes rows as independent given the state counts its evidence three times. It is then too sure of each row,
    and a chance run of a few fast steps becomes a visit to another state. `evidence` weighs the log density of
    every row (a composite likelihood); the posterior is that of the weighted model. The other way round, overlap
    blurs: a visit shorter than a window is hardly seen, and a switch is seen up to half a window early or late.
    So dwell times of less than about a window are not to be trusted at any setting; short windows leave more of
    the smoothing to the model, which knows about switches.

    A Markov chain leaves a state with the same probability at every moment. Dwell times of cells need not be so.
    """

    kind: ClassVar[str] = "hmm"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "Hidden Markov model"

    covariance: Literal["full", "diagonal"] = setting(
        "full",
        "Covariance",
        help="full: each state has its own shape and direction; diagonal: its own spread along each axis, for few "
        "rows or many axes.",
    )
    evidence: float = setting(
        0.0,
        "Evidence of a row",
        ge=0,
        le=1,
        step=0.05,
        estimated=True,
        help="1: rows share no frames; less for windows that overlap, which gives fewer and longer visits; 0 takes "
        "2 / (1 + window / stride).",
    )
    emission: Literal["gaussian", "mixture", "autoregressive"] = setting(
        "gaussian",
        "Emission",
        rare=True,
        help="mixture: a state may have several shapes at once; autoregressive: a state is a way of moving on from the "
        "row before (full covariance), for smooth features.",
    )
    components: int = setting(
        2,
        "Components of a state",
        ge=1,
        le=20,
        rare=True,
        help="Gaussians in each state, where the emission is a mixture.",
    )
    stay: float = setting(
        0.0,
        "Stickiness",
        unit="rows",
        ge=0,
        le=1_000_000,
        step=10.0,
        rare=True,
        help="Each state is taken to have been followed by itself so many times before any row is seen; more gives "
        "fewer switches where the rows are few.",
    )
    starts: int = setting(
        8, "Starts", ge=1, le=1000, rare=True, help="Random starts; more find the likeliest model more surely."
    )
    floor: float = setting(
        0.01,
        "Least variance",
        gt=0,
        le=1,
        step=0.01,
        rare=True,
        help="Added to each state's variance along each axis, as a share of the mean variance of the axes; "
        "more keeps a state from shrinking onto a few rows or onto the end of a bounded feature.",
    )

    def estimated(self, rows: Rows) -> Self:
        """The same with the evidence of a row taken from how many rows share a frame; see `StateEstimator`."""
        if self.evidence:
            return self
        return self.model_copy(update={"evidence": 2.0 / (1.0 + max(rows.overlap, 1.0))})

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find the states; see `StateEstimator.fit`."""
        if not self.evidence:
            return self.estimated(rows).fit(rows, runtime)
        k, notes = possible_states(rows.points, self.k)
        if k <= 1:
            return one_state(len(rows.points), notes, probability=True)
        from threadpoolctl import threadpool_limits

        points = standard(rows.points)
        fitted = self.learn(points, rows.run, k, runtime)
        columns = packed_points(points, rows.run, fitted.model)[1]
        with threadpool_limits(1):
            found = decoded(columns, rows.run, fitted, self.evidence)
        return _present(*found, (*notes, *self._notes(points, rows.run, fitted)))

    def learn(self, points: Floats, run: Ints, k: int, runtime: Runtime) -> Fitted:
        """The likeliest model with `k` states of standardised points (see `standard`), and what it says of them.

        Raises
        ------
        InputError
            The evidence is still to be estimated.
        """
        if not self.evidence:
            raise InputError("hmm: the evidence of a row is not known yet; take estimated(rows) first")
        import sklearn.cluster  # noqa: F401  loaded first: the limit reaches only what is there
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # sums in one order on every machine
            best = self._best_start(points, run, k, runtime)
            runtime.progress(self.starts, self.starts + 1, _WHAT)
            fitted = self._go_on(points, run, best, runtime)
            runtime.progress(self.starts + 1, self.starts + 1, _WHAT)
        return fitted

    def _prior(self, k: int) -> Prior:
        return Prior(self.evidence, self.stay, 1.0 / k, self.floor)

    def _best_start(self, points: Floats, run: Ints, k: int, runtime: Runtime) -> Model:
        """The likeliest model after some iterations on a sample, by the posterior of its parameters."""
        chosen = sample_runs(points, run, k, self.seed)
        points, run = points[chosen], run[chosen]
        best = None
        for nth, seed in enumerate(seeds(self.seed, self.starts)):
            runtime.progress(nth, self.starts + 1, _WHAT)
            model = first_model(
                points,
                run,
                k,
                seed,
                width=WIDTHS[nth % len(WIDTHS)],
                diagonal=self.covariance == "diagonal",
                floor=self.floor,
            )
            model = self._with_emission(points, run, model, seed)
            packed, columns = packed_points(points, run, model)
            tell = _teller(runtime, nth, self.starts + 1)
            one = fit(packed, columns, model, self._prior(k), iterations=50, tolerance=1e-4, tell=tell)
            if best is None or one.objective > best.objective + 1e-9 * len(points):  # the first of equals
                best = one
        assert best is not None
        return best.model

    def _go_on(self, points: Floats, run: Ints, model: Model, runtime: Runtime) -> Fitted:
        packed, columns = packed_points(points, run, model)
        tell = _teller(runtime, self.starts, self.starts + 1)
        prior = self._prior(len(model.start))
        return fit(packed, columns, model, prior, iterations=500, tolerance=1e-6, tell=tell)

    def _with_emission(self, points: Floats, run: Ints, model: Model, seed: int) -> Model:
        """A model with Gaussian emissions as the beginning of one with those asked for."""
        if self.emission == "mixture" and self.components > 1:
            return split_components(model, self.components, seed)
        if self.emission == "autoregressive":
            return with_row_before(points, run, model, self.floor)
        return model

    def _notes(self, points: Floats, run: Ints, fitted: Fitted) -> tuple[str, ...]:
        notes = []
        if not fitted.settled:
            notes.append(f"the hidden Markov model was still changing after {fitted.iterations} iterations")
        rows = len(points)
        k = len(fitted.model.start)
        gaussians, axes = fitted.model.mean.shape
        shape = axes if fitted.model.diagonal else axes * (axes + 1) // 2
        numbers = gaussians * (shape + axes + 1) + k * k - k - 1
        if rows < _ROWS_PER_NUMBER * numbers:
            notes.append(f"{rows} rows are few for the {numbers} numbers of this model: take fewer axes or states")
        if not (run[1:] == run[:-1]).any():
            notes.append("no row follows another: the states are those of a mixture, and say nothing about switching")
        return tuple(notes)


def sample_runs(points: Floats, run: Ints, k: int, seed: int) -> Ints:
    """Numbers of the rows of randomly chosen runs, about SAMPLE; of all where those have fewer than `k` values."""
    every = np.arange(len(run))
    if len(run) <= SAMPLE:
        return every
    new = np.ones(len(run), np.bool_)
    new[1:] = run[1:] != run[:-1]
    number = np.cumsum(new) - 1
    order = np.random.default_rng(seed).permutation(number[-1] + 1)
    rows = np.cumsum(np.bincount(number)[order])
    taken = np.zeros(len(order), np.bool_)
    taken[order[: np.searchsorted(rows, SAMPLE) + 1]] = True
    chosen = every[taken[number]]
    return chosen if possible_states(points[chosen], k)[0] == k else every


def decoded(columns: Floats, run: Ints, fitted: Fitted, evidence: float) -> tuple[Ints, Ints, Floats]:
    """Best state of each row by itself, likeliest sequence, and posterior (N, K)."""
    packed, model = pack(run), fitted.model
    emission = log_emission(columns, model)
    share = fitted.expectation.posterior.sum(axis=1)
    with np.errstate(divide="ignore"):
        alone = (emission + np.log(share)[:, None]).argmax(axis=0)
    path = best_path(packed, evidence * emission, model.start, model.step)
    cluster, state = np.empty((2, len(run)), np.int64)
    posterior = np.empty((len(run), len(share)))
    cluster[packed.order], state[packed.order] = alone, path
    posterior[packed.order] = fitted.expectation.posterior.T
    return cluster, state, posterior


def _present(cluster: Ints, state: Ints, posterior: Floats, notes: tuple[str, ...]) -> StateFit:
    """Renumber so that each state has rows: first those that are the best of some row by itself.

    A state that no cell visits, neither by row nor by sequence, is left out and said.
    """
    k = posterior.shape[1]
    first = np.unique(cluster)
    kept = np.concatenate([first, np.setdiff1d(state, first)])
    number = np.zeros(k, np.int64)
    number[kept] = np.arange(len(kept))
    if len(kept) < k:
        notes = (*notes, f"{len(kept)} states instead of {k}: the others had no rows")
    posterior = posterior[:, kept]
    total = posterior.sum(axis=1, keepdims=True)
    posterior = np.where(total > 0, posterior / np.where(total > 0, total, 1.0), 1.0 / len(kept))
    return StateFit(number[cluster], number[state], posterior, notes)


def standard(points: Floats) -> Floats:
    """Mean 0, and a mean variance of 1 over the axes; constant axes are left out.

    All axes are scaled by one number: what spreads most in a space says most there, and an axis of noise (the last
    components of a PCA) is not blown up to the size of the others. An axis whose values differ by no more than
    rounding is constant.
    """
    spread = points.std(axis=0)
    varies = spread > 1e-12 * np.abs(points).max(axis=0)
    size = np.sqrt(np.square(spread[varies]).mean()) if varies.any() else 1.0
    return np.asarray((points[:, varies] - points[:, varies].mean(axis=0)) / size)


def _teller(runtime: Runtime, done: int, total: int) -> Callable[[], None]:
    return lambda: runtime.progress(done, total, _WHAT)
