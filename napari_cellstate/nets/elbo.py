"""What variational autoencoders are trained with: reconstruction and divergence, in nats per image.

The reconstruction is **summed over pixels** and averaged over the batch. A mean over pixels would make the divergence
weigh as many times more as there are pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from napari_cellstate.nets.losses import Loss
from napari_cellstate.nets.vae import Encoded

Likelihood = Literal["bernoulli", "gaussian"]


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, var) || N(0, 1)) of each dimension, nats: (mean^2 + var - ln var - 1) / 2."""
    return (mean.square() + log_var.exp() - log_var - 1) / 2


def reconstruction(output: Tensor, target: Tensor, likelihood: Likelihood, sd: float = 1.0) -> Tensor:
    """Negative log likelihood of each item of the batch, summed over everything else, nats.

    Parameters
    ----------
    output : (B, ...), logits (bernoulli) or means (gaussian).
    target : (B, ...), for bernoulli within 0 to 1.
    sd : of the Gaussian.

    Returns
    -------
    (B,)
    """
    if likelihood == "bernoulli":
        each = F.binary_cross_entropy_with_logits(output, target, reduction="none")
    else:
        each = ((output - target) / sd).square() / 2 + math.log(sd) + math.log(2 * math.pi) / 2
    return each.flatten(1).sum(1)


def capacity(step: int, most: float = 25.0, steps: int = 100_000) -> float:
    """Capacity C in nats at a step: grows linearly from 0 to `most` in `steps`. Burgess et al. 2018, arXiv 1804.03599.

    With the defaults C(0) = 0, C(50,000) = 12.5, C(100,000) = 25.
    """
    return most * min(max(step, 0) / steps, 1.0)


@dataclass(frozen=True)
class Elbo:
    """An objective of a VAE; callable on what it made of a batch.

    Attributes
    ----------
    objective : "vae": reconstruction + KL. "beta": reconstruction + beta KL (Higgins et al. 2017). "annealed":
        reconstruction + gamma abs(KL - C), with C of `capacity`.
    likelihood : "bernoulli" for values within 0 to 1, else "gaussian".
    sd : of the Gaussian.
    beta, gamma : weights of the divergence.
    most_capacity, capacity_steps : C at the end, nats, and the step when it is reached.
    """

    objective: Literal["vae", "beta", "annealed"] = "vae"
    likelihood: Likelihood = "gaussian"
    sd: float = 1.0
    beta: float = 4.0
    gamma: float = 1000.0
    most_capacity: float = 25.0
    capacity_steps: int = 100_000

    def __call__(self, made: Encoded, target: Tensor, step: int = 0) -> Loss:
        """Loss at a step, with its parts reconstruction, kl and, if annealed, capacity; means over the batch, nats."""
        recon = reconstruction(made.output, target, self.likelihood, self.sd).mean()
        kl = kl_to_standard_normal(made.mean, made.log_var).sum(1).mean()
        parts = {"reconstruction": recon.detach(), "kl": kl.detach()}
        if self.objective == "vae":
            return Loss(recon + kl, parts)
        if self.objective == "beta":
            return Loss(recon + self.beta * kl, parts)
        allowed = capacity(step, self.most_capacity, self.capacity_steps)
        return Loss(recon + self.gamma * (kl - allowed).abs(), parts | {"capacity": kl.new_tensor(allowed)})
