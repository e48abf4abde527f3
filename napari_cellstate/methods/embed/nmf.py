"""Non-negative factors of the features: each row as a sum of parts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Embedder, Embedding, Floats
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._points import points_of

if TYPE_CHECKING:
    from anndata import AnnData

_ROUNDS = 20  # between two progress reports


@register
class NMF(Embedder):
    """Non-negative matrix factorisation: a row is a sum of parts, none of them taken away. Lee and Seung 1999.

    Each scaled feature is counted from its own least value, so that nothing is negative.

    Notes
    -----
    Parts are neither ordered nor unique, and a feature that is skewed downwards weighs more.
    """

    kind: ClassVar[str] = "nmf"
    title: ClassVar[str] = "NMF"

    components: int = setting(5, "Parts", ge=1, le=100, help="How many parts; more explain more and mean less each.")
    rounds: int = setting(400, "Most rounds", ge=20, le=100_000, rare=True, help="Of coordinate descent.")

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed`.

        Returns
        -------
        Embedding
            Weight of each part in each row, not negative. `info`: parts (feature to one number a part), left (share
            of the sum of squares that is not explained).
        """
        points = points_of(behavior)
        runtime.progress(0, self.rounds, "embed: NMF")
        if not points.size or not np.ptp(points, axis=0).any():
            return Embedding(np.zeros((len(points), 1)), {"notes": ["nothing varies: the coordinates are 0"]})
        values = points - points.min(axis=0)
        weights, parts = self._factored(values, min(self.components, *values.shape), runtime)
        left = float(np.square(values - weights @ parts).sum() / np.square(values).sum())
        names = [str(name) for name in behavior.var_names[behavior.var["used"].to_numpy(bool)]]
        shown = dict(zip(names, parts.T.tolist(), strict=True))
        return Embedding(weights, {"parts": shown, "left": left})

    def _factored(self, values: Floats, count: int, runtime: Runtime) -> tuple[Floats, Floats]:
        """Coordinate descent from singular vectors, in pieces, so that it can be stopped."""
        from sklearn.decomposition import non_negative_factorization
        from threadpoolctl import threadpool_limits

        weights: Any = None
        parts: Any = None
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each piece ends before it converges
            for done in range(0, self.rounds, _ROUNDS):
                runtime.progress(done, self.rounds, "embed: NMF")
                before = weights
                weights, parts, _ = non_negative_factorization(
                    values,
                    W=weights,
                    H=parts,
                    n_components=count,
                    init="nndsvda" if weights is None else "custom",
                    max_iter=_ROUNDS,
                    tol=0,
                    random_state=0,
                )
                if before is not None and np.abs(weights - before).max() <= 1e-6 * np.abs(weights).max():
                    break
        size = np.linalg.norm(parts, axis=1)  # the scale of a part lies in its weight
        size = np.where(size > 0, size, 1)
        return np.asarray(weights * size, np.float64), np.asarray(parts / size[:, None], np.float64)
