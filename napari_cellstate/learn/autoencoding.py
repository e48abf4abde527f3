"""Objectives of autoencoders of crops, and how crops are turned."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.learn.objectives import Batch, Objective
from napari_cellstate.nets.elbo_crops import CropElbo
from napari_cellstate.nets.losses import Loss


class CropAutoencoding(Objective):
    """An autoencoder of single crops on batches that hold ``x`` (B, C, Y, X), the last channel its mask."""

    def __init__(self, elbo: CropElbo) -> None:
        super().__init__()
        self.elbo = elbo

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """The objective of `elbo`."""
        made = net(batch["x"])
        return self.elbo.loss(self.elbo.errors(made.output, batch["x"], None, None), made.mean, made.log_var, step)


class SequenceAutoencoding(Objective):
    """A `SequenceVAE` on batches that hold ``x`` (B, T, C, Y, X), ``path`` (B, T, P) and ``seen`` (B, T) bool."""

    def __init__(self, elbo: CropElbo, motion: int) -> None:
        super().__init__()
        self.elbo, self.motion = elbo, motion

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """The objective of `elbo`; frames without the cell count nothing."""
        made = net(batch["x"], batch["path"], batch["seen"])
        errors = self.errors(made.output, made.path, batch)
        return self.elbo.loss(errors, made.mean, made.log_var, step, self.motion)

    def errors(self, output: Tensor, path: Tensor, batch: Batch) -> dict[str, Tensor]:
        """See `CropElbo.errors`."""
        seen = batch["seen"][:, :, None].to(output.dtype)
        there = seen[..., None, None]
        return self.elbo.errors(output * there, batch["x"] * there, path * seen, batch["path"] * seen)


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
