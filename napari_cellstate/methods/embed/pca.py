"""Principal components of the scaled features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.families import Embedder, Embedding, Floats
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime

if TYPE_CHECKING:
    from anndata import AnnData

MOST = 10
"""Most components taken when their number is estimated: a full covariance of 10 still has few enough numbers."""

_SAME = 1e-9  # loadings this near to the largest count as equally large, so that rounding never decides a sign


@register
class PCA(Embedder):
    """Principal components of the scaled features, by the eigenvectors of their covariance.

    Notes
    -----
    Each component's sign is chosen so that its largest loading (the first of equally large ones) is positive: the
    sign has no meaning. Rows of overlapping windows are not independent; the variance explained is that of rows.
    """

    kind: ClassVar[str] = "pca"
    title: ClassVar[str] = "PCA"

    components: int = setting(
        0,
        "Components",
        ge=0,
        le=100,
        estimated=True,
        help=f"How many components to keep; 0 takes as many as explain the variance asked for, at most {MOST}.",
    )
    variance: float = setting(
        1.0,
        "Variance to explain",
        gt=0,
        le=1,
        step=0.05,
        help="Share of the variance that the components must explain when their number is 0; more keeps more noise.",
    )
    clip: float = setting(
        8.0,
        "Clip at",
        unit="scaled units",
        ge=0,
        le=1000,
        step=1.0,
        rare=True,
        help="Scaled values beyond this are pulled in to it, so that a few broken outlines or wrong links do not "
        "become the first component; 0 clips nothing.",
    )

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed`.

        Returns
        -------
        Embedding
            Coordinates (N, D), D at least 1 and at most N - 1 where that is more; all 0 where rows or features do
            not vary. `info`: variance_explained (D), loadings (feature to D numbers), mean (feature to one number,
            of the clipped scaled values), notes.
        """
        runtime.progress(0, 1, "embed: PCA")
        used = behavior.var["used"].to_numpy(bool)
        scaled = np.asarray(behavior.layers[SCALED], np.float64)[:, used]
        names = [str(name) for name in behavior.var_names[used]]
        values, notes = self._clipped(scaled)
        if not values.size:
            notes.append(f"{len(values)} rows of {len(names)} features: nothing to embed, the coordinates are 0")
            return Embedding(np.zeros((len(values), 1)), _info(names, np.zeros((len(names), 1)), np.zeros(1), notes))
        mean = values.mean(axis=0)
        variances, vectors = principal_axes(values - mean)
        count = self._count(variances, len(values), notes)
        share = variances / variances.sum() if variances.any() else variances
        info = _info(names, vectors[:, :count], share[:count], notes, mean)
        coordinates = np.einsum(
            "nf,fd->nd", values - mean, vectors[:, :count]
        )  # no BLAS: bytes do not depend on threads
        runtime.progress(1, 1, "embed: PCA")
        return Embedding(coordinates, info)

    def _clipped(self, scaled: Floats) -> tuple[Floats, list[str]]:
        if not self.clip:
            return scaled, []
        beyond = int(np.count_nonzero(np.abs(scaled) > self.clip))
        notes = (
            [f"{beyond} of {scaled.size} scaled values lay beyond ±{self.clip:g} and were clipped"] if beyond else []
        )
        return np.clip(scaled, -self.clip, self.clip), notes

    def _count(self, variances: Floats, rows: int, notes: list[str]) -> int:
        """How many components to keep."""
        possible = min(len(variances), max(rows - 1, 1))
        total = variances.sum()
        if total == 0:
            notes.append("the rows do not differ: the coordinates are 0")
            return 1
        if self.components:
            if self.components > possible:
                notes.append(f"{possible} components instead of {self.components}: {rows} rows allow no more")
            return min(self.components, possible)
        share = np.cumsum(variances) / total
        enough = int(np.searchsorted(share, self.variance - 1e-12)) + 1
        count = min(enough, possible, MOST)
        if share[count - 1] < self.variance - 1e-12:
            asked = f", less than {self.variance:.0%}" if self.variance < 1 else ""
            notes.append(f"{count} components explain {share[count - 1]:.0%} of the variance{asked}")
        return count


def principal_axes(centred: Floats) -> tuple[Floats, Floats]:
    """Variances and unit vectors of the principal components, largest variance first.

    Parameters
    ----------
    centred : (N, F), columns of mean 0.

    Returns
    -------
    variances : (F,), not negative, with the divisor N - 1.
    vectors : (F, F), one component a column; the first of its largest loadings is positive.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # sums in one order on every machine
        covariance = centred.T @ centred / max(len(centred) - 1, 1)
        variances, vectors = np.linalg.eigh(covariance)
    variances, vectors = np.maximum(variances[::-1], 0.0), vectors[:, ::-1]
    size = np.abs(vectors)
    largest = (size >= size.max(axis=0) * (1 - _SAME)).argmax(axis=0)
    signs = np.where(vectors[largest, np.arange(len(largest))] < 0, -1.0, 1.0)
    return variances, vectors * signs


def _info(
    names: list[str], loadings: Floats, share: Floats, notes: list[str], mean: Floats | None = None
) -> dict[str, Any]:
    means = np.zeros(len(names)) if mean is None else mean
    return {
        "variance_explained": share.tolist(),
        "loadings": dict(zip(names, loadings.tolist(), strict=True)),
        "mean": dict(zip(names, means.tolist(), strict=True)),
        "notes": notes,
    }
