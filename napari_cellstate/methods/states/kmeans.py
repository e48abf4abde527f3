"""States by k-means."""

from __future__ import annotations

from typing import ClassVar

from napari_cellstate.core.families import Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import consecutive, one_state, possible_states, seeds


@register
class KMeans(StateEstimator):
    """Round clusters of about equal spread: Lloyd's algorithm from k-means++ starts, the tightest result kept.

    Notes
    -----
    It gives no probabilities, and it cuts a wide cloud in two rather than keep a small dense one apart. Each row is
    judged by itself: near a border the state flickers, and transitions counted from it are too many.
    """

    kind: ClassVar[str] = "kmeans"
    title: ClassVar[str] = "k-means"

    starts: int = setting(
        10, "Starts", ge=1, le=1000, rare=True, help="Random starts; more find the tightest clusters more surely."
    )

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find the states; see `StateEstimator.fit`. Posterior is None."""
        k, notes = possible_states(rows.points, self.k)
        if k <= 1:
            return one_state(len(rows.points), notes)
        from sklearn.cluster import KMeans as Lloyd
        from threadpoolctl import threadpool_limits

        models = []
        with threadpool_limits(1):  # sums in one order on every machine
            for nth, seed in enumerate(seeds(self.seed, self.starts)):
                runtime.progress(nth, self.starts, "states: k-means")
                models.append(Lloyd(k, n_init=1, random_state=seed).fit(rows.points))
        runtime.progress(self.starts, self.starts, "states: k-means")
        best = min(models, key=lambda model: model.inertia_)  # the first of equally good ones
        return consecutive(best.labels_, notes=notes)
