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

    MadeAndTrue = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class CropElbo:
    """An objective of autoencoders of crops, with parts image, outline, levels, path, kl and, if annealed, capacity.

    Attributes
    ----------
    elbo : objective and weights; the likelihood is Gaussian, its `sd` that of grey levels and shares.
    outline : weight of the mask's error.
    levels_sd, path_sd : standard deviation of the likelihoods of levels and path.
    """

    elbo: Elbo
    outline: float = 0.5
    levels_sd: float = 0.3
    path_sd: float = 0.3

    def errors(
        self, output: Tensor, crops: Tensor, levels: MadeAndTrue | None = None, path: MadeAndTrue | None = None
    ) -> dict[str, Tensor]:
        """Negative log likelihood of each window without its constant, (B,) each, nats.

        Parameters
        ----------
        output, crops : (B, ..., C, Y, X); the last channel is the mask.
        levels, path : (B, T, C - 1) and (B, T, P), made and true; None or empty where the net has none.
        """
        mask = crops[..., -1:, :, :]
        off = (output - crops).square() / 2
        pixels = (off[..., :-1, :, :] * mask).flatten(1).sum(1) / self.elbo.sd**2
        parts = {"image": pixels, "outline": self.outline * off[..., -1:, :, :].flatten(1).sum(1)}
        for name, pair, sd in (("levels", levels, self.levels_sd), ("path", path, self.path_sd)):
            if pair is not None and pair[0].numel():
                parts[name] = ((pair[0] - pair[1]).square() / 2).flatten(1).sum(1) / sd**2
        return parts

    def loss(self, errors: dict[str, Tensor], mean: Tensor, log_var: Tensor, step: int, few: int = 0) -> Loss:
        """What a step minimises; beta and capacity are of the appearance; `few`, the last dimensions, cost their KL."""
        each = kl_to_standard_normal(mean, log_var)
        split = each.shape[1] - few
        appearance, other = each[:, :split].sum(1).mean(), each[:, split:].sum(1).mean()
        parts = {name: one.mean() for name, one in errors.items()}
        total = sum(parts.values(), other)
        said = {name: one.detach() for name, one in parts.items()} | {"kl": (appearance + other).detach()}
        chosen = self.elbo
        if chosen.objective == "annealed":
            allowed = capacity(step, chosen.most_capacity, chosen.capacity_steps)
            said["capacity"] = appearance.new_tensor(allowed)
            return Loss(total + chosen.gamma * (appearance - allowed).abs(), said)
        return Loss(total + (chosen.beta if chosen.objective == "beta" else 1.0) * appearance, said)
