"""States by Ward's hierarchical clustering."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from napari_cellstate.core.families import Floats, Ints, Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.methods.states._common import consecutive, nearest_centre, one_state, possible_states

MOST = 10_000
"""Rows that the tree is built of; its time grows with their square."""

_TELL = 500  # merges between two reports


@register
class Ward(StateEstimator):
    """Ward's clustering: the two clusters whose union adds least to the squared distances are joined, down to k.

    Notes
    -----
    It gives no probabilities, and each row is judged by itself: near a border the state flickers, and transitions
    counted from it are too many. Of more than 10,000 rows a seeded sample of 10,000 builds the tree, and the others
    join the nearest centre; `notes` says so.
    """

    kind: ClassVar[str] = "ward"
    title: ClassVar[str] = "Ward's clustering"

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find the states; see `StateEstimator.fit`. Posterior is None."""
        count = len(rows.points)
        if count <= MOST:
            return self._tree(rows.points, runtime)
        sample = np.sort(np.random.default_rng(self.seed).choice(count, MOST, replace=False))
        fit = self._tree(rows.points[sample], runtime)
        centres = np.stack([rows.points[sample[fit.state == state]].mean(axis=0) for state in np.unique(fit.state)])
        cluster = nearest_centre(rows.points, centres)
        cluster[sample] = fit.state
        note = (
            f"the tree was built of {MOST:,} of {count:,} rows (a random sample with seed {self.seed}); "
            f"the other {count - MOST:,} joined the nearest centre"
        )
        return consecutive(cluster, notes=(note, *fit.notes))

    def _tree(self, points: Floats, runtime: Runtime) -> StateFit:
        k, notes = possible_states(points, self.k)
        if k <= 1:
            return one_state(len(points), notes)
        pairs, cost = ward_merges(points, runtime.progress)
        return consecutive(cut(pairs, cost, k), notes=notes)


def ward_merges(points: Floats, progress: Progress = silent) -> tuple[Ints, Floats]:
    """All merges of Ward's clustering, by the nearest-neighbour chain, with memory for the points only.

    Parameters
    ----------
    points : (N, D), finite.

    Returns
    -------
    pairs : (N - 1, 2), one point of each of the two clusters that a merge joins: the edges of a tree.
    cost : (N - 1,), what each merge adds to the squared distances from the centres: half the square of the height
        that is usually drawn.

    Notes
    -----
    Murtagh 1983, The Computer Journal 26:354. A walk from cluster to nearest cluster ends at two that are
    nearest to each other; Ward's cost never falls when clusters grow, so these may be joined at once.
    """
    from threadpoolctl import threadpool_limits

    count = len(points)
    pairs, costs = np.empty((count - 1, 2), np.int64), np.empty(count - 1)
    clusters, chain = _Clusters(points), _Chain()
    with threadpool_limits(1):  # sums in one order on every machine
        for nth in range(count - 1):
            if nth % _TELL == 0:
                progress(nth, count, "states: Ward's clustering")
            first, second, costs[nth] = chain.next_pair(clusters)
            pairs[nth] = clusters.member[first], clusters.member[second]
            clusters.join(first, second)
            chain.renumber(clusters.compact())
    progress(count, count, "states: Ward's clustering")
    return pairs, np.maximum(costs, 0.0)  # rounding can take equal points below 0


def cut(pairs: Ints, cost: Floats, k: int) -> Ints:
    """Cluster of each point, (N,) from 0, after all merges but the `k` - 1 dearest."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(pairs) + 1
    kept = pairs[np.argsort(cost, kind="stable")[: count - k]]
    graph = coo_array((np.ones(len(kept), np.int8), (kept[:, 0], kept[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


class _Clusters:
    """Centres, sizes and one member of each cluster; a cluster that was joined to another stays until `compact`."""

    def __init__(self, points: Floats) -> None:
        self.centre = points - points.mean(axis=0)  # near 0, where squares are exact enough
        self.square = np.square(self.centre).sum(axis=1)
        self.size = np.ones(len(points))
        self.member = np.arange(len(points))
        self.left = len(points)

    def costs(self, of: int) -> Floats:
        """What joining a cluster with each other adds; inf for itself and for those that are gone."""
        apart: Floats = self.square - 2.0 * (self.centre @ self.centre[of])
        apart += self.square[of]
        apart *= self.size * self.size[of] / (self.size + self.size[of])
        apart[of] = np.inf
        return apart

    def join(self, first: int, second: int) -> None:
        """Put the first into the second."""
        sizes = self.size[[first, second]]
        self.centre[second] = sizes @ self.centre[[first, second]] / sizes.sum()
        self.square[second] = self.centre[second] @ self.centre[second]
        self.size[second] = sizes.sum()
        self.square[first] = np.inf
        self.left -= 1

    def compact(self) -> Ints | None:
        """Once a fifth is gone, forget it; the new number of each cluster, None where nothing moved."""
        if self.left > 0.8 * len(self.size):
            return None
        here = np.isfinite(self.square)
        self.centre, self.square = self.centre[here], self.square[here]
        self.size, self.member = self.size[here], self.member[here]
        return np.cumsum(here) - 1


class _Chain:
    """A walk from each cluster to its nearest, every step shorter than the last."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.steps: list[float] = []  # cost between a place and the one before it

    def next_pair(self, clusters: _Clusters) -> tuple[int, int, float]:
        """Walk on to the next two clusters that are nearest to each other, and take them off the chain."""
        if not self.places:
            self.places, self.steps = [int(np.isfinite(clusters.square).argmax())], [np.inf]
        while True:
            costs = clusters.costs(self.places[-1])
            nearest = int(costs.argmin())
            # the place before is the nearest again, or as near as it but for rounding (the walk must not go in circles)
            if nearest in self.places or costs[nearest] >= self.steps[-1]:
                first, second, cost = self.places.pop(), self.places.pop(), self.steps.pop()
                self.steps.pop()
                return first, second, cost
            self.places.append(nearest)
            self.steps.append(float(costs[nearest]))

    def renumber(self, new: Ints | None) -> None:
        """Follow the clusters' new numbers."""
        if new is not None:
            self.places = [int(new[place]) for place in self.places]
