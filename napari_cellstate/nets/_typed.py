"""The parts of a module list with their own type, which torch forgets."""

from __future__ import annotations

from typing import TypeVar, cast

from torch import nn

M = TypeVar("M", bound=nn.Module)


def each(modules: nn.ModuleList, kind: type[M]) -> list[M]:
    """The modules of a list, all of which are of one kind."""
    assert all(isinstance(module, kind) for module in modules)
    return cast("list[M]", list(modules))
