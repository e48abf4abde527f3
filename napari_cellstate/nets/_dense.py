"""Blocks of a fully convolutional DenseNet (Jegou et al. 2017, arXiv 1611.09326, table 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.nets._norm import Norm, NormKind


class DenseBlock(nn.Module):
    """Layers each of which sees the block's input and the maps of all layers before it; gives the new maps only."""

    def __init__(self, width: int, growth: int, layers: int, norm: NormKind, dropout: float) -> None:
        super().__init__()
        self.width, self.made = width, layers * growth
        self.layers = nn.ModuleList(DenseLayer(width + n * growth, growth, norm, dropout) for n in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, Y, X) to (B, layers * growth, Y, X)."""
        made: list[Tensor] = []
        for layer in self.layers:
            made.append(layer(torch.cat((x, *made), 1) if made else x))
        return torch.cat(made, 1)


class DenseLayer(nn.Module):
    """Normalise, ReLU, 3 x 3 convolution, dropout."""

    def __init__(self, width: int, growth: int, norm: NormKind, dropout: float) -> None:
        super().__init__()
        self.norm = Norm(width, norm)
        self.conv = nn.Conv2d(width, growth, 3, padding=1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, Y, X) to (B, growth, Y, X)."""
        out: Tensor = self.dropout(self.conv(F.relu(self.norm(x))))
        return out


class TransitionDown(nn.Module):
    """Normalise, ReLU, 1 x 1 convolution, dropout, the largest of each 2 x 2 px."""

    def __init__(self, width: int, norm: NormKind, dropout: float) -> None:
        super().__init__()
        self.norm = Norm(width, norm)
        self.conv = nn.Conv2d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, Y, X) to (B, width, Y / 2, X / 2)."""
        return F.max_pool2d(self.dropout(self.conv(F.relu(self.norm(x)))), 2)
