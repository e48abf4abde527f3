"""Convolutional gated recurrent units: memory of a sequence of images.

Ballas et al. 2016, arXiv 1511.06432:

    z = sigmoid(W_z [x, h]),  r = sigmoid(W_r [x, h]),  c = tanh(W_c [x, r h]),  h' = z h + (1 - z) c

Other code writes h' = (1 - u) h + u c; `from_update_gate` converts its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.nets._typed import each


class ConvGRUCell(nn.Module):
    """One step of one layer; kernels are odd, so that the image keeps its size.

    Notes
    -----
    The two gates are one convolution (`gates`, reset before keep), the candidate another. Weights start orthogonal,
    each gate by itself, biases at 0: without input and memory the output is exactly 0.
    """

    def __init__(self, channels: int, hidden: int, kernel: int = 3) -> None:
        super().__init__()
        if channels < 1 or hidden < 1 or kernel < 1 or kernel % 2 == 0:
            raise ValueError(
                f"channels {channels}, hidden {hidden}: at least 1 each; kernel {kernel}: odd and positive"
            )
        self.channels, self.hidden, self._pad = channels, hidden, kernel // 2
        self.gates = nn.Conv2d(channels + hidden, 2 * hidden, kernel, padding=kernel // 2)
        self.candidate = nn.Conv2d(channels + hidden, hidden, kernel, padding=kernel // 2)
        for part in (*self.gates.weight.data.chunk(2), self.candidate.weight.data):
            nn.init.orthogonal_(part)
        for convolution in (self.gates, self.candidate):
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """(B, channels, Y, X) and the state (B, hidden, Y, X) to the next state."""
        reset, keep = torch.sigmoid(self.gates(torch.cat((x, h), 1))).chunk(2, 1)
        candidate = torch.tanh(self.candidate(torch.cat((x, reset * h), 1)))
        out: Tensor = candidate + keep * (h - candidate)
        return out

    def told(self, x: Tensor) -> Tensor:
        """What an input alone adds to reset gate, keep gate and candidate, (B, 3 * hidden, Y, X)."""
        weight = torch.cat((self.gates.weight[:, : self.channels], self.candidate.weight[:, : self.channels]))
        bias = torch.cat((self.gates.bias, self.candidate.bias))  # type: ignore[arg-type]  # they have one
        return F.conv2d(x, weight, bias, padding=self._pad)

    def step(self, told: Tensor, h: Tensor) -> Tensor:
        """The next state where `told` is of the input: as `forward`, without looking at the input again."""
        gates, candidate = told[:, : 2 * self.hidden], told[:, 2 * self.hidden :]
        reset, keep = torch.sigmoid(
            gates + F.conv2d(h, self.gates.weight[:, self.channels :], padding=self._pad)
        ).chunk(2, 1)
        new = torch.tanh(candidate + F.conv2d(reset * h, self.candidate.weight[:, self.channels :], padding=self._pad))
        out: Tensor = new + keep * (h - new)
        return out


class ConvGRU(nn.Module):
    """A stack of ConvGRU layers over sequences.

    Parameters
    ----------
    channels : of the input.
    hidden : maps of each layer, first layer first.
    kernels : odd size of each layer's kernels, px, or one for all.
    bidirectional : a second stack of the same sizes reads each layer's input backwards; a layer gives both, forward
        maps first.

    Raises
    ------
    ValueError
        Even kernels, counts below 1, or as many kernels as layers are not given.
    """

    def __init__(
        self,
        channels: int,
        hidden: int | Sequence[int] = 32,
        kernels: int | Sequence[int] = 3,
        *,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        widths = [hidden] if isinstance(hidden, int) else list(hidden)
        sizes = [kernels] * len(widths) if isinstance(kernels, int) else list(kernels)
        if not widths or len(sizes) != len(widths):
            raise ValueError(f"{len(widths)} layers but {len(sizes)} kernels: give one kernel, or one for each layer")
        self.bidirectional = bidirectional
        ways = 2 if bidirectional else 1
        inputs = [channels, *(ways * width for width in widths[:-1])]
        self.cells = _cells(inputs, widths, sizes)
        self.backward_cells = _cells(inputs, widths, sizes) if bidirectional else nn.ModuleList()

    def forward(
        self, x: Tensor, states: Sequence[Tensor] | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Run over whole sequences.

        Parameters
        ----------
        x : (B, T, channels, Y, X), T at least 1; or one step, (B, channels, Y, X).
        states : one for each layer, (B, hidden, Y, X), then those of the backward layers; zeros where not given.
        mask : (B, T) bool; a step that is False leaves the state as it was, whatever the image holds.

        Returns
        -------
        (B, T, hidden of the last layer, Y, X), twice as many maps if bidirectional, and the last state of each layer
        (backward layers after all others; theirs is the state at the first step).
        """
        if x.dim() == 4:
            x = x[:, None]
        if x.dim() != 5 or x.shape[1] < 1:
            raise ValueError(f"input of shape {tuple(x.shape)}: expected (batch, time, channels, height, width)")
        forward, backward = each(self.cells, ConvGRUCell), each(self.backward_cells, ConvGRUCell)
        cells = [*forward, *backward]
        if states is not None and len(states) != len(cells):
            raise ValueError(f"{len(states)} states for {len(cells)} layers")
        starts = [_start(x, cell) for cell in cells] if states is None else list(states)
        last: list[Tensor] = []
        last_backward: list[Tensor] = []
        for n, cell in enumerate(forward):
            sequence, state = _run(cell, x, starts[n], mask)
            last.append(state)
            if backward:
                back, state = _run(backward[n], x, starts[len(forward) + n], mask, reverse=True)
                last_backward.append(state)
                sequence = torch.cat((sequence, back), 2)
            x = sequence
        return x, last + last_backward


def unrolled(cell: ConvGRUCell, x: Tensor, h: Tensor, steps: int) -> Tensor:
    """States of a cell whose input is the same at every step, (B, steps, hidden, Y, X); it is looked at once.

    Parameters
    ----------
    x, h : (B, channels, Y, X), the input, and (B, hidden, Y, X), the first state.
    """
    told, states = cell.told(x), []
    for _ in range(steps):
        h = cell.step(told, h)
        states.append(h)
    return torch.stack(states, 1)


def _cells(inputs: Sequence[int], widths: Sequence[int], kernels: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(ConvGRUCell(*sizes) for sizes in zip(inputs, widths, kernels, strict=True))


def _start(x: Tensor, cell: ConvGRUCell) -> Tensor:
    return x.new_zeros((x.shape[0], cell.hidden, *x.shape[-2:]))


def _run(
    cell: ConvGRUCell, x: Tensor, h: Tensor, mask: Tensor | None, *, reverse: bool = False
) -> tuple[Tensor, Tensor]:
    steps = range(x.shape[1])
    states: list[Tensor] = []
    for t in reversed(steps) if reverse else steps:
        new = cell(x[:, t], h)
        h = new if mask is None else torch.where(mask[:, t, None, None, None], new, h)
        states.append(h)
    return torch.stack(states[::-1] if reverse else states, 1), h


def from_update_gate(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a stack that updates by h' = (1 - u) h + u c, as weights of a `ConvGRU`.

    Parameters
    ----------
    state : for each layer, in order, under any prefix: ``reset_gate``, ``update_gate`` and ``out_gate``, each with
        ``.weight`` and ``.bias`` (the names of pytorch_convgru).

    Notes
    -----
    1 - sigmoid(a) = sigmoid(-a): the keep gate is the update gate with weights and bias negated.
    """
    prefixes = list(dict.fromkeys(name.rsplit("reset_gate.", 1)[0] for name in state if "reset_gate." in name))
    if not prefixes:
        raise ValueError(f"no reset_gate among {', '.join(state) or 'no names'}")
    out: dict[str, Tensor] = {}
    for n, prefix in enumerate(prefixes):
        for part in ("weight", "bias"):
            reset, update = state[f"{prefix}reset_gate.{part}"], state[f"{prefix}update_gate.{part}"]
            out[f"cells.{n}.gates.{part}"] = torch.cat((reset, -update))
            out[f"cells.{n}.candidate.{part}"] = state[f"{prefix}out_gate.{part}"].clone()
    return out
