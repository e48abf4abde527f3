"""What a batch of each kind is trained for; the loop knows only this face."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from napari_cellstate.learn.ict import ConsistencyLoss, Labeler, Teacher, consistency_loss, consistency_weight
from napari_cellstate.learn.mixup import Each, draw_pairing
from napari_cellstate.nets.elbo import Elbo
from napari_cellstate.nets.losses import Loss, one_hot, soft_cross_entropy, soft_dice

Batch = dict[str, Tensor]


class Objective(nn.Module):
    """Base: the loss of a batch. What must survive a kill is a module or a buffer of it."""

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """Loss of a batch; `generator`, on the processor, is the only source of chance beside torch's own."""
        raise NotImplementedError

    def after(self, net: nn.Module, step: int) -> None:
        """Do what follows an optimiser's step; `step` counts from 0."""


@dataclass(frozen=True)
class PixelSettings:
    """How labels of pixels are learnt.

    Attributes
    ----------
    classes : of the labels; -1 among them is ignored.
    mixup : alpha of the Beta; 0 for none.
    mixup_each : one share for a "batch" or for each "sample".
    dice : weight of the soft Dice loss beside cross-entropy.
    class_weights : of cross-entropy; empty for equal ones.
    consistency : "mse", "ce"; the weight `most_consistency` 0 turns it off.
    labeler : "ema" or "self".
    consistency_mixup : alpha for unlabelled images.
    ramp : steps until the consistency has its whole weight.
    """

    classes: int
    mixup: float = 0.0
    mixup_each: Each = "batch"
    dice: float = 0.0
    class_weights: tuple[float, ...] = ()
    consistency: ConsistencyLoss = "mse"
    most_consistency: float = 0.0
    labeler: Labeler = "ema"
    consistency_mixup: float = 1.0
    ramp: int = 1000


class Pixels(Objective):
    """Labels of pixels, with mixup, and consistency on images without labels.

    A batch holds ``image`` (B, C, Y, X), ``labels`` (B, Y, X) int64 and, if consistency is on, ``unlabelled``
    (B', C, Y, X).
    """

    def __init__(self, settings: PixelSettings, net: nn.Module) -> None:
        super().__init__()
        self.settings = settings
        self.teacher = Teacher(net, settings.labeler) if settings.most_consistency else None
        self.register_buffer("class_weights", torch.tensor(settings.class_weights or (1.0,) * settings.classes))

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """Cross-entropy + dice * Dice + w(step) * consistency."""
        chosen, image = self.settings, batch["image"]
        soft, known = one_hot(batch["labels"], chosen.classes)
        if chosen.mixup:
            pairing = draw_pairing(
                len(image), chosen.mixup, generator=generator, each=chosen.mixup_each, device=image.device
            )
            image, soft, known = pairing.mix(image), pairing.mix(soft), pairing.known(known)
        scores = net(image)
        weights = self.get_buffer("class_weights") if chosen.class_weights else None
        total = soft_cross_entropy(scores, soft, known, weights)
        parts = {"cross_entropy": total.detach()}
        if chosen.dice:
            dice = soft_dice(scores, soft, known)
            total, parts["dice"] = total + chosen.dice * dice, dice.detach()
        if self.teacher is not None:
            consistency = self._consistency(net, self.teacher, batch["unlabelled"], generator)
            weight = consistency_weight(step, chosen.ramp, chosen.most_consistency)
            total, parts["consistency"] = total + weight * consistency, consistency.detach()
        return Loss(total, parts)

    def _consistency(self, net: nn.Module, teacher: Teacher, images: Tensor, generator: torch.Generator) -> Tensor:
        pairing = draw_pairing(len(images), self.settings.consistency_mixup, generator=generator, device=images.device)
        return consistency_loss(net, teacher, images, pairing, loss=self.settings.consistency)

    def after(self, net: nn.Module, step: int) -> None:
        """Let the teacher follow."""
        if self.teacher is not None:
            self.teacher.follow(net, step)


class Autoencoding(Objective):
    """A VAE on batches that hold ``x``."""

    def __init__(self, elbo: Elbo) -> None:
        super().__init__()
        self.elbo = elbo

    def loss(self, net: nn.Module, batch: Batch, step: int, generator: torch.Generator) -> Loss:
        """The objective of `elbo`."""
        return self.elbo(net(batch["x"]), batch["x"], step)
