"""The forward pass of a Tiramisu without concatenation, for use without gradients.

Each level of the net has one buffer (B, all its maps, Y, X), channels last in memory, laid out as

    input | new maps on the way down | maps from below | new maps on the way up

Every layer reads the front of it and writes its new maps behind, so nothing is ever copied to be concatenated, and the
skip connection is already in place. On a processor, layers work in strips of rows that fit the cache.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.nets._dense import DenseBlock, DenseLayer, TransitionDown
from napari_cellstate.nets._norm import Norm, statistics
from napari_cellstate.nets._typed import each

if TYPE_CHECKING:
    from napari_cellstate.nets.tiramisu import Tiramisu

STRIP_BYTES = 3 * 2**20
"""Normalised maps of one strip, bytes: a few MB stay in the cache between the norm and the convolution."""


def forward_in_buffers(net: Tiramisu, image: Tensor) -> Tensor:
    """Scores (B, classes or 4 classes with a stride-2 stem, Y, X) of an image whose size is a multiple.

    Raises nothing of its own; needs `torch.no_grad` and evaluation mode.
    """
    down, lower = each(net.down, DenseBlock), each(net.to_lower, TransitionDown)
    upper, up = each(net.to_upper, nn.ConvTranspose2d), each(net.up, DenseBlock)
    x = net.stem(image.contiguous(memory_format=torch.channels_last))
    levels: list[_Maps] = []
    for n, block in enumerate(down):
        back = len(upper) - 1 - n
        maps = _Maps(x, block.width + block.made + upper[back].out_channels + up[back].made)
        maps.grow(block)
        levels.append(maps)
        x = maps.lowered(lower[n].norm, lower[n].conv)
    lowest = _Maps(x, net.bottleneck.width + net.bottleneck.made)
    lowest.grow(net.bottleneck)
    x = lowest.last(net.bottleneck.made)
    for transposed, block in zip(upper, up, strict=True):
        maps = levels.pop()
        maps.append(transposed(x))
        maps.grow(block)
        x = maps.last(block.made)
    out: Tensor = net.head(maps.all())
    return out


class _Maps:
    """All maps of one level in one buffer, filled from the front, with their statistics where a norm needs them."""

    def __init__(self, first: Tensor, width: int) -> None:
        batch, _, height, across = first.shape
        self._buffer = torch.empty(
            (batch, width, height, across),
            dtype=first.dtype,
            device=first.device,
            memory_format=torch.channels_last,
        )
        self._filled = 0
        self._moments: dict[int, tuple[Tensor, Tensor]] = {}
        self.append(first)

    def append(self, new: Tensor) -> None:
        self._buffer[:, self._filled : self._filled + new.shape[1]].copy_(new)
        self._filled += new.shape[1]

    def all(self) -> Tensor:
        return self._buffer[:, : self._filled]

    def last(self, count: int) -> Tensor:
        return self._buffer[:, self._filled - count : self._filled]

    def grow(self, block: DenseBlock) -> None:
        """Write the maps of a dense block, layer by layer, behind those they are made from."""
        for layer in each(block.layers, DenseLayer):
            self._grow(layer.norm, layer.conv)

    def _grow(self, norm: Norm, conv: nn.Conv2d) -> None:
        scale, shift = self._scale_and_shift(norm)
        source, height = self.all(), self._buffer.shape[2]
        target = self._buffer[:, self._filled : self._filled + conv.out_channels]
        strips = self._strips()
        room = self._room(strips[0][1] + 2)
        for top, bottom in strips:
            above, below = max(top - 1, 0), min(bottom + 1, height)
            strip = room[:, :, : bottom - top + 2]
            first = above - top + 1
            # A row of zeros above and below the image, as padding has it.
            strip[:, :, :first].zero_()
            strip[:, :, first + below - above :].zero_()
            _normalised(source[:, :, above:below], scale, shift, strip[:, :, first : first + below - above])
            target[:, :, top:bottom].copy_(F.conv2d(strip, conv.weight, conv.bias, padding=(0, 1)))
        self._filled += conv.out_channels

    def lowered(self, norm: Norm, conv: nn.Conv2d) -> Tensor:
        """Normalise, ReLU, 1 x 1 convolution, pooling of 2 x 2 px; strips have an even number of rows."""
        scale, shift = self._scale_and_shift(norm)
        source = self.all()
        parts = []
        strips = self._strips()
        room = self._room(strips[0][1])
        for top, bottom in strips:
            strip = _normalised(source[:, :, top:bottom], scale, shift, room[:, :, : bottom - top])
            made = F.conv2d(strip, conv.weight, conv.bias)
            parts.append(F.max_pool2d(made, 2))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def _room(self, rows: int) -> Tensor:
        """Place for so many rows of all maps."""
        batch, _, _, across = self._buffer.shape
        like = self._buffer
        shape = (batch, self._filled, rows, across)
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)

    def _strips(self) -> list[tuple[int, int]]:
        batch, _, height, across = self._buffer.shape
        if self._buffer.device.type != "cpu":
            return [(0, height)]
        row = batch * across * self._filled * self._buffer.element_size()
        # As many strips as needed, all alike, of an even number of rows and not so thin that their halo costs more.
        count = max(min(math.ceil(row * height / STRIP_BYTES), height // 8), 1)
        rows = math.ceil(height / count / 2) * 2
        return [(top, min(top + rows, height)) for top in range(0, height, rows)]

    def _scale_and_shift(self, norm: Norm) -> tuple[Tensor, Tensor]:
        mean, var = self._statistics(norm.kind) if norm.needs_statistics else norm.gathered()
        scale, shift = norm.scale_and_shift(mean, var)
        return scale.to(self._buffer.dtype), shift.to(self._buffer.dtype)

    def _statistics(self, kind: str) -> tuple[Tensor, Tensor]:
        """Of every map, each computed once, when it is first read."""
        done = max(self._moments, default=0)
        if done < self._filled:
            mean, var = statistics(self._buffer[:, done : self._filled], kind)
            if done:
                old_mean, old_var = self._moments.pop(done)
                mean, var = torch.cat((old_mean, mean), 1), torch.cat((old_var, var), 1)
            self._moments = {self._filled: (mean, var)}
        return self._moments[self._filled]


def _normalised(x: Tensor, scale: Tensor, shift: Tensor, out: Tensor) -> Tensor:
    torch.addcmul(shift, x, scale, out=out)
    if out.device.type == "cpu" and out.dtype == torch.bfloat16:
        out.view(torch.int16).clamp_min_(0)  # the sign bit is the same, and whole numbers are six times as fast
        return out
    return out.relu_()
