"""A ConvGRU autoencoder of crop sequences and paths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_cellstate.core.crops import Crops, CropWish
from napari_cellstate.core.families import Embedding
from napari_cellstate.core.method import register, setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._crops import CropEmbedder
from napari_cellstate.methods.embed._nets import elbo_of, embedding_of, losses_said, on, tell
from napari_cellstate.methods.embed._slow import slow_directions, track_and_lag
from napari_cellstate.methods.embed._split import Split, split_rows

if TYPE_CHECKING:
    import torch
    from anndata import AnnData
    from torch import Tensor, nn

    from napari_cellstate.core.families import Floats
    from napari_cellstate.learn.autoencoding import SequenceAutoencoding
    from napari_cellstate.learn.crop_batches import CropBatches
    from napari_cellstate.learn.fitted import Plan

_CHECKED = 256
LASTING = 0.05
"""Share of a direction's variance that must be lasting change; with less it cannot show states, and is left out."""


@register
class ConvGRUVAE(CropEmbedder):
    """A variational autoencoder of what a cell looks like over a window, and of how it moves.

    Each frame's crop goes through convolutions into a ConvGRU (Ballas et al. 2016), whose last state gives the code of
    appearance; the cell's mean levels (how bright it is, and its shares of bands: how coarse) give the code of levels,
    steps of the path the code of motion. All are rebuilt: grey levels and band shares inside the outline, the outline,
    their means, and the path. A dimension of appearance costs `beta` (Higgins et al. 2017). States read what
    lasts of levels and motion, and of appearance where it lasts longer than levels do; see `slow_directions`.

    Notes
    -----
    Normalisation decides what can be found: see the setting and the note in the result. Windows overlap, and those of
    one track resemble each other; the net is judged by tracks or movies that it has not learnt from. Whether the code
    adds anything to features that were thought of is a question for `evidence`, not for a picture.
    """

    kind: ClassVar[str] = "convgru-vae"
    version: ClassVar[int] = 3
    title: ClassVar[str] = "ConvGRU-VAE of crops and path"

    levels: int = setting(
        4,
        "Code of levels",
        ge=0,
        le=64,
        help="Dimensions for how bright and how coarse a cell is as a whole, beside where in it things lie.",
    )
    motion: int = setting(
        4, "Code of motion", ge=1, le=64, help="Dimensions for the path, beside those for appearance."
    )
    beta: float = setting(
        5.0,
        "beta",
        ge=0,
        le=10_000,
        step=1.0,
        help="Price of the code of appearance; more keeps only what explains most pixels.",
    )

    slow: int = setting(
        1,
        "Slow directions",
        ge=0,
        le=64,
        help="How many directions of the codes of appearance and of motion the states read, beside the levels: those "
        "along which cells change and stay changed, not what a cell is all along (its size), nor noise. 0 gives every "
        "dimension; the whole code is kept beside.",
    )

    def wanted_crops(self) -> CropWish:
        """Crops of every frame of a window."""
        return self._wish(window=True)

    def embed_crops(self, behavior: AnnData, crops: Crops, runtime: Runtime) -> Embedding:
        """Train and embed every row; see `Embedder.embed_crops` and `embedding_of`."""
        if not len(crops):
            return self._nothing()
        self.check_rows(len(crops))
        from napari_cellstate.learn.crop_batches import crop_batches
        from napari_cellstate.learn.device import choose_device
        from napari_cellstate.learn.fitted import fitted
        from napari_cellstate.learn.threads import torch_threads

        split = split_rows(behavior, self.seed)
        split = Split(split.train[(crops.rows[split.train] >= 0).any(axis=1)], split.check, split.words)
        learner = _Learner(self, crop_batches(crops, self.turn, split.train, self.seed), split)
        with torch_threads(runtime.threads):
            net, records = fitted(learner.plan(), runtime.folder, choose_device(runtime.device), runtime.progress)
            told = tell(len(crops), lambda rows: learner.told(net, rows), runtime)
        info = {"training": losses_said(records), "notes": [split.words, crops.note], "crop_um": crops.size_um}
        return self._slowed(embedding_of(told, info), behavior, crops.rows.shape[1])

    def _slowed(self, found: Embedding, behavior: AnnData, frames: int) -> Embedding:
        """What lasts of each code instead of all dimensions, which stay as the space "code"."""
        if not self.slow:
            return found
        found = replace(found, spaces={**found.spaces, "code": found.coordinates})
        track, frame, lag = track_and_lag(behavior, frames)
        of = np.digitize(np.array(found.info["dims"]), (self.latent, self.latent + self.levels))
        points: dict[str, Floats] = {}
        shares: dict[str, Floats] = {}
        for nth, (name, most) in enumerate((("appearance", self.slow), ("levels", self.levels), ("motion", self.slow))):
            code = found.coordinates[:, of == nth]
            if not code.shape[1]:
                continue
            shares[name], directions = slow_directions(code, track, frame, lag)
            if not len(shares[name]):
                note = "tracks are too short to tell slow directions: all dimensions are given"
                return replace(found, info=found.info | {"notes": [*found.info["notes"], note]})
            points[name] = np.einsum("nf,fd->nd", code - code.mean(axis=0), directions[:, :most])
        info = found.info | {f"slow_{name}": [round(float(one), 4) for one in each] for name, each in shares.items()}
        if {"appearance", "levels"} <= set(points) and shares["levels"][0] >= shares["appearance"][0]:
            del points["appearance"]  # its lasting change is mostly growth, and a mixture takes that for states
        lasting = np.concatenate([shares[name][: points[name].shape[1]] for name in points])
        last = lasting >= min(LASTING, lasting.max())
        return replace(found, coordinates=np.concatenate(list(points.values()), axis=1)[:, last], info=info)


class _Learner:
    def __init__(self, method: ConvGRUVAE, batches: CropBatches, split: Split) -> None:
        self.method, self.batches, self.split = method, batches, split
        self.objective = self._objective()

    def _objective(self) -> SequenceAutoencoding:
        from napari_cellstate.learn.autoencoding import SequenceAutoencoding
        from napari_cellstate.nets.elbo_crops import CropElbo

        method = self.method
        elbo = elbo_of("beta", beta=method.beta, capacity=0.0, steps=method.steps, sd=1.0)
        return SequenceAutoencoding(CropElbo(elbo), method.levels + method.motion)

    def plan(self) -> Plan:
        from napari_cellstate.learn.fitted import Plan

        settings: dict[str, Any] = {
            "channels": self.batches.channels,
            "size": self.batches.crops.wish.pixels,
            "steps": self.batches.steps,
            "latent": self.method.latent,
            "levels": self.method.levels,
            "motion": self.method.motion,
        }
        card = {"reads": "sequences", **self.batches.card()}
        return Plan(
            "sequence-vae", settings, lambda _: self.objective, self.draw, self.check, self.method.training(), card
        )

    def draw(self, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        import torch

        at = torch.randint(len(self.split.train), (self.method.batch,), generator=generator).numpy()
        return self.batches(self.split.train[at], generator)

    def check(self, net: nn.Module) -> float:
        return float(np.mean([float(self.told(net, some)[2].mean()) for some in self._checked()]))

    def _checked(self) -> list[Any]:
        rows = self.split.check[
            np.linspace(0, len(self.split.check) - 1, min(_CHECKED, len(self.split.check))).astype(int)
        ]
        return np.array_split(rows, max(1, len(rows) // 64))

    def told(self, net: nn.Module, rows: Any) -> tuple[Tensor, Tensor, Tensor]:
        from napari_cellstate.nets.elbo import kl_to_standard_normal

        batch = {name: value.to(on(net)) for name, value in self.batches(rows).items()}
        made = net(batch["x"], batch["path"], batch["seen"])
        wrong = sum(self.objective.errors(made, batch).values())
        return made.mean, made.log_var, wrong + kl_to_standard_normal(made.mean, made.log_var).sum(1)
