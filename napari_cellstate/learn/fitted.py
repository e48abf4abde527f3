"""A net that is trained once and found again: the folder holds a checkpoint while it learns, then the net."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from napari_cellstate.core.atomic import write_text
from napari_cellstate.core.errors import InputError
from napari_cellstate.core.progress import Progress, silent
from napari_cellstate.learn.checkpoint import FILE, read_history
from napari_cellstate.learn.loop import Check, Draw, Training, train
from napari_cellstate.learn.objectives import Objective
from napari_cellstate.learn.weights import CONFIG, load_model, save_model
from napari_cellstate.learn.zoo import build

HISTORY = "history.csv"
Records = Sequence[Mapping[str, float | None]]


@dataclass(frozen=True)
class Plan:
    """Everything that decides what a net learns.

    Attributes
    ----------
    net, settings : as `napari_cellstate.learn.zoo.build` takes them.
    objective : gives the loss of a net.
    draw, check : batches, and what the best weights are chosen by.
    training : how.
    card : plain JSON values that whoever uses the net needs.
    """

    net: str
    settings: Mapping[str, Any]
    objective: Callable[[nn.Module], Objective]
    draw: Draw
    check: Check
    training: Training
    card: Mapping[str, Any]


def fitted(
    plan: Plan, folder: Path | None, device: torch.device, progress: Progress = silent
) -> tuple[nn.Module, Records]:
    """The net of a plan, in evaluation mode on the device, and its history.

    Parameters
    ----------
    folder : named by everything that the plan depends on. A net that lies there is read; a checkpoint that lies there
        is gone on with; None keeps nothing.
    """
    if folder is not None and (folder / CONFIG).is_file():
        net, _ = load_model(folder)
        (folder / FILE).unlink(missing_ok=True)  # left where the training was killed at its very end
        return net.to(device), read_losses(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.training.seed)
        net = build(plan.net, plan.settings)
    result = train(
        net, plan.objective(net), plan.draw, plan.training,
        check=plan.check, folder=folder, device=device, progress=progress,
    )  # fmt: skip
    if folder is not None:
        write_text(folder / HISTORY, _csv(result.records))
        save_model(folder, net, net=plan.net, settings=plan.settings, card=plan.card)
        (folder / FILE).unlink(missing_ok=True)
    return net, result.records


def read_losses(folder: Path) -> Records:
    """History of a net that has been trained, or is in training, in a folder; empty where there is none."""
    path = folder / HISTORY
    if not path.is_file():
        return read_history(folder)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    try:
        return [{name: float(value) if value else None for name, value in row.items()} for row in rows]
    except ValueError as error:
        raise InputError(f"{path}: not a history of a training ({error}); remove the folder to train anew") from error


def _csv(records: Records) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]) if records else ["step"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else repr(value) for name, value in row.items()} for row in records)
    return out.getvalue()
