"""mixup: train on blends of two examples and of their labels.

Zhang et al. 2018, arXiv 1710.09412. The loss of the blended label is the blend of the losses, exactly, since the
cross-entropy is linear in the label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from napari_cellstate.core.errors import InputError

Each = Literal["batch", "sample"]


@dataclass(frozen=True, eq=False)
class Pairing:
    """Who is blended with whom, and how much of each.

    Attributes
    ----------
    share : (B,), of the first of each pair; the second has the rest.
    partner : (B,), index of the second.
    """

    share: Tensor
    partner: Tensor

    def mix(self, values: Tensor) -> Tensor:
        """Blend (B, ...) values: images, soft labels, predictions."""
        share = self.share.to(values.dtype).view(-1, *(1,) * (values.dim() - 1))
        return share * values + (1 - share) * values[self.partner]

    def known(self, known: Tensor) -> Tensor:
        """Places (B, ...) that are known in both of a pair, 0 or 1: an ignored pixel is ignored in every blend."""
        return known * known[self.partner]


def draw_pairing(
    count: int,
    alpha: float = 1.0,
    *,
    generator: torch.Generator,
    each: Each = "batch",
    device: torch.device | None = None,
) -> Pairing:
    """Draw shares from Beta(alpha, alpha) and partners from a random permutation.

    Parameters
    ----------
    count : examples in the batch.
    alpha : 0 blends nothing (every share is 1).
    generator : on the processor; the draw is the same whatever device the batch is on.
    each : one share for the whole "batch", as published, or one for each "sample".

    Raises
    ------
    InputError
        A negative alpha.
    """
    if not alpha >= 0:
        raise InputError(f"mixup: alpha {alpha}: expected 0 or more")
    partner = torch.randperm(count, generator=generator)
    # torch draws no Beta from a generator of its own, numpy does.
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    shares = rng.beta(alpha, alpha, 1 if each == "batch" else count) if alpha > 0 else np.ones(1)
    share = torch.from_numpy(shares).float().expand(count)
    return Pairing(share.to(device), partner.to(device))
