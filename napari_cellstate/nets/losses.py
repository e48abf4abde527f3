"""Losses: one typed result that names every part, and what nets for pixels are trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Loss:
    """What a step minimises, and what it is made of.

    Attributes
    ----------
    total : scalar with gradient.
    parts : named scalars without gradient, for the history.
    """

    total: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)


def one_hot(labels: Tensor, classes: int, ignore: int = -1) -> tuple[Tensor, Tensor]:
    """Hard labels as soft ones.

    Parameters
    ----------
    labels : (B, ...) int64, from 0 to classes - 1, or `ignore`.

    Returns
    -------
    (B, classes, ...) float32, 0 everywhere where ignored, and (B, ...) float32, 1 where a label is known.
    """
    known = labels != ignore
    soft = F.one_hot(torch.where(known, labels, 0), classes).movedim(-1, 1).float()
    return soft * known[:, None], known.float()


def soft_cross_entropy(
    scores: Tensor, soft: Tensor, known: Tensor | None = None, class_weights: Tensor | None = None
) -> Tensor:
    """Mean cross-entropy of scores against soft labels, over the known places.

    Parameters
    ----------
    scores : (B, C, ...), before softmax.
    soft : (B, C, ...), sums to 1 over C where known.
    known : (B, ...), weight of each place, 0 where it is ignored.
    class_weights : (C,); the mean is then weighted by them, as torch's cross-entropy does it.

    Returns
    -------
    scalar; 0 if nothing is known.
    """
    weights = soft if class_weights is None else soft * class_weights.view(1, -1, *(1,) * (soft.dim() - 2))
    if known is not None:
        weights = weights * known[:, None]
    total = -(weights * F.log_softmax(scores.float(), 1)).sum()
    return total / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)


def soft_dice(scores: Tensor, soft: Tensor, known: Tensor | None = None, smooth: float = 1.0) -> Tensor:
    """One minus the Dice overlap of softmax and soft labels, squared denominators, mean over foreground classes.

    Milletari et al. 2016, arXiv 1606.04797. Class 0 is background and left out if there are others.
    """
    share = torch.softmax(scores.float(), 1)
    if known is not None:
        share, soft = share * known[:, None], soft * known[:, None]
    if share.shape[1] > 1:
        share, soft = share[:, 1:], soft[:, 1:]
    over = (0, *range(2, share.dim()))
    overlap = 2 * (share * soft).sum(over) + smooth
    return 1 - (overlap / (share.square().sum(over) + soft.square().sum(over) + smooth)).mean()


def focal(scores: Tensor, soft: Tensor, known: Tensor | None = None, gamma: float = 2.0) -> Tensor:
    """Cross-entropy with each place weighted by (1 - p)^gamma; gamma = 0 is cross-entropy. Lin et al. 2017."""
    logs = F.log_softmax(scores.float(), 1)
    each = -(soft * (1 - logs.exp()) ** gamma * logs).sum(1)
    weights = torch.ones_like(each) if known is None else known
    return (each * weights).sum() / weights.sum().clamp_min(torch.finfo(torch.float32).tiny)
