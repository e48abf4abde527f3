"""StarDist's own segmentation, where that package is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_cellstate.core.families import Segmenter
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.movie import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

if importlib.util.find_spec("stardist") is not None:

    @register
    class StarDist(Segmenter):
        """StarDist (Schmidt et al. 2018) for fluorescent nuclei, with weights that it fetches itself."""

        kind: ClassVar[str] = "stardist"
        title: ClassVar[str] = "StarDist (installed separately)"
        learnt: ClassVar[bool] = True

        model: str = setting("2D_versatile_fluo", "Model", help="Name of one of StarDist's pretrained models.")
        scale: float = setting(
            1.0, "Scale", ge=0.05, le=20, step=0.1, rare=True, help="The image is resized by this before."
        )

        def segment(self, image: Array) -> NDArray[np.uint32]:
            """Label the cells of one frame, (Y, X)."""
            from napari_cellstate.learn.cells.picture import levelled

            net = importlib.import_module("stardist.models").StarDist2D.from_pretrained(self.model)
            return np.asarray(net.predict_instances(levelled(image), scale=self.scale)[0], np.uint32)
