"""A variational autoencoder of features or of single-cell crops."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_cellstate.core.method import register
from napari_cellstate.methods.embed._nets import elbo_of
from napari_cellstate.methods.embed._vae import AnyVAE

if TYPE_CHECKING:
    from napari_cellstate.nets.elbo import Elbo


@register
class VariationalAutoencoder(AnyVAE):
    """A variational autoencoder: each row as a cloud in a small code, from which the row can be rebuilt.

    Kingma and Welling 2014, arXiv 1312.6114.

    Notes
    -----
    The code has no order and may be turned; another seed gives another code. `embed_sd` is how sure the net is of where
    a row belongs; it is no probability of being right. Rows that it learnt from are told better than others.
    """

    kind: ClassVar[str] = "vae"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "VAE"

    def _elbo(self) -> Elbo:
        return elbo_of("vae", beta=1.0, capacity=0.0, steps=self.steps, sd=self.noise)
