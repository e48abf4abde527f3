"""Moving average of a net's weights: steadier than the last ones."""

from __future__ import annotations

import copy

import torch
from torch import nn

from napari_cellstate.learn.ict import ema_decay


class Average(nn.Module):
    """Exponential average of a net, its running statistics too.

    Parameters
    ----------
    net : whose average it is.
    decay : most that stays at each step.
    """

    net: nn.Module

    def __init__(self, net: nn.Module, decay: float = 0.998) -> None:
        super().__init__()
        self.net, self.decay = copy.deepcopy(net).requires_grad_(requires_grad=False), decay

    @torch.no_grad()
    def follow(self, net: nn.Module, step: int) -> None:
        """Move towards the net after a step, counted from 0."""
        keep = ema_decay(step, self.decay)
        for mine, theirs in zip(self.net.state_dict().values(), net.state_dict().values(), strict=True):
            if mine.is_floating_point():
                mine.mul_(keep).add_(theirs, alpha=1 - keep)
            else:
                mine.copy_(theirs)
