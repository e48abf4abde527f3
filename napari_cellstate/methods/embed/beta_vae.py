"""A beta-VAE of features or of single-cell crops."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from napari_cellstate.core.method import register, setting
from napari_cellstate.methods.embed._nets import elbo_of
from napari_cellstate.methods.embed._vae import AnyVAE

if TYPE_CHECKING:
    from napari_cellstate.nets.elbo import Elbo


@register
class BetaVAE(AnyVAE):
    """A variational autoencoder that pays more for its code, so that dimensions tend to stand for one thing each.

    Higgins et al. 2017 (constant) and Burgess et al. 2018, arXiv 1804.03599 (annealed): the code may hold a number of
    nats that grows from 0, so that what explains most is learnt first.

    Notes
    -----
    Dimensions that stand for one thing each are easier to read, but clusters in them are often worse.
    What one dimension stands for must be looked at, in traversals and against known conditions: no score knows it.
    """

    kind: ClassVar[str] = "beta-vae"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "beta-VAE"

    objective: Literal["annealed", "beta"] = setting(
        "annealed", "Objective", help="annealed: a capacity that grows; beta: a constant price of the code."
    )
    beta: float = setting(
        4.0, "beta", ge=0, le=10_000, step=1.0, help="Price of a nat of code; more gives a simpler one."
    )
    capacity: float = setting(
        12.0,
        "Capacity",
        unit="nats",
        ge=0,
        le=1000,
        step=1.0,
        help="What the code may hold at the end; more rebuilds better.",
    )

    def _elbo(self) -> Elbo:
        return elbo_of(self.objective, beta=self.beta, capacity=self.capacity, steps=self.steps, sd=self.noise)
