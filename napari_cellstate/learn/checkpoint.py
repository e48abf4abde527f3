"""The state of a training in one file, so that a killed one goes on as if nothing had been."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.weights import read_tensors, write_tensors

FILE = "checkpoint.safetensors"


@dataclass
class Counts:
    """Numbers of a training in progress.

    Attributes
    ----------
    step : steps done.
    history : one record for each recorded step.
    best : least value of the check so far, none before the first.
    waited : checks since then.
    pieces : parts that each batch is cut into for want of memory.
    seconds : spent so far.
    """

    step: int = 0
    history: list[dict[str, float | None]] = field(default_factory=list)
    best: float | None = None
    waited: int = 0
    pieces: int = 1
    seconds: float = 0.0


Modules = Mapping[str, nn.Module]


def write_checkpoint(
    folder: Path,
    settings: str,
    counts: Counts,
    modules: Modules,
    optimiser: torch.optim.Optimizer,
    best: Mapping[str, Tensor],
) -> None:
    """Write everything that the next step depends on; `settings` is their digest."""
    tensors = {f"best/{name}": value for name, value in best.items()}
    for part, module in modules.items():
        tensors |= {f"{part}/{name}": value for name, value in module.state_dict().items()}
    for nth, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{nth}/{name}": torch.as_tensor(v) for name, v in state.items() if v is not None}
    about = {"settings": settings, "counts": json.dumps(asdict(counts))}
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / FILE, tensors, about)


def read_checkpoint(
    folder: Path, settings: str, modules: Modules, optimiser: torch.optim.Optimizer
) -> tuple[Counts, dict[str, Tensor]] | None:
    """Put a training where it was; counts and best weights, or None where there is no checkpoint.

    Raises
    ------
    InputError
        A damaged checkpoint, or one of another net or other settings.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    tensors, about = read_tensors(path), _about(path)
    if about.get("settings") != settings:
        raise InputError(f"{path}: of a training with other settings; remove it to begin anew, or use its settings")
    try:
        for part, module in modules.items():
            module.load_state_dict(_under(tensors, part))
        _fill_optimiser(optimiser, _under(tensors, "optimiser"))
        counts = Counts(**json.loads(about["counts"]))
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: does not fit this net ({error}); remove it to begin anew") from error
    return counts, _under(tensors, "best")


def read_history(folder: Path) -> list[dict[str, float | None]]:
    """What a training in progress has recorded up to its last checkpoint; empty where there is none."""
    path = folder / FILE
    if not path.is_file():
        return []
    history: list[dict[str, float | None]] = json.loads(_about(path)["counts"])["history"]
    return history


def _about(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def _under(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}/"): value for name, value in tensors.items() if name.startswith(f"{part}/")}


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        nth, _, key = name.partition("/")
        state.setdefault(int(nth), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
