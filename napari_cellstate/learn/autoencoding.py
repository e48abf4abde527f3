"""Objectives of autoencoders of crops, and how crops are turned."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.learn.objectives import Batch, Objective
from napari_cellstate.nets.elbo_crops import CropElbo
from napari_cellstate.nets.losses import Loss
from napari_cellstate.nets.sequence_vae import EncodedSequence, levels_of


class CropAutoencoding(Objective):
    """An autoencoder of single crops on batches that hold ``x`` (B, C, Y, X), the last channel its mask."""

    def __init__(self, elbo: CropElbo) -> None:
        super().__init__()
        self.elbo = elbo

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """The objective of `elbo`."""
        made = net(batch["x"])
        return self.elbo.loss(self.elbo.errors(made.output, batch["x"]), made.mean, made.log_var, step)


class SequenceAutoencoding(Objective):
    """A `SequenceVAE` on batches that hold ``x`` (B, T, C, Y, X), ``path`` (B, T, P) and ``seen`` (B, T) bool.

    `few` : the last dimensions of the code, those of levels and motion; see `CropElbo.loss`.
    """

    def __init__(self, elbo: CropElbo, few: int) -> None:
        super().__init__()
        self.elbo, self.few = elbo, few

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """The objective of `elbo`; frames without the cell count nothing."""
        made = net(batch["x"], batch["path"], batch["seen"])
        errors = self.errors(made, batch)
        return self.elbo.loss(errors, made.mean, made.log_var, step, self.few)

    def errors(self, made: EncodedSequence, batch: Batch) -> dict[str, Tensor]:
        """See `CropElbo.errors`."""
        seen = batch["seen"][:, :, None].to(made.output.dtype)
        there = seen[..., None, None]
        x = batch["x"] * there
        levels = (made.levels * seen, levels_of(x)) if made.levels.shape[2] else None
        return self.elbo.errors(made.output * there, x, levels, (made.path * seen, batch["path"] * seen))


def turned(crops: Tensor, angle: Tensor, size: int) -> Tensor:
    """Turn crops about their middle and cut the middle out.

    Parameters
    ----------
    crops : (N, C, S, S).
    angle : (N,), rad; a direction of so many rad in the image (from x towards y) comes to lie along x.
    size : side of what is cut out, px.

    Returns
    -------
    (N, C, size, size), linear interpolation, 0 beyond the border.
    """
    side, count = crops.shape[-1], len(crops)
    at = (torch.arange(size, dtype=crops.dtype, device=crops.device) - (size - 1) / 2) * (2 / side)
    y, x = torch.meshgrid(at, at, indexing="ij")
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    grid = torch.stack((cosine * x - sine * y, sine * x + cosine * y), dim=-1)
    assert grid.shape == (count, size, size, 2)
    return F.grid_sample(crops, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
