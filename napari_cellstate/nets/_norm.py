"""Normalisation of feature maps, with the statistics of training, of the batch, or of each image."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

EPSILON = 1e-5
MOMENTUM = 0.1
NormKind = Literal["batch", "batch-at-test", "instance"]
KINDS: tuple[str, ...] = get_args(NormKind)


class Norm(nn.Module):
    """Subtract a mean, divide by a standard deviation, scale and shift each map.

    In training, "batch" and "batch-at-test" use the mean and variance over the batch and gather running ones, as
    batch normalisation does (Ioffe and Szegedy 2015); "instance" uses those of each image, always.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, width: int, kind: NormKind) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"no norm {kind!r}; known: {', '.join(KINDS)}")
        self.kind = kind
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))

    @property
    def needs_statistics(self) -> bool:
        """Whether, at test, mean and variance come from the images at hand."""
        return self.kind != "batch"

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, Y, X), normalised."""
        if self.kind == "instance":
            return nn.functional.instance_norm(x, weight=self.weight, bias=self.bias, eps=EPSILON)
        if self.kind == "batch-at-test" and not self.training:
            mean, var = statistics(x, self.kind)
            scale, shift = self.scale_and_shift(mean, var)
            return x * scale.to(x.dtype) + shift.to(x.dtype)
        return nn.functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, MOMENTUM, EPSILON
        )

    def scale_and_shift(self, mean: Tensor, var: Tensor) -> tuple[Tensor, Tensor]:
        """What the norm does to maps of this mean and variance, both (1 or B, C, 1, 1) float32: x * scale + shift."""
        scale = self.weight.float().view(1, -1, 1, 1) * torch.rsqrt(var + EPSILON)
        return scale, self.bias.float().view(1, -1, 1, 1) - mean * scale

    def gathered(self) -> tuple[Tensor, Tensor]:
        """Mean and variance gathered in training, (1, C, 1, 1) float32."""
        return self.running_mean.float().view(1, -1, 1, 1), self.running_var.float().view(1, -1, 1, 1)


def statistics(x: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """Mean and variance (biased) of each map over pixels, and over the batch unless "instance"; float32."""
    over = (2, 3) if kind == "instance" else (0, 2, 3)
    var, mean = torch.var_mean(x.float(), over, correction=0, keepdim=True)
    return mean, var
