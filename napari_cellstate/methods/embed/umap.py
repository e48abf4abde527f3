"""UMAP of the scaled features, by umap-learn."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.families import Embedder, Embedding
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Progress, Runtime
from napari_cellstate.methods.embed._points import points_of, seed_setting, without_twins

if TYPE_CHECKING:
    from anndata import AnnData

_LEAST_ROWS = 5  # below, the library cannot make its first layout


@register
class UMAP(Embedder):
    """A map that keeps neighbours together: uniform manifold approximation and projection.

    McInnes et al. 2018, arXiv 1802.03426.

    Notes
    -----
    A map for looking. Sizes of clouds, gaps between them and their order mean little; another seed or number of
    neighbours gives another picture. The same seed gives the same bytes on one machine, since it runs on one thread.
    """

    kind: ClassVar[str] = "umap"
    title: ClassVar[str] = "UMAP"
    for_looking: ClassVar[bool] = True

    components: int = setting(2, "Components", ge=1, le=10, help="Dimensions of the map.")
    neighbours: int = setting(
        15, "Neighbours", ge=2, le=500, help="Rows that count as near; more shows the whole, fewer shows detail."
    )
    min_dist: float = setting(
        0.1, "Least distance", ge=0, le=0.99, step=0.05, help="How tightly rows may be packed; more spreads them."
    )
    epochs: int = setting(
        0,
        "Epochs",
        ge=0,
        le=5000,
        estimated=True,
        rare=True,
        help="Rounds of optimisation; 0 takes 500 for few rows and 200 for over 10,000.",
    )
    seed: int = seed_setting()

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Embed every row; see `Embedder.embed`. All 0 where there are fewer than 5 rows or they do not differ."""
        points = points_of(behavior)
        runtime.progress(0, 1, "embed: UMAP")
        flat = without_twins(points, _LEAST_ROWS, self.components)
        if flat is not None:
            return Embedding(flat, {"notes": [f"{len(points)} rows: too few or too even for a map"]})
        import umap
        from threadpoolctl import threadpool_limits

        epochs = self.epochs or (500 if len(points) <= 10_000 else 200)
        bar = {"disable": False, "file": _Bar(runtime.progress, epochs), "bar_format": "{n}", "mininterval": 0}
        model = umap.UMAP(
            n_neighbors=min(self.neighbours, len(points) - 1),
            n_components=self.components,
            min_dist=self.min_dist,
            n_epochs=epochs,
            init="spectral" if len(points) > 4 * self.components + 4 else "random",
            random_state=self.seed,
            n_jobs=1,
            tqdm_kwds=bar,
        )
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # on disconnected graphs, which the map shows
            found = model.fit_transform(points.astype(np.float32))
        return Embedding(np.nan_to_num(np.asarray(found, np.float64)))


class _Bar(io.StringIO):
    """Where the library writes its bar: each number of it is a progress report, which may raise `Cancelled`."""

    def __init__(self, progress: Progress, total: int) -> None:
        super().__init__()
        self._progress, self._total, self._open = progress, total, True

    def write(self, text: str) -> int:
        """Report the number in a piece of the bar."""
        number = text.strip()
        if number.isdigit() and self._open:
            self._open = False  # a bar that is stopped writes once more when it is closed
            self._progress(min(int(number), self._total), self._total, "embed: UMAP")
            self._open = True
        return len(text)
