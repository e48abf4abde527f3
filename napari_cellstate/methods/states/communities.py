"""States as communities of rows that lie near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.families import Floats, Ints, Rows, StateEstimator, StateFit
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.states._common import consecutive, one_state, possible_states

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SAMPLE = 10_000
"""Rows that communities are found among; the others take that of the nearest of these."""

_WHAT = "states: communities"


@register
class Communities(StateEstimator):
    """Communities of the graph of nearest neighbours, by Louvain's moves with Leiden's refinement.

    The number of states follows from the resolution; where it is 0, the resolution is sought that gives `k`.

    Notes
    -----
    Modularity with a resolution (Reichardt and Bornholdt 2006, Phys. Rev. E 74:016110), improved by moving rows between
    communities (Blondel et al. 2008, J. Stat. Mech. P10008) and split into connected parts before each is made one node
    (after Traag, Waltman and van Eck 2019, Sci. Rep. 9:5233). An own implementation: the reference is licensed
    otherwise, and its result may differ in rows between communities. Rows are judged one by one, without their time.
    """

    kind: ClassVar[str] = "leiden"
    title: ClassVar[str] = "Communities (Leiden)"

    neighbours: int = setting(
        15,
        "Neighbours",
        ge=2,
        le=200,
        help="Nearest rows that each is linked to; more gives fewer, larger communities.",
    )
    resolution: float = setting(
        0.0,
        "Resolution",
        ge=0,
        le=100,
        step=0.1,
        estimated=True,
        help="More gives more communities; 0 looks for the value that gives the number of states asked for.",
    )

    def fit(self, rows: Rows, runtime: Runtime) -> StateFit:
        """Find the communities; see `StateEstimator.fit`."""
        points = rows.points
        k, notes = possible_states(points, self.k)
        if k <= 1 or len(points) < 4:
            return one_state(len(points), notes)
        chosen = self._sample(len(points))
        if len(chosen) < len(points):
            notes = (*notes, f"communities of {len(chosen)} of {len(points)} rows; the others join the nearest row")
        runtime.progress(0, 1, _WHAT)
        graph = neighbour_graph(points[chosen], min(self.neighbours, len(chosen) - 1))
        of = self._found(graph, k, runtime)
        if int(of.max()) + 1 != k and not self.resolution:
            notes = (*notes, f"{of.max() + 1} communities: no resolution gave {k}")
        runtime.progress(1, 1, _WHAT)
        if len(chosen) < len(points):
            of = of[nearest_row(points, points[chosen])]
        return consecutive(of, None, notes)

    def _sample(self, rows: int) -> Ints:
        every = np.arange(rows)
        return (
            every if rows <= SAMPLE else np.sort(np.random.default_rng(self.seed).choice(every, SAMPLE, replace=False))
        )

    def _found(self, graph: csr_array, k: int, runtime: Runtime) -> Ints:
        if self.resolution:
            return communities(graph, self.resolution, self.seed)
        low, high, best, near = 1e-3, 16.0, None, 1 << 30
        for nth in range(14):
            runtime.progress(nth, 15, _WHAT)
            middle = float(np.sqrt(low * high))
            of = communities(graph, middle, self.seed)
            count = int(of.max()) + 1
            if abs(count - k) < near:
                best, near = of, abs(count - k)
            if count == k:
                break
            low, high = (middle, high) if count < k else (low, middle)
        assert best is not None
        return best


def neighbour_graph(points: Floats, neighbours: int) -> csr_array:
    """Symmetric graph of nearest neighbours, (N, N); a link weighs the share of neighbours that its two rows share."""
    from scipy.sparse import csr_array
    from scipy.spatial import cKDTree

    rows = len(points)
    nearest = cKDTree(points).query(points, k=neighbours + 1)[1]
    of = np.repeat(np.arange(rows), neighbours + 1)
    near = csr_array((np.ones(nearest.size), (of, nearest.ravel())), shape=(rows, rows))
    near.data[:] = 1.0
    shared = (near @ near.T).tocsr()
    shared = shared.multiply((near + near.T) > 0).tocsr()
    shared.data /= 2.0 * (neighbours + 1) - shared.data
    shared.setdiag(0)
    shared.eliminate_zeros()
    return csr_array(shared)


def communities(graph: csr_array, resolution: float, seed: int = 0) -> Ints:
    """Community of each node, (N,), numbered by size, largest first.

    Parameters
    ----------
    graph : (N, N), symmetric, weights above 0.
    resolution : more gives more communities.
    seed : of the order in which nodes are looked at.
    """
    rng = np.random.default_rng([seed, 12])
    of = np.arange(graph.shape[0])
    while True:
        moved = _moved(graph, resolution, rng)
        count = int(moved.max()) + 1
        if count == graph.shape[0]:
            break
        refined = _connected(graph, moved)
        of = refined[of]
        graph = _joined(graph, refined)
        if int(refined.max()) + 1 == len(moved):
            break
    final = _moved(graph, resolution, rng)
    of = final[of]
    _, number, size = np.unique(of, return_inverse=True, return_counts=True)
    order = np.argsort(-size, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[number.ravel()], np.int64)


def _moved(graph: csr_array, resolution: float, rng: np.random.Generator) -> Ints:
    """Communities after nodes have moved to where modularity gains most, until none wants to."""
    count = graph.shape[0]
    degree = np.asarray(graph.sum(axis=1)).ravel()
    total = max(float(degree.sum()), 1e-300)
    of, weight = np.arange(count), degree.copy()
    start, target, value = graph.indptr.tolist(), graph.indices, graph.data
    waiting = rng.permutation(count).tolist()
    queued = np.ones(count, np.bool_)
    while waiting:
        node = waiting.pop()
        queued[node] = False
        low, high = start[node], start[node + 1]
        near = target[low:high]
        other = near != node
        around = of[near[other]]
        links = np.bincount(around, value[low:high][other]) if len(around) else np.zeros(0)
        mine = int(of[node])
        weight[mine] -= degree[node]
        options = np.unique(np.append(around, mine))
        linked = np.zeros(len(options))
        known = options < len(links)
        linked[known] = links[options[known]]
        gain = linked - resolution * degree[node] * weight[options] / total
        best = int(options[gain.argmax()])
        stays = gain[options == mine][0] >= gain.max() - 1e-12
        best = mine if stays else best
        weight[best] += degree[node]
        if best != mine:
            of[node] = best
            for one in near[of[near] != best].tolist():
                if not queued[one]:
                    queued[one] = True
                    waiting.insert(0, one)
    return np.unique(of, return_inverse=True)[1].ravel().astype(np.int64)


def _connected(graph: csr_array, of: Ints) -> Ints:
    """The connected parts of each community."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pairs = graph.tocoo()
    within = of[pairs.row] == of[pairs.col]
    inner = csr_array((pairs.data[within], (pairs.row[within], pairs.col[within])), shape=graph.shape)
    return np.asarray(connected_components(inner, directed=False)[1], np.int64)


def _joined(graph: csr_array, of: Ints) -> csr_array:
    """The graph whose nodes are the communities."""
    from scipy.sparse import csr_array

    pairs, count = graph.tocoo(), int(of.max()) + 1
    joined = csr_array((pairs.data, (of[pairs.row], of[pairs.col])), shape=(count, count))
    joined.sum_duplicates()
    return joined


def nearest_row(points: Floats, known: Floats) -> Ints:
    """Number of the nearest of the known points for each point."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(known).query(points)[1], np.int64)
