"""t-SNE of the scaled features, by openTSNE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Embedder, Embedding
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._points import points_of, seed_setting, without_twins

if TYPE_CHECKING:
    from anndata import AnnData

_LEAST_ROWS = 5
_EXAGGERATED = 250  # rounds with exaggerated attraction, as in the paper and the library


@register
class TSNE(Embedder):
    """A map that keeps neighbours together: t-distributed stochastic neighbour embedding.

    van der Maaten and Hinton 2008; started from principal components, so that the coarse order means something
    (Kobak and Berens 2019).

    Notes
    -----
    A map for looking: distances between clouds and their sizes mean little. The same seed gives the same bytes on one
    machine, since it runs on one thread.
    """

    kind: ClassVar[str] = "tsne"
    title: ClassVar[str] = "t-SNE"
    for_looking: ClassVar[bool] = True

    components: int = setting(2, "Components", ge=1, le=2, help="Dimensions of the map.")
    perplexity: float = setting(
        30.0,
        "Perplexity",
        gt=1,
        le=1000,
        step=5.0,
        help="How many rows count as near, in effect; at most a third of the rows.",
    )
    rounds: int = setting(
        500, "Rounds", ge=1, le=10_000, rare=True, help="Of optimisation, after 250 exaggerated ones."
    )
    seed: int = seed_setting()

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed`. All 0 where there are fewer than 5 rows or they do not differ."""
        points = points_of(behavior)
        runtime.progress(0, 1, "embed: t-SNE")
        flat = without_twins(points, _LEAST_ROWS, self.components)
        if flat is not None:
            return Embedding(flat, {"notes": [f"{len(points)} rows: too few or too even for a map"]})
        import openTSNE
        from threadpoolctl import threadpool_limits

        perplexity = min(self.perplexity, max((len(points) - 1) / 3, 1.1))
        model = openTSNE.TSNE(
            n_components=self.components,
            perplexity=perplexity,
            early_exaggeration_iter=_EXAGGERATED,
            n_iter=self.rounds,
            negative_gradient_method="bh" if len(points) < 10_000 else "fft",
            initialization="pca",
            random_state=self.seed,
            n_jobs=1,
            callbacks=_Rounds(runtime, _EXAGGERATED + self.rounds),
            callbacks_every_iters=10,
        )
        with threadpool_limits(1):
            found = np.asarray(model.fit(points), np.float64)
        notes = (
            [] if perplexity == self.perplexity else [f"perplexity {perplexity:g}: {len(points)} rows allow no more"]
        )
        return Embedding(found, {"notes": notes})


class _Rounds:
    """Called every ten rounds; counts on through both phases."""

    def __init__(self, runtime: Runtime, total: int) -> None:
        self._runtime, self._total, self._done = runtime, total, 0

    def __call__(self, iteration: int, error: float, embedding: Any) -> bool:
        """Report; False tells the library to go on."""
        self._done = min(self._done + 10, self._total)
        self._runtime.progress(self._done, self._total, "embed: t-SNE")
        return False
