"""What autoencoders of crops are trained with: only pixels that count are rebuilt.

A crop's channels are grey levels, shares of bands and the mask itself. Grey levels and shares count inside the mask, so
that the outline is told by the mask alone and not, again and again, by every channel's border.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellstate.nets.elbo import Elbo, capacity, kl_to_standard_normal
from napari_cellstate.nets.losses import Loss

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CropElbo:
    """An objective of autoencoders of crops, with the parts image, outline, path, kl and, if annealed, capacity.

    Attributes
    ----------
    elbo : objective and weights; the likelihood is Gaussian, its `sd` that of grey levels and shares.
    outline : weight of the mask's error.
    path_sd : standard deviation of the path's likelihood.
    """

    elbo: Elbo
    outline: float = 0.5
    path_sd: float = 0.3

    def errors(self, output: Tensor, crops: Tensor, path: Tensor | None, target: Tensor | None) -> dict[str, Tensor]:
        """Negative log likelihood of each window without its constant, (B,) each, nats.

        Parameters
        ----------
        output, crops : (B, ..., C, Y, X); the last channel is the mask.
        path, target : (B, T, P), or None.
        """
        mask = crops[..., -1:, :, :]
        off = (output - crops).square() / 2
        pixels = (off[..., :-1, :, :] * mask).flatten(1).sum(1) / self.elbo.sd**2
        parts = {"image": pixels, "outline": self.outline * off[..., -1:, :, :].flatten(1).sum(1)}
        if path is not None and target is not None:
            parts["path"] = ((path - target).square() / 2).flatten(1).sum(1) / self.path_sd**2
        return parts

    def loss(self, errors: dict[str, Tensor], mean: Tensor, log_var: Tensor, step: int, motion: int = 0) -> Loss:
        """What a step minimises; the capacity is of the appearance, motion (the last dimensions) has KL at weight 1."""
        each = kl_to_standard_normal(mean, log_var)
        split = each.shape[1] - motion
        appearance, moved = each[:, :split].sum(1).mean(), each[:, split:].sum(1).mean()
        parts = {name: one.mean() for name, one in errors.items()}
        total = sum(parts.values(), moved)
        said = {name: one.detach() for name, one in parts.items()} | {"kl": (appearance + moved).detach()}
        chosen = self.elbo
        if chosen.objective == "annealed":
            allowed = capacity(step, chosen.most_capacity, chosen.capacity_steps)
            said["capacity"] = appearance.new_tensor(allowed)
            return Loss(total + chosen.gamma * (appearance - allowed).abs(), said)
        return Loss(total + (chosen.beta if chosen.objective == "beta" else 1.0) * appearance, said)
