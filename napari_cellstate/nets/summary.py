"""What a net is made of, and how much memory a pass takes.

Hooks watch one pass, so that nested, reused, branching and functional nets are told as they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One call of one module.

    Attributes
    ----------
    name : where it stands in the net, such as ``down.0.layers.1.conv``; empty for the net itself.
    type : its class.
    depth : 0 for the net itself.
    leaf : whether it holds no other module.
    input, output : shapes of the first tensor that goes in and comes out.
    parameters : own ones that no row above has counted.
    """

    name: str
    type: str
    depth: int
    leaf: bool
    input: Shape
    output: Shape
    parameters: int


@dataclass(frozen=True)
class Summary:
    """Rows in the order in which modules are called, each parent before what it holds, and totals.

    Attributes
    ----------
    rows : a module called twice stands twice; its parameters are counted the first time. Modules whose parameters are
        used without a call of their own, or not at all, come last and have no shapes.
    parameters, trainable : each parameter once, however often it is shared or used, and also if never used.
    input_numbers : values of the input.
    output_numbers : values that leaves give out in one pass.
    last_parameters : of the leaf called last.
    """

    rows: tuple[Row, ...]
    parameters: int
    trainable: int
    input_numbers: int
    output_numbers: int
    last_parameters: int

    def sizes(self, bits: int = 32) -> dict[str, int]:
        """Memory in bits of a net whose every number takes `bits`.

        Returns
        -------
        dict with ``input``, ``parameters``, ``forward`` and ``backward`` (each the outputs of all leaves), their
        ``total``, and ``published``: the total as pytorch_modelsize prints it, which counts the parameters of the
        last layer only.
        """
        each = {"input": self.input_numbers, "parameters": self.parameters, "forward": self.output_numbers}
        numbers = each | {"backward": self.output_numbers}
        total = sum(numbers.values())
        numbers |= {"total": total, "published": total - self.parameters + self.last_parameters}
        return {name: count * bits for name, count in numbers.items()}


def summarise(net: nn.Module, input_size: Sequence[int] = (1, 1, 256, 256)) -> Summary:
    """Run a net once on zeros and tell what it did.

    Parameters
    ----------
    net : any torch module that takes one tensor; its training mode, gradients, buffers and the state of the random
        generators are what they were.
    input_size : such as (1, 1, 256, 256).

    Raises
    ------
    ValueError
        The net does not take an input of this size; the message is torch's.
    """
    rows: list[Row] = []
    counted: set[int] = set()
    trainable = sum(p.numel() for p in net.parameters() if p.requires_grad)
    with _as_it_was(net), _watched(net, rows, counted) as device_and_type:
        x = torch.zeros(tuple(input_size), **device_and_type)
        try:
            net(x)
        except (RuntimeError, TypeError, IndexError) as error:
            raise ValueError(f"the net does not take an input of size {tuple(input_size)}: {error}") from error
    leaves = [row for row in rows if row.leaf]
    last = net.get_submodule(leaves[-1].name) if leaves else net
    return Summary(
        rows=(*rows, *_not_called(net, counted)),
        parameters=sum(p.numel() for p in net.parameters()),
        trainable=trainable,
        input_numbers=x.numel(),
        output_numbers=sum(_product(row.output) for row in leaves),
        last_parameters=sum(p.numel() for p in last.parameters()),
    )


@contextmanager
def _as_it_was(net: nn.Module) -> Iterator[None]:
    """Evaluate; afterwards every module has its mode, every buffer its values, every generator its state."""
    modes = {module: module.training for module in net.modules()}
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    wants = {parameter: parameter.requires_grad for parameter in net.parameters()}
    # Not under `no_grad`: a net may skip its own modules, which we watch, where it knows that no gradient is wanted.
    try:
        with torch.random.fork_rng(), torch.enable_grad():
            net.eval().requires_grad_(requires_grad=False)
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for parameter, wanted in wants.items():
            parameter.requires_grad_(wanted)
        with torch.no_grad():
            for name, buffer in net.named_buffers():
                buffer.copy_(buffers[name])


@contextmanager
def _watched(net: nn.Module, rows: list[Row], counted: set[int]) -> Iterator[dict[str, Any]]:
    """Fill `rows` while the net runs; gives the device and type that its input should have."""
    names = {module: name for name, module in net.named_modules()}
    places: dict[nn.Module, list[int]] = {module: [] for module in names}
    first: list[Row | None] = []

    def before(module: nn.Module, given: tuple[Any, ...]) -> None:
        places[module].append(len(first))
        first.append(None)

    def after(module: nn.Module, given: tuple[Any, ...], made: object) -> None:
        first[places[module].pop()] = _row(module, names[module], counted, _shape(given), _shape(made))

    handles = [module.register_forward_pre_hook(before) for module in names]
    handles += [module.register_forward_hook(after) for module in names]
    like = next(net.parameters(), torch.zeros(1))
    try:
        yield {"device": like.device, "dtype": like.dtype}
    finally:
        for handle in handles:
            handle.remove()
        rows.extend(row for row in first if row is not None)


def _row(module: nn.Module, name: str, counted: set[int], given: Shape, made: Shape) -> Row:
    """The row of a module; its own parameters are counted from now on."""
    own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
    counted.update(id(p) for p in own)
    depth, leaf = name.count(".") + 1 if name else 0, next(module.children(), None) is None
    return Row(name, type(module).__name__, depth, leaf, given, made, sum(p.numel() for p in own))


def _not_called(net: nn.Module, counted: set[int]) -> list[Row]:
    """Modules that hold parameters which no call has counted."""
    rows = [_row(module, name, counted, (), ()) for name, module in net.named_modules()]
    return [row for row in rows if row.parameters]


def _shape(value: object) -> Shape:
    """Shape of the first tensor in what a module takes or gives."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        value = list(value.values())
    elif hasattr(value, "__dataclass_fields__"):
        value = list(vars(value).values())
    if isinstance(value, (tuple, list)):
        return next((shape for shape in map(_shape, value) if shape), ())
    return ()


def _product(shape: Shape) -> int:
    out = 1 if shape else 0
    for count in shape:
        out *= count
    return out
