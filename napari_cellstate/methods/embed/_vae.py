"""Autoencoders of features and of single crops: what vae and beta-vae share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_cellstate.core.behavior import SCALED
from napari_cellstate.core.crops import Crops, CropWish
from napari_cellstate.core.families import Embedding, Floats
from napari_cellstate.core.method import setting
from napari_cellstate.core.progress import Runtime
from napari_cellstate.methods.embed._crops import CropEmbedder
from napari_cellstate.methods.embed._nets import embedding_of, losses_said, on, tell
from napari_cellstate.methods.embed._points import points_of
from napari_cellstate.methods.embed._split import Split, split_rows

if TYPE_CHECKING:
    import torch
    from anndata import AnnData
    from torch import Tensor, nn

    from napari_cellstate.learn.fitted import Plan
    from napari_cellstate.nets.elbo import Elbo

_CHECKED = 512  # rows that the best weights are chosen by


class AnyVAE(CropEmbedder):
    """Base of vae and beta-vae."""

    of: Literal["features", "crops"] = setting(
        "features",
        "Learn from",
        help="features: what was measured of each window; crops: the picture of its middle frame.",
    )
    noise: float = setting(
        0.5,
        "Noise",
        gt=0,
        le=100,
        step=0.1,
        help="Standard deviation, in scaled units, below which differences are noise; more gives a simpler code.",
    )

    def wanted_crops(self) -> CropWish | None:
        """Crops of the middle frame, if it learns from crops."""
        return self._wish(window=False) if self.of == "crops" else None

    def _elbo(self) -> Elbo:
        raise NotImplementedError

    def embed(self, behavior: AnnData, runtime: Runtime) -> Embedding:
        """Train on the features and embed every row; see `Embedder.embed` and `embedding_of`."""
        points = points_of(behavior)
        if not len(points):
            return self._nothing()
        self.check_rows(len(points))
        if not points.shape[1]:
            return Embedding(np.zeros((len(points), 1)), {"notes": ["no feature varies: the coordinates are 0"]})
        return _Features(self, points, split_rows(behavior, self.seed), self._elbo()).embedding(runtime)

    def embed_crops(self, behavior: AnnData, crops: Crops, runtime: Runtime) -> Embedding:
        """Train on the crops and embed every row; see `Embedder.embed_crops` and `embedding_of`."""
        if not len(crops):
            return self._nothing()
        self.check_rows(len(crops))
        return _Pictures(self, crops, split_rows(behavior, self.seed), self._elbo()).embedding(runtime)


class _Learner:
    """A training of one kind of net on one kind of rows."""

    def __init__(self, method: AnyVAE, split: Split, elbo: Elbo, rows: int) -> None:
        self.method, self.split, self.elbo, self.rows = method, split, elbo, rows

    def embedding(self, runtime: Runtime) -> Embedding:
        from napari_cellstate.learn.device import choose_device
        from napari_cellstate.learn.fitted import fitted
        from napari_cellstate.learn.threads import torch_threads

        device = choose_device(runtime.device)
        with torch_threads(runtime.threads):
            net, records = fitted(self.plan(), runtime.folder, device, runtime.progress)
            told = tell(self.rows, lambda rows: self.told(net, rows), runtime)
        info = {"training": losses_said(records), "notes": [self.split.words, *self.notes()]}
        return embedding_of(told, info)

    def plan(self) -> Plan:
        from napari_cellstate.learn.fitted import Plan

        net, settings = self.net()
        return Plan(
            net, settings, lambda _: self.objective(), self.draw, self.check, self.method.training(), self.card()
        )

    def check(self, net: nn.Module) -> float:
        """Mean surprise of rows that it has not learnt from."""
        return float(self.told(net, self.split.check[:_CHECKED])[2].mean())

    def drawn(self, generator: torch.Generator) -> Any:
        """Rows of a batch."""
        import torch

        at = torch.randint(len(self.split.train), (self.method.batch,), generator=generator).numpy()
        return self.split.train[at]

    def notes(self) -> list[str]:
        return []

    def net(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    def objective(self) -> Any:
        raise NotImplementedError

    def card(self) -> dict[str, Any]:
        raise NotImplementedError

    def draw(self, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        raise NotImplementedError

    def told(self, net: nn.Module, rows: Any) -> tuple[Tensor, Tensor, Tensor]:
        raise NotImplementedError


class _Features(_Learner):
    def __init__(self, method: AnyVAE, points: Floats, split: Split, elbo: Elbo) -> None:
        super().__init__(method, split, elbo, len(points))
        self.points = points.astype(np.float32)

    def net(self) -> tuple[str, dict[str, Any]]:
        return "vector-vae", {"features": self.points.shape[1], "latent": self.method.latent, "hidden": [128, 64]}

    def objective(self) -> Any:
        from napari_cellstate.learn.objectives import Autoencoding

        return Autoencoding(self.elbo)

    def card(self) -> dict[str, Any]:
        return {"reads": "features", "layer": SCALED}

    def draw(self, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        import torch

        return {"x": torch.from_numpy(self.points[self.drawn(generator)])}

    def told(self, net: nn.Module, rows: Any) -> tuple[Tensor, Tensor, Tensor]:
        import torch

        from napari_cellstate.nets.elbo import kl_to_standard_normal, reconstruction

        x = torch.from_numpy(self.points[rows]).to(on(net))
        made = net(x)
        wrong = reconstruction(made.output, x, "gaussian", self.elbo.sd)
        return made.mean, made.log_var, wrong + kl_to_standard_normal(made.mean, made.log_var).sum(1)


class _Pictures(_Learner):
    def __init__(self, method: AnyVAE, crops: Crops, split: Split, elbo: Elbo) -> None:
        there = (crops.rows[split.train] >= 0).any(axis=1)
        super().__init__(method, Split(split.train[there], split.check, split.words), elbo, len(crops))
        from napari_cellstate.learn.crop_batches import crop_batches

        self.batches = crop_batches(crops, method.turn, self.split.train, method.seed)

    def _elbo(self) -> Any:
        from napari_cellstate.nets.elbo_crops import CropElbo

        return CropElbo(self.elbo)

    def net(self) -> tuple[str, dict[str, Any]]:
        size = self.batches.crops.wish.pixels
        settings = {
            "channels": self.batches.channels,
            "size": size,
            "latent": self.method.latent,
            "widths": [16, 32, 32],
        }
        return "image-vae", {**settings, "hidden": 128}

    def objective(self) -> Any:
        from napari_cellstate.learn.autoencoding import CropAutoencoding

        return CropAutoencoding(self._elbo())

    def card(self) -> dict[str, Any]:
        return {"reads": "crops", **self.batches.card()}

    def notes(self) -> list[str]:
        return [self.batches.crops.note]

    def draw(self, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"x": self.batches(self.drawn(generator), generator)["x"][:, 0]}

    def told(self, net: nn.Module, rows: Any) -> tuple[Tensor, Tensor, Tensor]:
        from napari_cellstate.nets.elbo import kl_to_standard_normal

        x = self.batches(rows)["x"][:, 0].to(on(net))
        made = net(x)
        wrong = sum(self._elbo().errors(made.output, x, None, None).values())
        return made.mean, made.log_var, wrong + kl_to_standard_normal(made.mean, made.log_var).sum(1)
