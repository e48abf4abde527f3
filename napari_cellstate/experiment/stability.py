"""Whose neighbours stay when an embedding is made anew from other tracks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_cellstate.core.behavior import track_numbers
from napari_cellstate.core.digest import digest
from napari_cellstate.core.families import Embedder, Embedding
from napari_cellstate.core.progress import Progress, Runtime, silent
from napari_cellstate.experiment.crops import crops_of
from napari_cellstate.experiment.recipe import Recipe
from napari_cellstate.experiment.stages.embed import embedding_names
from napari_cellstate.experiment.store import Experiment
from napari_cellstate.metrics.evidence import neighbour_stability

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_cellstate.core.crops import Crops

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

Stability = Literal["none", "quick", "all"]
"""Which embeddings are made anew: none, those that train no net (three times), or nets too (once, which takes as long
as their training did)."""

_REFITS, _COMPARED = 3, 1500


@dataclass(frozen=True, eq=False)
class Refitting:
    """Embeddings of an experiment, to be made anew from tracks drawn with replacement."""

    experiment: Experiment
    recipe: Recipe
    behavior: AnnData
    seed: int = 0
    progress: Progress = silent

    def stability(self, spaces: list[str], which: Stability) -> dict[str, float]:
        """Share of nearest neighbours that stay, chance taken out, of each of `spaces` that is made anew."""
        found: dict[str, float] = {}
        methods = {key.removeprefix("X_"): method for key, method in embedding_names(self.recipe).items()}
        of = {space: _maker(space, list(methods)) for space in spaces}
        for name, method in methods.items():
            mine = [space for space in spaces if of[space] == name]
            if mine and (which == "all" or (which == "quick" and not method.trains)):
                found |= self._shares(name, method, mine)
        return found

    def _shares(self, name: str, method: Embedder, spaces: list[str]) -> dict[str, float]:
        """Of one method's spaces: its coordinates, and what it keeps beside them."""
        track, rng = track_numbers(self.behavior), np.random.default_rng(self.seed)
        tracks, shares = np.unique(track), {space: list[float]() for space in spaces}
        for _ in range(1 if method.trains else _REFITS):
            rows = np.flatnonzero(np.isin(track, rng.choice(tracks, len(tracks))))
            rows = rows if method.trains else rows[:_COMPARED]  # a net needs all that it can get
            again = self._again(method, rows)
            compared = np.linspace(0, len(rows) - 1, min(len(rows), _COMPARED)).astype(np.int64)
            for space, found in shares.items():
                more = space.removeprefix(name).removeprefix("_")
                anew = again.spaces[more] if more else again.coordinates
                whole = np.asarray(self.behavior.obsm[f"X_{space}"], np.float64)[rows]
                found.append(neighbour_stability(whole[compared], anew[compared]))
        return {space: float(np.mean(found)) for space, found in shares.items() if found}

    def _again(self, method: Embedder, rows: Ints) -> Embedding:
        """What a method makes of some rows alone; nothing of it is kept."""
        runtime = Runtime(threads=self.recipe.threads, progress=self.progress)
        some = self.behavior[rows].copy()
        with self._crops(method, some, runtime) as crops:
            return method.embed(some, runtime) if crops is None else method.embed_crops(some, crops, runtime)

    @contextmanager
    def _crops(self, method: Embedder, some: AnnData, runtime: Runtime) -> Iterator[Crops | None]:
        wish = method.wanted_crops()
        if wish is None:
            yield None
            return
        key = digest(["stability", method.record(), len(some), self.seed])
        with crops_of(self.experiment, self.recipe, some.obs, wish, key, runtime) as crops:
            yield crops


def _maker(space: str, methods: list[str]) -> str:
    """Which method a space is of: its coordinates have its name, what it keeps beside them begins with it."""
    if space in methods:
        return space
    return max((name for name in methods if space.startswith(f"{name}_")), key=len, default="")
