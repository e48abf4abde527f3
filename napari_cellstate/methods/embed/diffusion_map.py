"""Diffusion maps of the scaled features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Embedder, Embedding, Floats
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._points import points_of, without_twins

if TYPE_CHECKING:
    from anndata import AnnData

    Sparse = Any

_LEAST_ROWS = 4
_BLOCK = 2000


@register
class DiffusionMap(Embedder):
    """Diffusion maps: where a random walk between neighbouring rows spreads slowly. Coifman and Lafon 2006.

    The kernel is exp(-d^2 / (s_i s_j)) between nearest neighbours, s the distance of a row to its half-th neighbour;
    divided by the density to the power of `density`, then by its row sums. Coordinates are the eigenvectors after the
    constant one, each times its eigenvalue to the power of `time`.

    Notes
    -----
    Made for continua (a cell cycle, a transition), where distance in the map is how hard it is to get from one place to
    the other along the data. Each sign is chosen so that the largest entry is positive.
    """

    kind: ClassVar[str] = "diffusion-map"
    title: ClassVar[str] = "Diffusion map"

    components: int = setting(5, "Components", ge=1, le=50, help="How many of the slowest directions are kept.")
    neighbours: int = setting(30, "Neighbours", ge=4, le=1000, help="Rows that a step of the walk can reach.")
    density: float = setting(
        1.0,
        "Density taken out",
        ge=0,
        le=1,
        step=0.5,
        rare=True,
        help="1: the map shows the shape of the data more than how crowded it is; 0: crowded places attract.",
    )
    time: float = setting(
        1.0, "Steps of the walk", ge=0, le=100, step=1.0, rare=True, help="More let small structure go."
    )

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed`. `info`: eigenvalues (D)."""
        points = points_of(behavior)
        runtime.progress(0, 3, "embed: diffusion map")
        flat = without_twins(points, _LEAST_ROWS, self.components)
        if flat is not None:
            return Embedding(flat, {"notes": [f"{len(points)} rows: too few or too even for a map"]})
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            kernel = neighbour_kernel(points, self.neighbours, runtime)
            values, vectors = diffusion_coordinates(kernel, self.components, density=self.density)
        coordinates = np.zeros((len(points), self.components))
        coordinates[:, : len(values)] = vectors * np.maximum(values, 0.0) ** self.time
        runtime.progress(3, 3, "embed: diffusion map")
        return Embedding(coordinates, {"eigenvalues": values.tolist()})


def neighbour_kernel(points: Floats, neighbours: int, runtime: Runtime) -> Sparse:
    """Symmetric kernel between nearest neighbours, sparse (N, N), 1 on the diagonal."""
    from scipy.sparse import coo_array, eye_array
    from sklearn.neighbors import NearestNeighbors

    n, k = len(points), min(neighbours, len(points) - 1)
    finder = NearestNeighbors(n_neighbors=k + 1, algorithm="auto", n_jobs=1).fit(points)
    distance, near = np.empty((n, k + 1)), np.empty((n, k + 1), np.int64)
    for begin in range(0, n, _BLOCK):
        runtime.progress(begin, n, "embed: diffusion map, neighbours")
        some = slice(begin, begin + _BLOCK)
        distance[some], near[some] = finder.kneighbors(points[some])
    scale = distance[:, max(k // 2, 1)]
    scale = np.where(scale > 0, scale, scale[scale > 0].min(initial=1.0))
    rows = np.repeat(np.arange(n), k + 1)
    weight = np.exp(-np.square(distance.ravel()) / (scale[rows] * scale[near.ravel()]))
    kernel = coo_array((weight, (rows, near.ravel())), shape=(n, n)).tocsr()
    kernel.setdiag(0)
    kernel.eliminate_zeros()
    return kernel.maximum(kernel.T) + eye_array(n, format="csr")


def diffusion_coordinates(
    kernel: Sparse, components: int, *, density: float = 1.0, exact_up_to: int = 500
) -> tuple[Floats, Floats]:
    """Slowest directions of the walk that a symmetric kernel defines.

    Parameters
    ----------
    kernel : (N, N), symmetric, not negative, dense or sparse.
    density : power of the density by which the kernel is divided on both sides.
    exact_up_to : rows up to which all eigenvectors are found; above, only those asked for, by iteration.

    Returns
    -------
    values : (D,), eigenvalues after the first, which is 1; D at most N - 1.
    vectors : (N, D), right eigenvectors of the walk, scaled so that their square under the walk's long-run law is 1.
    """
    from scipy.sparse import csr_array, diags_array
    from scipy.sparse.linalg import eigsh

    walk = csr_array(kernel).astype(np.float64)
    for power in (density, None):
        total = np.asarray(walk.sum(axis=1)).ravel()
        factor = 1 / np.sqrt(total) if power is None else total**-power
        walk = diags_array(factor) @ walk @ diags_array(factor)
    root, n = np.sqrt(total), len(total)
    if n <= exact_up_to or components + 1 >= n // 2:
        values, vectors = np.linalg.eigh(walk.toarray())
        values, vectors = values[::-1][: components + 1], vectors[:, ::-1][:, : components + 1]
    else:
        values, vectors = eigsh(walk, k=components + 1, which="LA", v0=root / np.linalg.norm(root))
        order = np.argsort(-values, kind="stable")
        values, vectors = values[order], vectors[:, order]
    vectors = vectors[:, 1:] / root[:, None] * np.sqrt(total.sum())
    largest = np.abs(vectors).argmax(axis=0)
    return values[1:], vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
