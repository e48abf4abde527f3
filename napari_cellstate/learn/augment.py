"""Augmentation: what a microscope or an observer could have done to the same cells.

All randomness comes from one generator on the processor, so equal seeds give equal batches on every device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Augment:
    """How much images of a batch are changed, each by itself.

    Attributes
    ----------
    flips : mirror and turn by right angles.
    rotation : largest angle besides, degrees.
    scale : largest factor by which cells grow or shrink (1 for none).
    gain, offset : largest change of contrast (log scale) and of brightness, in standard deviations of the image.
    gamma : largest change of the exponent, log scale; keeps the image's range.
    blur : largest sd of a Gaussian, px.
    noise : largest sd of added noise, in standard deviations of the image.
    invert : chance that bright becomes dark.
    """

    flips: bool = True
    rotation: float = 180.0
    scale: float = 1.3
    gain: float = 0.3
    offset: float = 0.3
    gamma: float = 0.3
    blur: float = 1.0
    noise: float = 0.15
    invert: float = 0.0

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator, ignore: int = -1
    ) -> tuple[Tensor, Tensor]:
        """Change images, and labels with them.

        Parameters
        ----------
        images : (B, C, Y, X) float.
        labels : (B, K, Y, X) of any type, moved as the pixels are, never blended; outside of the image: `ignore`.
        generator : on the processor.

        Returns
        -------
        images and labels of the same shapes; labels alone are never touched by what concerns intensity.
        """
        if self.flips:
            images, labels = _flip(images, labels, generator)
        if self.rotation or self.scale > 1:
            images, labels = self._turn(images, labels, generator, ignore)
        return self._relight(images, generator), labels

    def _turn(self, images: Tensor, labels: Tensor, generator: torch.Generator, ignore: int) -> tuple[Tensor, Tensor]:
        count = len(images)
        angle = math.radians(self.rotation) * _symmetric(count, generator)
        factor = torch.exp(-math.log(self.scale) * _symmetric(count, generator))
        ratio = images.shape[-2] / images.shape[-1]  # the grid runs from -1 to 1 along both axes
        cos, sin, zero = factor * torch.cos(angle), factor * torch.sin(angle), torch.zeros(count)
        rows = (torch.stack((cos, -sin * ratio, zero), 1), torch.stack((sin / ratio, cos, zero), 1))
        theta = torch.stack(rows, 1).to(images)
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)
        turned = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        # Nearest, and one more than the label so that 0 means "from outside the image". float64 holds every int32.
        moved = F.grid_sample(
            (labels + 1 - min(ignore, 0)).double(), grid.double(), mode="nearest", align_corners=False
        )
        moved = torch.where(moved == 0, float(ignore), moved - 1 + min(ignore, 0))
        return turned, moved.to(labels.dtype)

    def _relight(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count = len(images)
        gain, offset, gamma, blur, noise, coin = (
            value.to(images).view(-1, 1, 1, 1)
            for value in (
                torch.exp(self.gain * _symmetric(count, generator)),
                self.offset * _symmetric(count, generator),
                torch.exp(self.gamma * _symmetric(count, generator)),
                self.blur * torch.rand(count, generator=generator),
                self.noise * torch.rand(count, generator=generator),
                (torch.rand(count, generator=generator) < self.invert).float(),
            )
        )
        low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
        span = (high - low).clamp_min(1e-6)
        images = low + span * ((images - low) / span).clamp(0, 1) ** gamma
        if self.blur:
            images = torch.cat([_blurred(one[None], float(sd)) for one, sd in zip(images, blur, strict=True)])
        mean, spread = images.mean((1, 2, 3), keepdim=True), images.std((1, 2, 3), keepdim=True)
        centred = (images - mean) * (1 - 2 * coin)
        grain = torch.randn(images.shape, generator=generator).to(images)
        return mean + gain * centred + spread * (offset + noise * grain)


def _symmetric(count: int, generator: torch.Generator) -> Tensor:
    """Uniform from -1 to 1."""
    return 2 * torch.rand(count, generator=generator) - 1


def _flip(images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each image as one of its eight mirrored and turned forms; four where it is not square."""
    square = images.shape[-1] == images.shape[-2]
    out: list[list[Tensor]] = [[], []]
    for n in range(len(images)):
        mirror, turns = torch.randint(0, 4, (2,), generator=generator).tolist()
        quarter = turns if square else 2 * (turns % 2)
        for values, into in zip((images, labels), out, strict=True):
            one = torch.rot90(values[n], quarter, (-2, -1))
            into.append(one.flip(-1) if mirror % 2 else one)
    return torch.stack(out[0]), torch.stack(out[1])


def _blurred(image: Tensor, sd: float) -> Tensor:
    """Gaussian blur of (1, C, Y, X), borders reflected."""
    radius = min(math.ceil(3 * sd), image.shape[-1] - 1, image.shape[-2] - 1)
    if sd < 0.1 or radius < 1:
        return image
    at = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-(at**2) / (2 * sd**2))
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, -1)
    padded = F.pad(image, (radius,) * 4, mode="reflect")
    along = F.conv2d(padded, kernel[:, :, None], groups=image.shape[1])
    return F.conv2d(along, kernel[..., None], groups=image.shape[1])
