"""The sequence autoencoder as one would first write it: a loop over frames, three convolutions a gate step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_cellstate.nets.sequence_vae import EncodedSequence, SequenceVAE, levels_of


class PlainCell(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.reset = nn.Conv2d(channels + hidden, hidden, 3, padding=1)
        self.keep = nn.Conv2d(channels + hidden, hidden, 3, padding=1)
        self.candidate = nn.Conv2d(channels + hidden, hidden, 3, padding=1)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        both = torch.cat([x, h], dim=1)
        reset, keep = torch.sigmoid(self.reset(both)), torch.sigmoid(self.keep(both))
        candidate = torch.tanh(self.candidate(torch.cat([x, reset * h], dim=1)))
        return keep * h + (1 - keep) * candidate


class PlainSequenceVAE(nn.Module):
    """Same weights, same numbers, frame by frame."""

    def __init__(self, like: SequenceVAE) -> None:
        super().__init__()
        self.like, self.steps = like, like.steps
        wide = like.hidden
        self.reader, self.writer = PlainCell(wide, wide), PlainCell(wide, wide)
        for mine, theirs in ((self.reader, like.reader.cells[0]), (self.writer, like.writer)):
            reset, keep = theirs.gates.weight.detach().chunk(2)
            for part, weight, bias in (
                (mine.reset, reset, theirs.gates.bias.detach().chunk(2)[0]),
                (mine.keep, keep, theirs.gates.bias.detach().chunk(2)[1]),
                (mine.candidate, theirs.candidate.weight.detach(), theirs.candidate.bias.detach()),
            ):
                part.weight.data.copy_(weight)
                part.bias.data.copy_(bias)
        like.reader, like.writer = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor, path: Tensor) -> EncodedSequence:
        like, h = self.like, None
        for t in range(self.steps):
            maps = like.down(x[:, t])
            h = self.reader(maps, torch.zeros_like(maps) if h is None else h)
        seen = torch.ones_like(path[..., :1])
        codes = [
            like.to_code(h).chunk(2, 1),
            like.levels_reader(torch.cat([levels_of(x), seen], 2).flatten(1)).chunk(2, 1),
            like.path_reader(torch.cat([path, seen], 2).flatten(1)).chunk(2, 1),
        ]
        mean, log_var = (torch.cat(parts, 1) for parts in zip(*codes, strict=True))
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean)
        first = like.from_code(z).unflatten(1, (like.hidden, like.low, like.low))
        h, frames = first, []
        for _ in range(self.steps):
            h = self.writer(first, h)
            frames.append(like.up(h))
        few = like.appearance + like.levels
        levels = like.levels_writer(z[:, like.appearance : few]).unflatten(1, (self.steps, -1))
        steps = like.path_writer(z[:, few:]).unflatten(1, (self.steps, -1))
        return EncodedSequence(torch.stack(frames, 1), levels, steps, mean, log_var, z)
