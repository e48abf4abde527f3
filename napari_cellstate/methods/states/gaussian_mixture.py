"""States by a mixture of Gaussians."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from napari_cellstate.core.families import Floats, Ints, Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import consecutive, nearest_centre, one_state, possible_states, seeds

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture as Model

SAMPLE = 5_000
"""Rows that the starts are tried on; the best of them goes on with all rows."""

_ROWS_PER_NUMBER = 5  # fewer rows than this for each number fitted are called too few


@register
class GaussianMixture(StateEstimator):
    """A mixture of Gaussians by expectation maximisation: clouds of any spread, direction and size.

    Several starts (k-means++ centres) run on a sample; the likeliest goes on with all rows.

    Notes
    -----
    The posterior is that of a row by itself, without its neighbours in time: near a border the state flickers, and
    transitions counted from it, hard or soft, are too many. Clouds that are not Gaussian (skewed, bent) can be cut
    in two although they are one behaviour: k is a choice, not a finding.
    """

    kind: ClassVar[str] = "gaussian-mixture"
    title: ClassVar[str] = "Gaussian mixture"

    covariance: Literal["full", "diagonal", "tied"] = setting(
        "full",
        "Covariance",
        help="full: each state has its own shape and direction; diagonal: its own spread along each axis, for few "
        "rows or many axes; tied: all states share one shape.",
    )
    starts: int = setting(
        10, "Starts", ge=1, le=1000, rare=True, help="Random starts; more find the likeliest mixture more surely."
    )
    floor: float = setting(
        0.001,
        "Least variance",
        gt=0,
        le=1,
        step=0.001,
        rare=True,
        help="Added to each state's variance along each axis, as a share of the variance of all rows on that axis; "
        "more keeps a state from shrinking onto a few rows.",
    )

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find the states; see `StateEstimator.fit`. Posterior: responsibilities."""
        points = rows.points
        k, notes = possible_states(points, self.k)
        if k <= 1:
            return one_state(len(points), notes, probability=True)
        import sklearn.mixture  # noqa: F401  loaded first: the limit reaches only what is there
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # sums in one order on every machine
            model = self._fitted(points, k, runtime)
            posterior = model.predict_proba(_standard(points))
        if not model.converged_:
            notes = (*notes, f"the mixture was still changing after {model.n_iter_} iterations")
        notes = (*notes, *self._too_few(len(points), points.shape[1], k))
        return consecutive(posterior.argmax(axis=1), posterior, notes)

    def _fitted(self, points: Floats, k: int, runtime: Runtime) -> Model:
        """The likeliest of the starts on a sample, gone on with on all rows."""
        total = self.starts + 1
        scaled, sample, models = _standard(points), _sample(points, k, self.seed), []
        for nth, seed in enumerate(seeds(self.seed, self.starts)):
            runtime.progress(nth, total, "states: Gaussian mixture")
            models.append(_quietly(self._start(points[sample], scaled[sample], k, seed), scaled[sample]))
        best = max(models, key=lambda model: model.lower_bound_)  # the first of equally likely ones
        runtime.progress(self.starts, total, "states: Gaussian mixture")
        best.set_params(max_iter=500, tol=1e-5)
        best.set_params(weights_init=best.weights_, means_init=best.means_, precisions_init=best.precisions_)
        model = _quietly(best, scaled)
        runtime.progress(total, total, "states: Gaussian mixture")
        return model

    def _start(self, points: Floats, scaled: Floats, k: int, seed: int) -> Model:
        """A mixture at k-means++ centres, all states with the covariance that the points have about their centres."""
        from sklearn.cluster import kmeans_plusplus
        from sklearn.mixture import GaussianMixture as Model

        _, chosen = kmeans_plusplus(points, k, random_state=seed)
        within = scaled - scaled[chosen][nearest_centre(points, points[chosen])]
        precision = np.linalg.inv(within.T @ within / len(scaled) + self.floor * np.eye(scaled.shape[1]))
        each = {
            "full": precision[None].repeat(k, 0),
            "tied": precision,
            "diagonal": np.diag(precision)[None].repeat(k, 0),
        }
        return Model(
            k,
            covariance_type="diag" if self.covariance == "diagonal" else self.covariance,
            reg_covar=self.floor,
            tol=1e-3,
            max_iter=100,
            weights_init=np.full(k, 1 / k),
            means_init=scaled[chosen],
            precisions_init=each[self.covariance],
        )

    def _too_few(self, rows: int, axes: int, k: int) -> tuple[str, ...]:
        shape = {"full": k * axes * (axes + 1) // 2, "tied": axes * (axes + 1) // 2, "diagonal": k * axes}
        numbers = shape[self.covariance] + k * axes + k - 1
        if rows >= _ROWS_PER_NUMBER * numbers:
            return ()
        return (f"{rows} rows are few for the {numbers} numbers of this mixture: take fewer axes, states or shapes",)


def _sample(points: Floats, k: int, seed: int) -> Ints:
    """Numbers of at most SAMPLE rows, of all rows where the sample has fewer than `k` different values."""
    every = np.arange(len(points))
    if len(points) <= SAMPLE:
        return every
    chosen = np.sort(np.random.default_rng(seed).choice(every, SAMPLE, replace=False))
    return chosen if possible_states(points[chosen], k)[0] == k else every


def _standard(points: Floats) -> Floats:
    """Mean 0 and variance 1 on each axis, so that the least variance means the same on all; constant axes are 0."""
    spread = points.std(axis=0)
    return np.asarray((points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _quietly(model: Model, points: Floats) -> Model:
    """Fit; that it did not settle is said in the notes, not as a warning."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points)
