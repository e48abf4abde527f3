"""FC-DenseNet as one writes it down first: concatenate everywhere, contiguous float32. The peer of bench_tiramisu."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _layer(width: int, growth: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, growth, 3, padding=1), nn.Dropout(0.2)
    )  # fmt: skip


class _Block(nn.Module):
    def __init__(self, width: int, growth: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_layer(width + n * growth, growth) for n in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        made = []
        for layer in self.layers:
            out = layer(x)
            x = torch.cat([x, out], 1)
            made.append(out)
        return torch.cat(made, 1)


class PlainTiramisu(nn.Module):
    def __init__(self, channels: int, classes: int, growth: int, down: tuple[int, ...], bottleneck: int, stem: int):
        super().__init__()
        self.stem = nn.Conv2d(channels, stem, 3, padding=1)
        self.down, self.lower, self.upper, self.up = (nn.ModuleList() for _ in range(4))
        width, skips = stem, []
        for layers in down:
            self.down.append(_Block(width, growth, layers))
            width += layers * growth
            skips.append(width)
            self.lower.append(
                nn.Sequential(
                    nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 1), nn.Dropout(0.2), nn.MaxPool2d(2)
                )
            )
        self.bottleneck = _Block(width, growth, bottleneck)
        made = bottleneck * growth
        for layers, skip in zip(down[::-1], skips[::-1], strict=True):
            self.upper.append(nn.ConvTranspose2d(made, made, 3, stride=2, padding=1, output_padding=1))
            self.up.append(_Block(made + skip, growth, layers))
            width, made = made + skip + layers * growth, layers * growth
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.stem(x), []
        for block, lower in zip(self.down, self.lower, strict=True):
            x = torch.cat([x, block(x)], 1)
            skips.append(x)
            x = lower(x)
        x = self.bottleneck(x)
        for upper, block in zip(self.upper, self.up, strict=True):
            before = torch.cat([skips.pop(), upper(x)], 1)
            x = block(before)
        return self.head(torch.cat([before, x], 1))
