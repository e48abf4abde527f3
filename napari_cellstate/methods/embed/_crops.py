"""How crops are cut and turned: settings of the embedders that can read them."""

from __future__ import annotations

from typing import Literal

from napari_cellstate.core.crops import CropWish, Normalise
from napari_cellstate.core.families import Embedder
from napari_cellstate.core.method import setting
from napari_cellstate.methods.embed._nets import NetEmbedder

BANDS = (0.7, 1.4, 2.8)
"""Scales of the bands, px of the net's grid: octaves from the finest that a grid can show."""


class CropReader(Embedder):
    """Base of all embedders that can read crops: how they are cut."""

    crop_um: float = setting(
        0.0,
        "Crop size",
        unit="um",
        ge=0,
        le=10_000,
        step=1.0,
        estimated=True,
        help="Side of the crops (px where the pixel size is not known); 0 takes 1.6 times the diameter of large cells.",
    )
    surround: Literal["mask", "context"] = setting(
        "mask",
        "Around the cell",
        help="mask: only the cell itself is learnt; context: everything in the crop, neighbours and background too.",
    )
    normalise: Normalise = setting(
        "movie",
        "Scale grey levels within",
        help="movie: hides differences in brightness between conditions; replicate: takes differences between days out "
        "and leaves those between conditions; none: leaves both in.",
    )
    channel: int = setting(
        -1, "Channel", ge=-1, le=1000, rare=True, help="Of the images, counted from 0; -1 takes the segmented one."
    )


class CropEmbedder(CropReader, NetEmbedder):
    """Base of the embedders that learn from crops: their grid, and how they are turned."""

    crop_pixels: Literal[0, 32, 64] = setting(
        0, "Crop pixels", ge=0, rare=True, help="Side of the net's grid; 0 takes 32 or 64, by the size of the crops."
    )
    turn: Literal["align", "augment", "none"] = setting(
        "align",
        "Turn crops",
        rare=True,
        help="align: the direction of motion points right, so that the code does not hold where a cell happens to go; "
        "augment: each time another angle, so that the net learns all of them; none: as they are.",
    )

    def _wish(self, *, window: bool) -> CropWish:
        return CropWish(
            self.crop_um, self.crop_pixels, self.turn != "none", self.surround == "mask", self.normalise, window,
            self.channel, BANDS,
        )  # fmt: skip
