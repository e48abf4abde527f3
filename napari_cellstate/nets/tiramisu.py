"""Fully convolutional DenseNet ("Tiramisu"): a label for every pixel.

Jegou et al. 2017, arXiv 1611.09326. A layer is normalise, ReLU, 3 x 3 convolution of `growth` maps, dropout. In a dense
block each layer sees the maps of all before it. On the way down a block hands on its input and all it made; on the way
up only what it made. With gradients the maps are concatenated; without, they are written into one buffer a level, which
nobody copies (see `_dense_buffers`). Both ways give the same numbers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.nets._dense import DenseBlock, TransitionDown
from napari_cellstate.nets._dense_buffers import forward_in_buffers
from napari_cellstate.nets._norm import NormKind
from napari_cellstate.nets._typed import each
from napari_cellstate.nets.layouts import LAYOUTS, Layout


class Tiramisu(nn.Module):
    """FC-DenseNet for images of any height and width.

    Parameters
    ----------
    channels : of the image.
    classes : of the result.
    layout : "56", "67", "103" (published), "slim", "slim-half", or a `Layout`.
    norm : "batch" uses the statistics gathered in training, so a result depends neither on the other images of its
        batch nor on how a frame is cut into tiles; "batch-at-test" uses those of the batch at hand, as published;
        "instance" those of each image by itself.
    dropout : share of values set to 0 in training.

    Raises
    ------
    ValueError
        Unknown layout or norm, a count below 1.

    Notes
    -----
    Convolutions start as He et al. 2015 (uniform), as published. The transposed convolutions are padded such that they
    double the size exactly, and images are padded below and to the right by repeating their border, then cropped.
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 3,
        layout: str | Layout = "slim",
        norm: NormKind = "batch",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if isinstance(layout, str) and layout not in LAYOUTS:
            raise ValueError(f"no layout {layout!r}; known: {', '.join(LAYOUTS)}")
        if channels < 1 or classes < 1:
            raise ValueError(f"channels and classes must be at least 1, not {channels} and {classes}")
        shape = LAYOUTS[layout] if isinstance(layout, str) else layout
        self.layout, self.channels, self.classes = shape, channels, classes
        self.stem = nn.Conv2d(channels, shape.stem, 3, stride=shape.stem_stride, padding=1)
        down, lower, upper, up = [], [], [], []
        width, skips = shape.stem, []
        for layers in shape.down:
            down.append(DenseBlock(width, shape.growth, layers, norm, dropout))
            width += layers * shape.growth
            skips.append(width)
            lower.append(TransitionDown(width, norm, dropout))
        self.bottleneck = DenseBlock(width, shape.growth, shape.bottleneck, norm, dropout)
        made = shape.bottleneck * shape.growth
        for layers, skip in zip(shape.up, reversed(skips), strict=True):
            upper.append(nn.ConvTranspose2d(made, made, 3, stride=2, padding=1, output_padding=1))
            up.append(DenseBlock(skip + made, shape.growth, layers, norm, dropout))
            width, made = skip + made + layers * shape.growth, layers * shape.growth
        self.down, self.to_lower = nn.ModuleList(down), nn.ModuleList(lower)
        self.to_upper, self.up = nn.ModuleList(upper), nn.ModuleList(up)
        self.head = nn.Conv2d(width, classes * shape.stem_stride**2, 1)
        self.apply(_start)

    def forward(self, image: Tensor) -> Tensor:
        """Scores of each class (before softmax).

        Parameters
        ----------
        image : (B, channels, Y, X).

        Returns
        -------
        (B, classes, Y, X)
        """
        height, width = image.shape[-2:]
        x = pad_to_multiple(image, self.layout.multiple)
        buffers = not torch.is_grad_enabled() and not self.training
        x = self._whole(forward_in_buffers(self, x)) if buffers else self.concatenating(x)
        return x[..., :height, :width]

    def concatenating(self, x: Tensor) -> Tensor:
        """The forward pass that keeps every map, for gradients and for tracing; Y and X multiples of the layout's."""
        return self._whole(self._forward_concatenating(x))

    def _whole(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(x, 2) if self.layout.stem_stride == 2 else x

    def _forward_concatenating(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        skips: list[Tensor] = []
        for block, lower in zip(each(self.down, DenseBlock), self.to_lower, strict=True):
            x = torch.cat((x, block(x)), 1)  # (B, m, Y, X): the block's input and all it made
            skips.append(x)
            x = lower(x)
        x = self.bottleneck(x)  # only what it made
        for upper, back in zip(self.to_upper, self.up, strict=True):
            before = torch.cat((skips.pop(), upper(x)), 1)
            x = back(before)
        out: Tensor = self.head(torch.cat((before, x), 1))
        return out


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until height and width are multiples; the origin stays where it is."""
    below, right = (-image.shape[-2]) % multiple, (-image.shape[-1]) % multiple
    return F.pad(image, (0, right, 0, below), mode="replicate") if below or right else image


def _start(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
