"""A variational autoencoder of cells in motion: crops of a cell over a window of frames, and its path.

Appearance and motion have a code of their own each. A window has some ten thousand pixels and some ten numbers of
path: in one code, whatever the path tells would be spent on pixels.

    crops (B, T, C, Y, X) -> convolutions of each frame -> ConvGRU -> last state -> mean, log variance (appearance)
    path  (B, T, P)       -> perceptron                                          -> mean, log variance (motion)
    code -> first state of a ConvGRU that runs T steps -> transposed convolutions of each frame -> crops
    motion code -> perceptron -> path
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
    path : (B, T, P), means of the path.
    mean, log_var, sample : (B, latent + motion), of the posterior; appearance first.
    """

    output: Tensor
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
    latent, motion : width of the code of appearance and of that of motion.
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
    ) -> None:
        super().__init__()
        low, left = divmod(size, 2 ** len(widths))
        if left or not low or not widths:
            raise ValueError(f"size {size} px: {len(widths)} convolutions need a multiple of {2 ** len(widths)}")
        if min(channels, steps, latent, motion, hidden) < 1 or path < 0:
            raise ValueError("channels, steps, latent, motion and hidden must be at least 1, path at least 0")
        self.channels, self.size, self.steps, self.path, self.low = channels, size, steps, path, low
        self.appearance, self.motion, self.hidden = latent, motion if path else 0, hidden
        self.latent = self.appearance + self.motion
        self.down = _downs(channels, widths)
        self.reader = ConvGRU(widths[-1], hidden)
        self.to_code = nn.Sequential(
            nn.Flatten(), nn.Linear(hidden * low**2, 128), nn.ReLU(), nn.Linear(128, 2 * latent)
        )
        self.path_reader = _perceptron(steps * (path + 1), 64, 2 * motion) if path else None
        self.from_code = nn.Sequential(
            nn.Linear(self.latent, 128), nn.ReLU(), nn.Linear(128, hidden * low**2), nn.Tanh()
        )
        self.writer = ConvGRUCell(hidden, hidden)
        self.up = _ups(hidden, widths, channels)
        self.path_writer = _perceptron(motion, 64, steps * path) if path else None

    def encode(self, x: Tensor, path: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the posterior, (B, latent + motion) each; arguments as in `forward`."""
        flat = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        maps = self.down(flat).unflatten(0, x.shape[:2])
        _, states = self.reader(maps, mask=mask)
        means, logs = self.to_code(states[-1]).chunk(2, 1)
        if self.path_reader is None:
            return means, logs
        path, seen = self._path(x, path, mask)
        motion, motion_logs = self.path_reader(torch.cat((path, seen), 2).flatten(1)).chunk(2, 1)
        return torch.cat((means, motion), 1), torch.cat((logs, motion_logs), 1)

    def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(B, latent + motion) to means of crops (B, T, C, Y, X) and path (B, T, P)."""
        first = self.from_code(z).unflatten(1, (self.hidden, self.low, self.low))
        frames = unrolled(self.writer, first, first, self.steps)
        crops = self.up(frames.flatten(0, 1)).unflatten(0, (len(z), self.steps))
        if self.path_writer is None:
            return crops, z.new_zeros((len(z), self.steps, 0))
        return crops, self.path_writer(z[:, self.appearance :]).unflatten(1, (self.steps, self.path))

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
        crops, steps = self.decode(z)
        return EncodedSequence(crops, steps, mean, log_var, z)

    def _path(self, x: Tensor, path: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        seen = x.new_ones((*x.shape[:2], 1)) if mask is None else mask[..., None].to(x.dtype)
        return (x.new_zeros((*x.shape[:2], self.path)) if path is None else path * seen), seen


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
