"""Variational autoencoders: fully connected for vectors, convolutional for square images.

Kingma and Welling 2014, arXiv 1312.6114. What they are trained with is in `elbo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Encoded:
    """What a VAE makes of a batch.

    Attributes
    ----------
    output : as the input: logits (Bernoulli) or means (Gaussian).
    mean, log_var : (B, latent), of the posterior.
    sample : (B, latent), drawn from it in training, its mean at test.
    """

    output: Tensor
    mean: Tensor
    log_var: Tensor
    sample: Tensor


class VAE(nn.Module):
    """An encoder to the mean and log variance of a normal posterior, and a decoder.

    Parameters
    ----------
    encoder : input to (B, 2 * latent).
    decoder : (B, latent) to the input's shape.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent = encoder, decoder, latent

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the posterior, (B, latent) each."""
        mean, log_var = self.encoder(x).split(self.latent, 1)
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        """(B, latent) to logits or means of the input's shape."""
        out: Tensor = self.decoder(z)
        return out

    def forward(self, x: Tensor) -> Encoded:
        """Encode, sample (in training), decode."""
        mean, log_var = self.encode(x)
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean) if self.training else mean
        return Encoded(self.decode(z), mean, log_var, z)


def vector_vae(features: int, latent: int = 8, hidden: Sequence[int] = (256, 128)) -> VAE:
    """A VAE of vectors, (B, features).

    Parameters
    ----------
    features : width of the input.
    latent : width of the code.
    hidden : width of each hidden layer of the encoder; the decoder mirrors them.
    """
    _at_least_one(features=features, latent=latent, **{f"hidden {n}": width for n, width in enumerate(hidden)})
    return VAE(_perceptron([features, *hidden, 2 * latent]), _perceptron([latent, *reversed(hidden), features]), latent)


def image_vae(
    channels: int = 1, size: int = 64, latent: int = 10, widths: Sequence[int] = (32, 32, 64, 64), hidden: int = 256
) -> VAE:
    """A VAE of square images, (B, channels, size, size): 4 x 4 convolutions of stride 2 and one hidden layer.

    Parameters
    ----------
    size : px, a multiple of 2 for each convolution.
    widths : maps of each convolution, each halving the image. The default is the encoder of Burgess et al. 2018,
        arXiv 1804.03599, with one hidden layer instead of two.

    Raises
    ------
    ValueError
        A size that cannot be halved so often, a count below 1.
    """
    _at_least_one(channels=channels, size=size, latent=latent, hidden=hidden)
    lowest, left = divmod(size, 2 ** len(widths))
    if left or not lowest or not widths:
        raise ValueError(f"size {size} px: {len(widths)} convolutions need a multiple of {2 ** len(widths)}")
    flat = widths[-1] * lowest**2
    downs: list[nn.Module] = []
    ups: list[nn.Module] = []
    for narrow, wide in zip((channels, *widths), widths, strict=False):
        downs += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.ReLU()]
        ups = [nn.ReLU(), nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), *ups]
    encoder = nn.Sequential(*downs, nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
    back = nn.Unflatten(1, (widths[-1], lowest, lowest))
    decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, flat), back, *ups)
    return VAE(encoder, decoder, latent)


def _perceptron(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for narrow, wide in pairwise(widths):
        layers += [nn.Linear(narrow, wide), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _at_least_one(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, not {count}")
