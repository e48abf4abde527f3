"""The sequence autoencoder as one would first write it: a loop over frames, three convolutions a gate step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_cellstate.nets.sequence_vae import SequenceVAE


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
        self.like, self.steps, self.appearance = like, like.steps, like.appearance
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

    def forward(self, x: Tensor, path: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        like, h = self.like, None
        for t in range(self.steps):
            maps = like.down(x[:, t])
            h = self.reader(maps, torch.zeros_like(maps) if h is None else h)
        mean, log_var = like.to_code(h).chunk(2, 1)
        seen = torch.ones_like(path[..., :1])
        motion, motion_log_var = like.path_reader(torch.cat([path, seen], 2).flatten(1)).chunk(2, 1)
        mean, log_var = torch.cat([mean, motion], 1), torch.cat([log_var, motion_log_var], 1)
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean)
        first = like.from_code(z).unflatten(1, (like.hidden, like.low, like.low))
        h, frames = first, []
        for _ in range(self.steps):
            h = self.writer(first, h)
            frames.append(like.up(h))
        steps = like.path_writer(z[:, self.appearance :]).unflatten(1, (self.steps, like.path))
        return torch.stack(frames, 1), steps, mean, log_var
