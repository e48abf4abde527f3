"""Cellpose's own segmentation, where that package is installed."""

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

if importlib.util.find_spec("cellpose") is not None:

    @register
    class Cellpose(Segmenter):
        """Cellpose 3 or later (Stringer et al. 2021), with weights that it fetches itself when first used."""

        kind: ClassVar[str] = "cellpose"
        title: ClassVar[str] = "Cellpose (installed separately)"
        learnt: ClassVar[bool] = True

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
            net = importlib.import_module("cellpose.models").CellposeModel(gpu=False)
            masks = net.eval(image, diameter=self.diameter or None, cellprob_threshold=self.cell_threshold)[0]
            return np.asarray(masks, np.uint32)
