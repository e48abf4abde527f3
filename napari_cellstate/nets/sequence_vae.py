"""A variational autoencoder of cells in motion: crops of a cell over a window of frames, and its path.

Appearance, levels and motion have a code of their own each. A window has some ten thousand pixels, some ten levels of
whole cells (how bright, how coarse) and some ten numbers of path: in one code, whatever levels and path tell would be
spent on pixels.

    crops (B, T, C, Y, X) -> convolutions of each frame -> ConvGRU -> last state -> mean, log variance (appearance)
    their means inside the mask (B, T, C - 1) -> perceptron                      -> mean, log variance (levels)
    path  (B, T, P)       -> perceptron                                          -> mean, log variance (motion)
    code -> first state of a ConvGRU that runs T steps -> transposed convolutions of each frame -> crops
    levels code -> perceptron -> means inside the mask;  motion code -> perceptron -> path
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from napari_cellstate.nets.convgru import ConvGRU, ConvGRUCell, unrolled


@dataclass(frozen=True, eq=False)
class EncodedSequence:
    """What a `SequenceVAE` makes of a batch.

    Attributes
    ----------
    output : (B, T, C, Y, X), means of the crops.
    levels : (B, T, C - 1), means of the levels; empty without a code of levels.
    path : (B, T, P), means of the path.
    mean, log_var, sample : (B, latent + levels + motion), of the posterior; in this order.
    """

    output: Tensor
    levels: Tensor
    path: Tensor
    mean: Tensor
    log_var: Tensor
    sample: Tensor


class SequenceVAE(nn.Module):
    """See the module's words.

    Parameters
    ----------
    channels : of the crops.
    size : px, a multiple of 2 for each of `widths`.
    steps : frames of a window.
    path : numbers of the path in each frame; 0 for none.
    latent, levels, motion : width of the codes of appearance, of levels (0 for none) and of motion.
    widths : maps of each convolution of a frame, each halving it.
    hidden : maps of the memory.

    Raises
    ------
    ValueError
        A size that cannot be halved so often, a count below 1.
    """

    def __init__(
        self,
        channels: int = 4,
        size: int = 64,
        steps: int = 16,
        path: int = 2,
        latent: int = 8,
        motion: int = 4,
        widths: Sequence[int] = (16, 32, 32),
        hidden: int = 32,
        levels: int = 0,
    ) -> None:
        super().__init__()
        low, left = divmod(size, 2 ** len(widths))
        if left or not low or not widths:
            raise ValueError(f"size {size} px: {len(widths)} convolutions need a multiple of {2 ** len(widths)}")
        if min(channels, steps, latent, motion, hidden) < 1 or min(path, levels) < 0:
            raise ValueError(
                "channels, steps, latent, motion and hidden must be at least 1, path and levels at least 0"
            )
        self.channels, self.size, self.steps, self.path, self.low = channels, size, steps, path, low
        self.appearance, self.motion, self.hidden = latent, motion if path else 0, hidden
        self.levels = levels
        self.latent = self.appearance + self.levels + self.motion
        self.down = _downs(channels, widths)
        self.reader = ConvGRU(widths[-1], hidden)
        self.to_code = nn.Sequential(
            nn.Flatten(), nn.Linear(hidden * low**2, 128), nn.ReLU(), nn.Linear(128, 2 * latent)
        )
        self.levels_reader = _perceptron(steps * channels, 64, 2 * levels) if levels else None
        self.path_reader = _perceptron(steps * (path + 1), 64, 2 * motion) if path else None
        self.from_code = nn.Sequential(
            nn.Linear(self.latent, 128), nn.ReLU(), nn.Linear(128, hidden * low**2), nn.Tanh()
        )
        self.writer = ConvGRUCell(hidden, hidden)
        self.up = _ups(hidden, widths, channels)
        self.levels_writer = _perceptron(levels, 64, steps * (channels - 1)) if levels else None
        self.path_writer = _perceptron(motion, 64, steps * path) if path else None

    def encode(self, x: Tensor, path: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the posterior, (B, latent) each; arguments as in `forward`."""
        flat = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        maps = self.down(flat).unflatten(0, x.shape[:2])
        _, states = self.reader(maps, mask=mask)
        codes = [self.to_code(states[-1]).chunk(2, 1)]
        path, seen = self._path(x, path, mask)
        if self.levels_reader is not None:
            codes.append(self.levels_reader(torch.cat((levels_of(x) * seen, seen), 2).flatten(1)).chunk(2, 1))
        if self.path_reader is not None:
            codes.append(self.path_reader(torch.cat((path, seen), 2).flatten(1)).chunk(2, 1))
        return torch.cat([means for means, _ in codes], 1), torch.cat([logs for _, logs in codes], 1)

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, latent) to means of crops (B, T, C, Y, X), levels (B, T, C - 1) and path (B, T, P)."""
        first = self.from_code(z).unflatten(1, (self.hidden, self.low, self.low))
        frames = unrolled(self.writer, first, first, self.steps)
        crops = self.up(frames.flatten(0, 1)).unflatten(0, (len(z), self.steps))
        _, levels, motion = torch.split(z, [self.appearance, self.levels, self.motion], 1)
        return crops, self._written(self.levels_writer, levels), self._written(self.path_writer, motion)

    def _written(self, writer: nn.Module | None, code: Tensor) -> Tensor:
        if writer is None:
            return code.new_zeros((len(code), self.steps, 0))
        written: Tensor = writer(code)
        return written.view(len(code), self.steps, -1)

    def forward(self, x: Tensor, path: Tensor | None = None, mask: Tensor | None = None) -> EncodedSequence:
        """Encode, sample (in training), decode.

        Parameters
        ----------
        x : (B, T, C, Y, X).
        path : (B, T, P), zeros where not given.
        mask : (B, T) bool, False where the cell is missing; all are there where not given.
        """
        mean, log_var = self.encode(x, path, mask)
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean) if self.training else mean
        crops, levels, steps = self.decode(z)
        return EncodedSequence(crops, levels, steps, mean, log_var, z)

    def _path(self, x: Tensor, path: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        seen = x.new_ones((*x.shape[:2], 1)) if mask is None else mask[..., None].to(x.dtype)
        return (x.new_zeros((*x.shape[:2], self.path)) if path is None else path * seen), seen


def levels_of(x: Tensor) -> Tensor:
    """Mean of each channel inside the mask, the last channel: (B, T, C, Y, X) to (B, T, C - 1); 0 without a mask."""
    mask = x[:, :, -1:]
    return (x[:, :, :-1] * mask).sum((3, 4)) / mask.sum((3, 4)).clamp(min=1.0)


def _downs(channels: int, widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for narrow, wide in zip((channels, *widths), widths, strict=False):
        layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


def _ups(hidden: int, widths: Sequence[int], channels: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    sizes = [hidden, *reversed(widths[:-1]), channels]
    for wide, narrow in pairwise(sizes):
        layers += [nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
