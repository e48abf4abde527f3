"""StarDist's own segmentation, where that package is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array, Movie
from napari_cellstate.core.progress import Runtime

if TYPE_CHECKING:
    from numpy.typing import NDArray


class StarDist(Segmenter):
    """StarDist (Schmidt et al. 2018) for fluorescent nuclei, with weights that it fetches itself."""

    kind: ClassVar[str] = "stardist"
    title: ClassVar[str] = "StarDist (installed separately)"
    learnt: ClassVar[bool] = True

    model: str = setting(
        "2D_versatile_fluo", "Model", help="Name of one of StarDist's pretrained models, or the folder of your own."
    )
    scale: float = setting(
        1.0, "Scale", ge=0.05, le=20, step=0.1, rare=True, help="The image is resized by this before."
    )

    def segment(self, image: Array) -> NDArray[np.uint32]:
        """Label the cells of one frame, (Y, X)."""
        return self._labels(self._net(), image)

    def frames(self, movie: Movie, frames: Sequence[int], runtime: Runtime) -> Iterator[NDArray[np.uint32]]:
        """Labels of the given frames, one by one; TensorFlow chooses the device."""
        net = self._net()
        for t in frames:
            yield self._labels(net, movie.image(t))

    def _net(self) -> Any:
        made = importlib.import_module("stardist.models").StarDist2D
        own = Path(self.model)
        if own.is_dir():
            return made(None, name=own.name, basedir=str(own.parent))
        return made.from_pretrained(self.model)

    def _labels(self, net: Any, image: Array) -> NDArray[np.uint32]:
        from napari_cellstate.learn.cells.picture import levelled

        return np.asarray(net.predict_instances(levelled(image), scale=self.scale)[0], np.uint32)


if importlib.util.find_spec("stardist") is not None:
    register(StarDist)
