"""The losses of all heads, and an average of the net."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.learn.average import Average
from napari_cellstate.learn.cells.heads import WIDTHS, places
from napari_cellstate.learn.objectives import Batch, Objective
from napari_cellstate.nets.losses import Loss

WEIGHTS = {"cell": 1.0, "edge": 1.0, "distance": 1.0, "centre": 4.0, "flow": 1.0, "size": 0.5}
_BESIDE = 0.1  # weight of pixels outside of cells, for heads that are about cells


class Cells(Objective):
    """All heads at once.

    A batch holds ``image`` (B, 2, Y, X), ``targets`` (B, all heads + 1, Y, X) as `targets.targets` gives them, and
    ``known`` (B, Y, X), 0 where nothing is known.
    """

    def __init__(self, net: nn.Module, heads: tuple[str, ...] = tuple(WIDTHS), decay: float = 0.998) -> None:
        super().__init__()
        self.heads = heads
        self.average = Average(net, decay)

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """Weighted sum of the losses of the heads."""
        said = net(batch["image"]).float()
        parts = losses(said, batch["targets"], batch["known"], self.heads)
        total = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
        return Loss(total, {name: value.detach() for name, value in parts.items()})

    def after(self, net: nn.Module, step: int) -> None:
        """Let the average follow."""
        self.average.follow(net, step)


def losses(
    said: Tensor,
    wanted: Tensor,
    known: Tensor,
    heads: tuple[str, ...] = tuple(WIDTHS),
    cell_known: Tensor | None = None,
) -> dict[str, Tensor]:
    """Loss of every head, a mean over the pixels that it is about.

    Parameters
    ----------
    said : (B, outputs of `heads`, Y, X).
    wanted : (B, all heads + 1, Y, X).
    known : (B, Y, X), weight of each pixel.
    cell_known : the same for the head "cell" alone, which also learns from scribbles; `known` if not given.
    """
    of_net, of_targets = places(heads), places()
    cell, reached = wanted[:, :1], wanted[:, -1:]
    known = known[:, None]
    out = {}
    for name in heads:
        mine, truth = said[:, of_net[name]], wanted[:, of_targets[name]]
        if name in ("cell", "edge"):
            weight = known if cell_known is None or name == "edge" else cell_known[:, None]
            each = F.binary_cross_entropy_with_logits(mine, truth, reduction="none")
        elif name == "distance":
            weight = known * (_BESIDE + cell)
            each = F.smooth_l1_loss(mine, truth, reduction="none", beta=0.1)
        elif name == "centre":
            weight = known * (_BESIDE + cell) * torch.where(cell > 0, reached, 1.0)
            each = (mine - truth).square()
        elif name == "flow":
            weight = known * reached
            each = (mine - truth).square().sum(1, keepdim=True)
        else:
            weight = known * cell
            each = F.smooth_l1_loss(mine, truth, reduction="none", beta=0.1).mean(1, keepdim=True)
        out[name] = (weight * each).sum() / weight.sum().clamp_min(1.0)
    return out
