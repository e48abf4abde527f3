"""Interpolation consistency training: learn from images without labels.

Verma et al. 2019, arXiv 1903.03825: the prediction for a blend of two unlabelled images should be the blend of the
predictions that a teacher makes for them. The teacher is a moving average of the student, or the student itself.
"""

from __future__ import annotations

import copy
import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.mixup import Pairing

ConsistencyLoss = Literal["mse", "ce"]
Labeler = Literal["ema", "self"]


def consistency_weight(step: float, ramp: float, most: float = 100.0) -> float:
    """Weight of the unlabelled loss: most * exp(-5 (1 - t / T)^2) until T, then most.

    Parameters
    ----------
    step : t, steps done.
    ramp : T, steps; a quarter of all of them as published.
    most : at and after T. With 100: w(0) = 0.67379, w(T / 2) = 28.650, w(T) = 100.
    """
    if step >= ramp:
        return most
    return most * math.exp(-5 * (1 - max(step, 0) / ramp) ** 2)


def ema_decay(step: int, most: float = 0.999) -> float:
    """How much of the teacher stays at a step: min(1 - 1 / (step + 1), most), so that the start is forgotten."""
    return min(1 - 1 / (step + 1), most)


class Teacher(nn.Module):
    """Labels for unlabelled images, by the moving average of a student or by the student itself.

    Parameters
    ----------
    student : the net that is trained.
    labeler : "ema" or "self".
    decay : most that stays of the average at each step.
    """

    average: nn.Module

    def __init__(self, student: nn.Module, labeler: Labeler = "ema", decay: float = 0.999) -> None:
        super().__init__()
        if labeler not in ("ema", "self"):
            raise InputError(f"labeler {labeler!r}: expected ema or self")
        self.labeler, self.decay = labeler, decay
        if labeler == "ema":
            self.average = copy.deepcopy(student).requires_grad_(requires_grad=False)

    @torch.no_grad()
    def follow(self, student: nn.Module, step: int) -> None:
        """Move the average towards the student; after step 0 they are equal, step 1 takes half of each.

        Buffers, such as running statistics, are the average's own: it sees the same images.
        """
        if self.labeler == "self":
            return
        keep = ema_decay(step, self.decay)
        for mine, theirs in zip(self.average.parameters(), student.parameters(), strict=True):
            mine.mul_(keep).add_(theirs, alpha=1 - keep)

    @torch.no_grad()
    def scores(self, student: nn.Module, images: Tensor) -> Tensor:
        """Scores (B, C, ...) without gradient, in training mode as published."""
        net = student if self.labeler == "self" else self.average
        net.train()
        out: Tensor = net(images)
        return out


def consistency_loss(
    student: nn.Module,
    teacher: Teacher,
    images: Tensor,
    pairing: Pairing,
    *,
    loss: ConsistencyLoss = "mse",
    softmax: bool = True,
) -> Tensor:
    """Difference between the student on blended images and the blend of the teacher's predictions.

    Parameters
    ----------
    images : (B, ...), unlabelled.
    pairing : of `draw_pairing`.
    loss : "mse": squared differences of probabilities, mean over classes, pixels and batch; "ce": cross-entropy
        against the blended probabilities, whose least value is their entropy, not 0.
    softmax : False compares raw outputs (mse only); 0 for an affine net.

    Raises
    ------
    InputError
        Unknown loss, or cross-entropy of raw outputs.
    """
    if loss not in ("mse", "ce") or (loss == "ce" and not softmax):
        raise InputError(f"consistency loss {loss!r}, softmax {softmax}: expected mse, or ce with softmax")
    target = teacher.scores(student, images)
    target = pairing.mix(torch.softmax(target.float(), 1) if softmax else target)
    scores = student(pairing.mix(images))
    if loss == "ce":
        return -(target * F.log_softmax(scores.float(), 1)).sum(1).mean()
    return F.mse_loss(torch.softmax(scores.float(), 1) if softmax else scores, target)
