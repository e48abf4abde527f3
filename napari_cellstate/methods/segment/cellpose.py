"""Cellpose's own segmentation, where that package is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Cellpose(Segmenter):
    """Cellpose 3 or later (Stringer et al. 2021), with weights that it fetches itself when first used."""

    kind: ClassVar[str] = "cellpose"
    title: ClassVar[str] = "Cellpose (installed separately)"
    learnt: ClassVar[bool] = True

    model: str = setting(
        "", "Model", help="Name of one of Cellpose's models, or the file of your own; empty takes its default."
    )
    diameter: float = setting(
        0.0, "Cell diameter", unit="px", ge=0, le=2000, step=1.0, estimated=True, help="0 leaves it to Cellpose."
    )
    cell_threshold: float = setting(
        0.0,
        "Cell threshold",
        ge=-6,
        le=6,
        step=0.5,
        rare=True,
        help="Less finds fainter cells, larger outlines.",
    )

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame, (Y, X)."""
        return self._labels(self._net("cpu"), image)

    def frames(self, movie: Movie, frames: Sequence[int], runtime: Runtime) -> Iterator[NDArray[np.uint32]]:
        """Labels of the given frames, one by one, on the runtime's device."""
        net = self._net(runtime.device)
        for t in frames:
            yield self._labels(net, movie.image(t))

    def _net(self, device: str) -> Any:
        from napari_cellstate.learn.device import choose_device

        chosen = choose_device(device)
        named = {"pretrained_model": self.model} if self.model else {}
        return importlib.import_module("cellpose.models").CellposeModel(
            gpu=chosen.type != "cpu", device=chosen, **named
        )

    def _labels(self, net: Any, image: Array) -> NDArray[np.uint32]:
        masks = net.eval(image, diameter=self.diameter or None, cellprob_threshold=self.cell_threshold)[0]
        return np.asarray(masks, np.uint32)


if importlib.util.find_spec("cellpose") is not None:
    register(Cellpose)
